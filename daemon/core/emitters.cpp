#include "daemon/core/emitters.hpp"

#include <algorithm>

namespace quipu {

namespace {

std::uint64_t big_endian(std::string_view eight_bytes) {
    std::uint64_t value = 0;
    for (const char c : eight_bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

// With what strings take beside their bytes.
std::size_t words_bytes_of(const EmitterRecord& emitter) {
    std::size_t bytes = emitter.config_text.size();
    for (const std::string& one : emitter.cmdline) bytes += sizeof one + one.size();
    for (const FlagText& one : emitter.flags) bytes += sizeof one + one.name.size() + one.value.size();
    for (const std::string& one : emitter.topics) bytes += sizeof one + one.size();
    return bytes;
}

}  // namespace

bool EmitterRecord::answers(std::string_view topic) const {
    return std::find(topics.begin(), topics.end(), topic) != topics.end();
}

std::string instance_hex(const EmitterRecord& emitter) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : emitter.instance) {
        const auto byte = static_cast<unsigned char>(c);
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
    }
    return hex;
}

bool is_told_before(const EmitterRecord& a, const EmitterRecord& b) {
    if (a.is_companion != b.is_companion) return b.is_companion;
    if ((a.life == Life::connected) != (b.life == Life::connected)) return a.life == Life::connected;
    return a.start_wall_ns > b.start_wall_ns;
}

std::uint32_t Emitters::count(Life life) const {
    const auto has_it = [life](const auto& emitter) { return emitter->life == life; };
    return static_cast<std::uint32_t>(std::count_if(all_.begin(), all_.end(), has_it));
}

std::uint32_t Emitters::daemon_count() const {
    const auto is_daemon = [](const auto& emitter) {
        return emitter->life == Life::connected && !emitter->is_companion;
    };
    return static_cast<std::uint32_t>(std::count_if(all_.begin(), all_.end(), is_daemon));
}

const EmitterRecord* Emitters::newest() const {
    const auto is_before = [](const auto& a, const auto& b) { return is_told_before(*a, *b); };
    const auto it = std::min_element(all_.begin(), all_.end(), is_before);
    return it == all_.end() || (*it)->is_companion ? nullptr : it->get();
}

EmitterRecord* Emitters::lost_beyond_limit() {
    EmitterRecord* longest = nullptr;
    std::uint32_t count = 0;
    for (const auto& emitter : all_) {
        if (emitter->life != Life::lost) continue;
        ++count;
        if (!longest || emitter->lost_steady_ns < longest->lost_steady_ns) longest = emitter.get();
    }
    return count > limits_.lost ? longest : nullptr;
}

EmitterRecord* Emitters::find(std::string_view instance) {
    const auto is_it = [instance](const auto& emitter) { return emitter->instance == instance; };
    const auto it = std::find_if(all_.begin(), all_.end(), is_it);
    return it == all_.end() ? nullptr : it->get();
}

EmitterRecord* Emitters::find(std::uint32_t number) {
    const auto is_it = [number](const auto& emitter) { return emitter->number == number; };
    const auto it = std::find_if(all_.begin(), all_.end(), is_it);
    return it == all_.end() ? nullptr : it->get();
}

EmitterRecord& Emitters::add(std::string_view instance) {
    auto owned = std::make_unique<EmitterRecord>();
    owned->number = ++last_number_;
    owned->instance = instance;
    owned->traces.instance = big_endian(instance.substr(0, 8));
    return *all_.emplace_back(std::move(owned));
}

void Emitters::describe(EmitterRecord& emitter, const wire::Hello& hello, Peer peer, Now now) {
    emitter.program = hello.program;
    emitter.version = hello.version;
    emitter.hostname = hello.hostname;
    emitter.peer = peer;
    emitter.pid = hello.pid;
    emitter.start_wall_ns = static_cast<std::int64_t>(hello.start_wall_ns);
    emitter.cmdline.assign(hello.cmdline.begin(), hello.cmdline.end());
    emitter.flags.clear();
    for (const wire::Flag& flag : hello.flags) {
        emitter.flags.push_back({std::string(flag.name), std::string(flag.value), flag.is_set});
    }
    emitter.config_text = hello.config_text;
    emitter.topics.assign(hello.topics.begin(), hello.topics.end());
    emitter.is_companion = hello.is_companion;
    emitter.life = Life::connected;
    emitter.connected_wall_ns = now.wall_ns;
    emitter.heard_wall_ns = now.wall_ns;
    emitter.life_wall_ns = now.wall_ns;
    emitter.how.clear();
    emitter.mark_life();
    ++emitter.connections;
    emitter.metrics.start_wall_ns = hello.start_wall_ns;
    emitter.traces.program = hello.program;
    emitter.traces.wall_minus_steady_ns = static_cast<std::int64_t>(hello.wall_ns - hello.steady_ns);
}

void Emitters::describe(EmitterRecord& emitter, const wire::Describe& describe) {
    emitter.topics.assign(describe.topics.begin(), describe.topics.end());
    emitter.config_text = describe.config_text;
    emitter.mark_life();
}

std::size_t Emitters::bound_words(EmitterRecord& emitter) const {
    std::size_t others = 0;
    for (const auto& one : all_) others += one.get() == &emitter ? 0 : one->words_bytes;
    const std::size_t room = limits_.words_bytes - std::min(limits_.words_bytes, others);
    std::size_t left_out = 0;
    emitter.words_bytes = words_bytes_of(emitter);
    if (emitter.words_bytes > room && !emitter.config_text.empty()) {
        left_out += 1;
        emitter.config_text = {};
        emitter.words_bytes = words_bytes_of(emitter);
    }
    if (emitter.words_bytes > room) {
        left_out += emitter.flags.size() + emitter.cmdline.size();
        emitter.flags = {};
        emitter.cmdline = {};
        emitter.words_bytes = words_bytes_of(emitter);
    }
    return left_out;
}

std::size_t Emitters::counts() const {
    std::size_t sum = 0;
    for (const auto& one : all_) sum += one->metrics.counts.size();
    return sum;
}

void Emitters::forget(std::string_view instance) {
    std::erase_if(all_, [instance](const auto& emitter) { return emitter->instance == instance; });
}

std::vector<std::string> Emitters::trim() {
    std::vector<std::string> forgotten;
    for (;;) {
        const auto is_ended = [](const auto& emitter) { return emitter->life == Life::ended; };
        if (std::count_if(all_.begin(), all_.end(), is_ended) <= limits_.ended_on_record) return forgotten;
        auto oldest = all_.end();
        for (auto it = all_.begin(); it != all_.end(); ++it) {
            if (!is_ended(*it)) continue;
            if (oldest == all_.end() || (*it)->life_wall_ns < (*oldest)->life_wall_ns) oldest = it;
        }
        forgotten.push_back((*oldest)->instance);
        all_.erase(oldest);
    }
}

}  // namespace quipu
