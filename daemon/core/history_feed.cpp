#include "daemon/core/history_feed.hpp"

#include <string>
#include <utility>

#include "daemon/core/now.hpp"
#include "daemon/core/state.hpp"

namespace quipu {

namespace {

// A process that has run for longer before it came was not just started: quipud was.
constexpr std::int64_t just_started_ns = 10 * second_ns;
// Within it a mail daemon that connects has told what it counted before, however much that is.
constexpr std::int64_t settling_s = 5;

std::string name_of(const EmitterRecord& emitter) {
    std::string name = emitter.program;
    if (!emitter.version.empty()) name.append(" ").append(emitter.version);
    return name;
}

}  // namespace

void HistoryFeed::note(State& state, const EmitterRecord& emitter, const Seen* before, Now now) {
    const std::string pid =
        ", pid " + std::to_string(emitter.pid != 0 ? std::int64_t{emitter.pid} : std::int64_t{emitter.peer.pid});
    const std::int64_t life_s = emitter.life_wall_ns / second_ns;
    if (!before && emitter.life == Life::connected) {
        const std::int64_t age_ns = now.wall_ns - emitter.start_wall_ns;
        const bool is_new = age_ns >= 0 && age_ns < just_started_ns;
        const std::int64_t time_s = (is_new ? emitter.start_wall_ns : now.wall_ns) / second_ns;
        const std::string_view kind = is_new ? "started" : "connected";
        state.history.mark(time_s, kind, name_of(emitter) + " " + std::string(kind) + pid);
    } else if (before && before->life != Life::ended && emitter.life == Life::ended) {
        state.history.mark(life_s, "ended", name_of(emitter) + " ended" + pid + ": " + emitter.how);
    } else if (before && before->life == Life::ended && emitter.life == Life::connected) {
        state.history.mark(now.wall_ns / second_ns, "connected", name_of(emitter) + " is back" + pid);
    }
}

void HistoryFeed::sample(State& state, Now now) {
    if (is_first_) {
        state.history.mark(state.start_wall_ns / second_ns, "quipud", "quipud " + state.build.version + " started");
    }
    std::map<std::uint32_t, Seen> seen;
    connected_.clear();
    settled_s_.clear();
    for (const auto& emitter : state.emitters.all()) {
        Seen now_seen{emitter->life, emitter->connections, emitter->metrics.counts.size(), 0};
        const auto before = seen_.find(emitter->number);
        if (emitter->life == Life::connected) {
            const bool is_the_same = before != seen_.end() && before->second.life == Life::connected &&
                                     before->second.connections == emitter->connections;
            const std::int64_t from_now_s = now.wall_ns / second_ns + settling_s;
            now_seen.settled_s = is_the_same ? before->second.settled_s : from_now_s;
        }
        note(state, *emitter, before == seen_.end() ? nullptr : &before->second, now);
        seen.emplace(emitter->number, now_seen);
        if (emitter->life != Life::connected) continue;
        connected_.push_back(&emitter->metrics);
        settled_s_.push_back(now_seen.settled_s);
    }
    const bool has_changed = std::exchange(is_first_, false) || seen != seen_;
    seen_ = std::move(seen);
    state.own.refresh(state);
    state.history.sample(state.metrics, {connected_, has_changed, settled_s_}, now);
}

}  // namespace quipu
