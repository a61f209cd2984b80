// The messages of quipu.proto as plain structs, one each, and a variant for each direction; encode and decode.
//
// A decoded message's string_views point into the decoded bytes: they live as long as the frame does. Decoding
// checks the bounds of limits.hpp and never throws; it reuses the memory of a variant that already holds the same
// kind of message. Unknown fields are skipped and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/errc.hpp"
#include "proto/frame.hpp"

namespace quipu::wire {

struct Flag {
    std::string_view name;
    std::string_view value;
    bool is_set = false;
};

struct Hello {
    std::uint32_t protocol = 0;
    std::string_view program;
    std::string_view version;
    std::string_view instance;  // 16 bytes, checked
    std::uint32_t pid = 0;
    std::uint64_t start_wall_ns = 0;
    std::string_view hostname;
    std::vector<std::string_view> cmdline;
    std::vector<Flag> flags;
    std::string_view config_text;
    std::vector<std::string_view> topics;
    std::uint64_t wall_ns = 0;
    std::uint64_t steady_ns = 0;
    bool is_companion = false;
};

// Numbers as in quipu.proto. A Kind that we do not know decodes to Errc::malformed.
enum class Kind : std::uint8_t { counter = 0, gauge = 1, text = 2, histogram = 3 };
enum class Merge : std::uint8_t { sum = 0, max = 1, min = 2, last = 3 };

struct Family {
    std::uint32_t id = 0;
    std::string_view name;
    Kind kind = Kind::counter;
    std::string_view help;
    std::string_view unit;
    std::string_view label_name;
    Merge merge = Merge::sum;
    std::vector<double> bounds;
    double sum_unit = 0;
    bool is_json = false;
};

struct Series {
    std::uint32_t id = 0;
    std::uint32_t family = 0;
    std::string_view label_value;
};

struct Define {
    std::vector<Family> families;
    std::vector<Series> series;
};

struct Deltas {
    std::vector<std::uint32_t> ids;
    std::vector<std::int64_t> deltas;  // as many, checked
};

struct TextValue {
    std::uint32_t id = 0;
    std::string_view value;
};

struct Set {
    std::vector<std::uint32_t> gauge_ids;
    std::vector<double> gauge_values;  // as many, checked
    std::vector<TextValue> texts;
};

enum class TraceEventKind : std::uint8_t { begin = 0, event = 1, error = 2, link = 3, end = 4 };

struct TraceEvent {
    std::uint64_t trace = 0;
    TraceEventKind kind = TraceEventKind::begin;
    std::uint64_t steady_ns = 0;
    std::string_view text;
    std::string_view family;
    std::uint64_t other = 0;
    std::uint32_t dropped_before = 0;
    bool resumed = false;
    bool inferred = false;
};

struct TraceEvents {
    std::vector<TraceEvent> events;
    std::uint64_t dropped_events = 0;
    std::uint64_t dropped_traces = 0;
    bool all_active_announced = false;
};

enum class Status : std::uint8_t { ok = 0, unknown_topic = 1, bad_argument = 2, busy = 3, failed = 4, cancelled = 5 };

struct Answer {
    std::uint32_t query = 0;
    Status status = Status::ok;
    std::string_view chunk;
    bool last = false;
};

struct Process {
    std::uint64_t heap_in_use_bytes = 0;
    std::uint64_t heap_idle_bytes = 0;
    std::uint64_t heap_system_bytes = 0;
    std::uint64_t allocations = 0;
    std::uint64_t frees = 0;
    std::uint64_t allocated_total_bytes = 0;
};

struct Bye {
    std::string_view reason;
};

struct Describe {
    std::vector<std::string_view> topics;
    std::string_view config_text;
};

// The oneofs: the alternative at index i is the member with field number i + 1. New ones go to the end.
using FromEmitter = std::variant<Hello, Define, Deltas, Set, TraceEvents, Answer, Process, Bye, Describe>;

struct Bounds {
    std::uint32_t frame_bytes = 0;
    std::uint32_t series = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t event_bytes = 0;
    std::uint32_t active_traces = 0;
};

struct Sampling {
    std::string_view family;
    std::uint32_t per_mille = 1000;
    std::uint64_t always_above_ns = 0;
};

struct Welcome {
    std::uint32_t protocol = 0;
    Bounds bounds;
    std::uint32_t flush_interval_ms = 0;
    std::vector<Sampling> sampling;
};

struct Argument {
    std::string_view key;
    std::string_view value;
};

struct Query {
    std::uint32_t id = 0;
    std::string_view topic;
    std::vector<Argument> args;
    std::uint32_t deadline_ms = 0;
};

struct Cancel {
    std::uint32_t query = 0;
};

struct Tune {
    std::uint32_t flush_interval_ms = 0;
    std::vector<Sampling> sampling;
};

struct Ack {};

struct Refuse {
    std::uint32_t code = 0;
    std::string_view reason;
};

using ToEmitter = std::variant<Welcome, Query, Cancel, Tune, Ack, Refuse>;

// unknown_fields grows by the number of fields that were skipped. On an error `out` holds something unspecified but
// valid. Errc::no_message: well-formed, but of a kind that we do not know (a newer peer): skip it.
[[nodiscard]] Errc decode(Bytes payload, FromEmitter& out, std::uint64_t& unknown_fields);
[[nodiscard]] Errc decode(Bytes payload, ToEmitter& out, std::uint64_t& unknown_fields);

// Appends one whole frame. The caller keeps messages within limits::max_frame_bytes.
void append_frame_of(std::string& out, const FromEmitter& message);
void append_frame_of(std::string& out, const ToEmitter& message);

// TraceEvents on their way into a frame. They are most of what a mail daemon sends: each is encoded when it is added,
// into memory that is kept for the next frame.
class TraceFrame {
public:
    void reserve(std::size_t bytes) { room(bytes); }

