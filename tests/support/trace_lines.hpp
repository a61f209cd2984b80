// The lines of a trace as vectors; their texts are good as long as the trace is not changed.
#pragma once

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

}  // namespace quipu::test
