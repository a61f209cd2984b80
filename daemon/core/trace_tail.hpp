// The last trace events in the order in which they came, for the live tail. Recorded only while somebody follows, and a
// while after, so that a follower whose connection broke can go on where it was.
//
// One ring for all followers: each has but a position in it. A slow one falls behind the ring's end, loses what is
// gone, is told how many lines that was, and costs nobody else anything.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "daemon/core/now.hpp"

namespace quipu {

struct TraceRecord;

struct TailLimits {
    std::size_t lines = 5000;
    std::size_t bytes = 2 * 1024 * 1024;
    std::int64_t keep_ns = 60'000'000'000;  // recording goes on that long after the last follower has left
};

enum class TailKind : std::uint8_t { begin, event, error, link, end, orphan };

struct TailLine {
    TailKind kind = TailKind::event;
    std::int64_t wall_ns = 0;
    std::string trace;  // its id
    std::string family;
    std::string title;
    std::string text;
    std::int64_t duration_ns = 0;  // end, orphan: of the trace; else its age then
    bool is_error = false;         // the trace has failed by then
};

class TraceTail {
public:
    explicit TraceTail(TailLimits limits = {}) : limits_(limits) {}

    // Somebody follows: call at least every TailLimits::keep_ns. Const, since it is readers who call it.
    void follow(Now now) const { wanted_until_steady_ns_ = now.steady_ns + limits_.keep_ns; }

    [[nodiscard]] bool is_recording(Now now) const { return now.steady_ns < wanted_until_steady_ns_; }

    void append(TailKind kind, const TraceRecord& trace, std::int64_t wall_ns, std::string_view text);
    // Nobody has followed for long: the memory goes.
    void forget_if_idle(Now now);

    // Lines are numbered from 1; numbers are never used again while quipud runs.
    [[nodiscard]] std::uint64_t first() const { return first_; }

    [[nodiscard]] std::uint64_t end() const { return first_ + lines_.size(); }

    // For first() <= number < end().
    [[nodiscard]] const TailLine& line(std::uint64_t number) const { return lines_[number - first_]; }

private:
    TailLimits limits_;
    std::deque<TailLine> lines_;
    std::uint64_t first_ = 1;
    std::size_t bytes_ = 0;
    mutable std::int64_t wanted_until_steady_ns_ = 0;
};

}  // namespace quipu
