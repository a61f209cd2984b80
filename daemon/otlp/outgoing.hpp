// Spans on their way to a collector: what waits, what is sent next, and when it is tried again. Pure: who sends it, and
// what came of it, is told from outside.
//
//     push() --> waiting --next()--> on its way --answered()--> taken, or refused for good
//                                       ^---- pause, longer each time ----+
//
// A batch leaves when it is full, or its oldest span has waited for batch_delay. 429, 502, 503, 504 and no answer at
// all mean: again, after a pause that doubles, with jitter, or as long as Retry-After says; nothing else leaves
// meanwhile. Any other status but 2xx means never. What waits is bounded: beyond, the oldest is dropped. Everything is
// counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/now.hpp"
#include "daemon/otlp/spans.hpp"

namespace quipu {

struct OtlpLimits {
    std::size_t queue_bytes = 16 * 1024 * 1024;        // that wait; beyond: the oldest are dropped
    std::size_t batch_spans = 512;                     // of one request
    std::size_t batch_bytes = 1024 * 1024;             // likewise, unless one span is larger
    std::int64_t batch_delay_ns = 5'000'000'000;       // of a batch that is not full
    std::int64_t first_pause_ns = 1'000'000'000;       // after the first failure; then twice that, and so on
    std::int64_t longest_pause_ns = 60'000'000'000;    // so far
    std::int64_t longest_wait_ns = 3'600'000'000'000;  // that Retry-After may ask for
};

struct OtlpCounts {
    std::uint64_t sent = 0;     // spans that were taken
    std::uint64_t dropped = 0;  // spans: too many waited, or quipud has ended
    std::uint64_t failed = 0;   // spans that were refused for good
    std::uint64_t retries = 0;  // requests repeated
};

// How a request ended.
struct OtlpReply {
    unsigned status = 0;                // of HTTP; 0: there was no answer
    std::string_view retry_after = {};  // the header
    std::string_view body = {};
};

enum class OtlpVerdict : std::uint8_t { taken, taken_in_part, again, refused };

class OtlpOutgoing {
public:
    // `version`: quipud's own, of each request's scope.
    explicit OtlpOutgoing(std::string version, OtlpLimits limits = {})
        : version_(std::move(version)), limits_(limits) {}

    void push(OtlpSpan span, Now now);

    // The request to be sent now, until answered() is called; null: none is due.
    const std::string* next(Now now);

    // When to call next() again, on the steady clock: the largest number where nothing waits. In the past: at once.
    [[nodiscard]] std::int64_t due_steady_ns() const;

    // Of the request that next() gave out. `random`: anything from 0 to 1.
    OtlpVerdict answered(const OtlpReply& reply, Now now, double random);

    // The end comes: nothing waits for a fuller batch or a pause any more.
    void hurry();
    // Whatever is left is dropped.
    void give_up();

    [[nodiscard]] const OtlpCounts& counts() const { return counts_; }

    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

    // Of a request, also of one that is to be repeated.
    [[nodiscard]] std::size_t on_their_way() const { return request_spans_; }

    [[nodiscard]] bool is_empty() const { return waiting_.empty() && request_spans_ == 0; }

private:
    struct Waiting {
        OtlpSpan span;
        std::int64_t since_steady_ns = 0;
    };

    [[nodiscard]] bool is_full() const;
    void fill_request();
    void clear_request();

    std::string version_;
    OtlpLimits limits_;
    std::deque<Waiting> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::string request_;            // empty: there is none
    std::size_t request_spans_ = 0;  // in it
    unsigned attempts_ = 0;          // of it that failed
    bool is_sending_ = false;
    bool is_hurrying_ = false;
    std::int64_t pause_until_steady_ns_ = 0;
    OtlpCounts counts_;
};

// Seconds, or a date as HTTP writes it ("Sun, 06 Nov 1994 08:49:37 GMT"), as a time from now, 0 where it is over.
std::optional<std::int64_t> retry_after_ns(std::string_view text, std::int64_t wall_ns);

}  // namespace quipu