    void add(const TraceEvent& event);
    void set_all_active_announced();

    [[nodiscard]] std::size_t event_count() const { return count_; }

    // As TraceEvents is encoded.
    [[nodiscard]] std::string_view bytes() const { return {memory_.get(), used_}; }

    void clear() { used_ = count_ = 0; }

private:
    // For so many bytes behind those that are used.
    char* room(std::size_t bytes);

    std::unique_ptr<char[]> memory_;
    std::size_t capacity_ = 0, used_ = 0;
    std::size_t count_ = 0;
};

void append_frame_of(std::string& out, const TraceFrame& events);

// The body of a "queue" answer, see Queue in quipu.proto.
struct QueueRecipient {
    std::string_view address;
    std::string_view type;
    std::uint32_t status = 0;
    std::string_view original_address;
    std::string_view last_failure;
    std::uint32_t attempts = 0;
    std::uint64_t next_try_wall_ns = 0;
};

struct QueueItem {
    std::string_view id;
    std::uint64_t created_wall_ns = 0;
    std::string_view from;
    std::vector<std::string_view> to;
    std::vector<QueueRecipient> recipients;
};

struct Queue {
    std::vector<QueueItem> items;
    std::uint64_t total = 0;
};

[[nodiscard]] Errc decode(Bytes body, Queue& out);

// The items of such a body, one after the other: a long queue needs the memory of one item only, and whoever reads it
// can pause between items. The body must outlive the reader.
class QueueReader {
public:
    enum class Found : std::uint8_t { item, other, end, error };

    explicit QueueReader(Bytes body);

    // Reads one field: an item into `out`, whatever it held, or something else. `end` and `error` stay.
    Found next(QueueItem& out);

    // Of the item found last: what decode(Bytes, QueueItem&) makes the same item of.
    [[nodiscard]] Bytes item_bytes() const { return item_bytes_; }

    // As far as read.
    [[nodiscard]] std::uint64_t total() const { return total_; }

    [[nodiscard]] Errc error() const { return error_; }

private:
    Bytes rest_;
    Bytes item_bytes_;
    std::size_t items_left_;
    std::size_t recipients_left_;
    std::uint64_t total_ = 0;
    Errc error_ = Errc::ok;
};

[[nodiscard]] Errc decode(Bytes item_bytes, QueueItem& out);
void append_body(std::string& out, const Queue& queue);

}  // namespace quipu::wire
