// The forms in which /debug/traces answers; traces.cpp chooses.
#pragma once

#include <vector>

#include "daemon/pages/layout.hpp"
#include "daemon/pages/page.hpp"
#include "daemon/pages/traces_ask.hpp"
#include "daemon/pages/traces_merge.hpp"

namespace quipu {

inline constexpr std::size_t traces_per_page = 50;
// Traces that are merged into one, and lines of it on a page.
inline constexpr std::size_t max_merged_traces = 300;
inline constexpr std::size_t lines_per_page = 1000;

// What the list form shows.
struct TracesList {
    std::vector<const TraceRecord*> traces;  // all that were selected
    Paging paging;
};

Response traces_list_html(const State& state, Now now, const TracesAsk& ask, const TracesList& list);
Response traces_list_json(const State& state, Now now, const TracesAsk& ask, const TracesList& list);

struct OneTrace {
    const TraceRecord& trace;
    MergedTrace merged;
    Paging paging;  // of the lines
};

Response one_trace_html(const State& state, Now now, const OneTrace& one);
Response one_trace_json(const State& state, Now now, const OneTrace& one);

// "/debug/traces?trace=..."
Link trace_link(TraceRef ref);

}  // namespace quipu
