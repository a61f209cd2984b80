// The live tail of traces as server-sent events: what /debug/traces/stream sends, line by line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/core/trace_tail.hpp"
#include "daemon/pages/traces_ask.hpp"

namespace quipu {

// Whether a line of the tail is among what was asked for: fam, b, all, trace, q, min, err as on the page. b=-1 keeps
// what happens in open traces, 0 to 7 ends in that bucket, -2 and err=1 what has failed.
bool matches(const TracesAsk& ask, const TailLine& line);

// Where a follower is, as the id of an event: "RUN-NUMBER". RUN is quipud's start, so that a position from before a
// restart is known for what it is.
std::string tail_id(const State& state, std::uint64_t number);
// Empty or of another run: from here on. `number`: the last one seen.
bool parse_tail_id(const State& state, std::string_view text, std::uint64_t& number);

// Appends the matching lines after `position` and moves it, about max_bytes at a time. Lines that are gone from the
// ring are told first, as an event "lost" with their number.
void append_tail(
    const State& state, const TracesAsk& ask, std::uint64_t& position, std::size_t max_bytes, std::string& out
);

}  // namespace quipu
