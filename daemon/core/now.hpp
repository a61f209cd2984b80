// Time is a parameter: read once per event at the edge, passed in everywhere else.
#pragma once

#include <algorithm>
#include <cstdint>

namespace quipu {

inline constexpr std::int64_t second_ns = 1'000'000'000;

struct Now {
    std::int64_t steady_ns = 0;  // CLOCK_MONOTONIC: for durations and deadlines
    std::int64_t wall_ns = 0;    // since 1970 UTC: for people
};

// A point in time that a peer tells, since 1970 UTC: any 64 bits.
inline std::int64_t wall_time(std::uint64_t told_ns) {
    return static_cast<std::int64_t>(std::min(told_ns, std::uint64_t{1} << 62));
}

}  // namespace quipu
