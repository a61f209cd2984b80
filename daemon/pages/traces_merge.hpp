// One trace as lines by time: its own events, those of its children and of traces that it links to, with gaps where
// events are missing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/core/traces.hpp"

namespace quipu {

struct TraceLine {
    enum class What : std::uint8_t {
        event,
        error,
        link,   // to `other`
        child,  // `other` begins
        cut,    // `count` events were given up here
        lost,   // `count` events were lost at the emitter
        end,
        orphaned,  // it did not end by itself; `text` says why
    };

    What what = What::event;
    const TraceRecord* trace = nullptr;  // whose line it is
    std::uint32_t depth = 0;             // 0: of the trace itself
    std::int64_t wall_ns = 0;
    std::string_view text;
    std::uint64_t count = 0;
    TraceRef other;
    const TraceRecord* other_trace = nullptr;  // null: not kept (any more)
    bool is_seen_already = false;              // `other` has its lines elsewhere: a second reference, or a cycle
};

// What the line is called in JSON and, as a class, in HTML.
std::string_view word_for(TraceLine::What what);

// The lines of that trace alone.
std::vector<TraceLine> own_lines(const Traces& traces, const TraceRecord& trace);

struct MergedTrace {
    std::vector<TraceLine> lines;  // by time
    std::size_t left_out = 0;      // traces that are reachable and not in it
};

// Follows children and links, each trace once, at most max_traces of them.
MergedTrace merged_lines(const Traces& traces, const TraceRecord& root, std::size_t max_traces);

}  // namespace quipu
