// How much of their traces emitters shall send: when trace events come faster than SamplerLimits::events_per_second,
// the families that send most are asked for a smaller share (Tune), step by step; when there is room again, for more.
// An emitter sends a trace that fails, or takes longer than always_above_ns, whole all the same.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/now.hpp"
#include "proto/message.hpp"

namespace quipu {

struct SamplerLimits {
    std::uint64_t events_per_second = 200'000;      // of all emitters together
    std::uint64_t always_above_ns = 1'000'000'000;  // slow traces are always wanted
    std::uint32_t least_per_mille = 1;
};

class Sampler {
public:
    explicit Sampler(SamplerLimits limits = {}) : limits_(limits) {}

    // Trace events of a family that have come since the last tick.
    void count(std::string_view family, std::uint64_t events) { families_[std::string(family)].events += events; }

    // Call about once a second. true: the shares have changed, tell the emitters.
    bool tick(Now now);

    // What emitters shall be told: families of which less than everything is wanted. Views live until the next tick.
    [[nodiscard]] std::vector<wire::Sampling> sampling() const;

    // 1000: all of it.
    [[nodiscard]] std::uint32_t per_mille(std::string_view family) const;

    [[nodiscard]] std::uint64_t events_last_second() const { return events_last_second_; }

    [[nodiscard]] const SamplerLimits& limits() const { return limits_; }

private:
    struct FamilyShare {
        std::uint64_t events = 0;  // since the last tick
        std::uint32_t per_mille = 1000;
    };

    SamplerLimits limits_;
    std::map<std::string, FamilyShare, std::less<>> families_;  // bounded as Traces' families are
    std::int64_t last_tick_steady_ns_ = 0;
    std::uint64_t events_last_second_ = 0;
    std::uint32_t calm_ticks_ = 0;
};

}  // namespace quipu
