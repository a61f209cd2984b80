// The lines of a trace as vectors, whose texts are good as long as the trace is not changed; and how many have ended.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "daemon/core/traces.hpp"

namespace quipu::test {

inline std::vector<TraceNote> lines_of(const TraceNotes::Part& part) {
    return {part.begin(), part.end()};
}

inline std::vector<TraceNote> first_lines(const TraceRecord& trace) {
    return lines_of(trace.notes.first());
}

inline std::vector<TraceNote> last_lines(const TraceRecord& trace) {
    return lines_of(trace.notes.last());
}

// In all buckets: how long a trace of the real clock takes depends on what else the machine does.
inline std::uint64_t ended(const TraceFamily& family) {
    return std::accumulate(family.ended_count.begin(), family.ended_count.end(), std::uint64_t{0});
}

}  // namespace quipu::test
