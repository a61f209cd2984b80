#include "proto/held_traces.hpp"

#include <utility>

namespace quipu {

namespace {

// Spreads consecutive trace numbers evenly over 0..999.
std::uint32_t draw(std::uint64_t trace) {
    trace *= 0x9e3779b97f4a7c15ULL;
    trace ^= trace >> 31;
    return static_cast<std::uint32_t>((trace >> 16) % 1000);
}

}  // namespace

void HeldTraces::set_sampling(const std::vector<wire::Sampling>& sampling) {
    rules_.clear();
    for (const wire::Sampling& one : sampling) {
        wire::Sampling& rule = rules_[std::string(one.family)];
        rule = one;
        rule.family = {};  // a view into a frame that goes
    }
}

const wire::Sampling* HeldTraces::rule_for(std::string_view family, std::uint64_t trace) const {
    const auto it = rules_.find(family);
    if (it == rules_.end() || draw(trace) < it->second.per_mille) return nullptr;
    return &it->second;
}

void HeldTraces::hold(std::uint32_t slot, std::uint64_t begin_ns, std::uint64_t always_above_ns) {
    HeldTrace& trace = held_[slot];
    trace.begin_ns = begin_ns;
    trace.always_above_ns = always_above_ns;
}

void HeldTraces::add(std::uint32_t slot, HeldEvent event) {
    HeldTrace& trace = held_[slot];
    const std::size_t bytes = sizeof event + event.text.size();
    if (bytes_ + bytes > max_bytes) {
        trace.lost += 1 + event.lost_before;
        return;
    }
    event.lost_before += std::exchange(trace.lost, 0);
    trace.bytes += bytes;
    bytes_ += bytes;
    trace.events.push_back(std::move(event));
}

HeldTrace HeldTraces::take(std::uint32_t slot) {
    const auto it = held_.find(slot);
    if (it == held_.end()) return {};
    HeldTrace trace = std::move(it->second);
    bytes_ -= trace.bytes;
    held_.erase(it);
    return trace;
}

std::vector<std::uint32_t> HeldTraces::overdue(std::uint64_t steady_ns) const {
    std::vector<std::uint32_t> slots;
    for (const auto& [slot, trace] : held_) {
        if (is_worth_sending(slot, steady_ns)) slots.push_back(slot);
    }
    return slots;
}

bool HeldTraces::is_worth_sending(std::uint32_t slot, std::uint64_t end_ns) const {
    const auto it = held_.find(slot);
    if (it == held_.end() || it->second.always_above_ns == 0) return false;
    return end_ns >= it->second.begin_ns + it->second.always_above_ns;
}

void HeldTraces::clear() {
    held_.clear();
    bytes_ = 0;
}

}  // namespace quipu
