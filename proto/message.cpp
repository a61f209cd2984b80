// Encoding. Field numbers are those of quipu.proto; proto3's defaults (0, empty) are left out.
#include "proto/message.hpp"

#include <algorithm>
#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "proto/limits.hpp"
#include "proto/message_encoding.hpp"

namespace quipu::wire {

namespace {

void write(Writer& w, const Flag& flag);
void write(Writer& w, const Family& family);
void write(Writer& w, const Series& series);
void write(Writer& w, const TextValue& text);
void write(Writer& w, const Bounds& bounds);
void write(Writer& w, const Sampling& sampling);
void write(Writer& w, const Argument& argument);
void write(Writer& w, const TraceEvent& event);
void write(Writer& w, const QueueRecipient& recipient);
void write(Writer& w, const QueueItem& item);

// A nested message under a tag, also when it is empty: presence carries meaning in a repeated field.
template <typename Message>
void add_nested(Writer& w, protozero::pbf_tag_type tag, const Message& message) {
    std::string body;
    Writer nested(body);
    write(nested, message);
    w.add_message(tag, body);
}

// The same without a copy, for messages with a required field: protozero drops a nested message that stays empty.
template <typename Message>
void add_required(Writer& w, protozero::pbf_tag_type tag, const Message& message) {
    Writer nested(w, tag);
    write(nested, message);
}

void write(Writer& w, const Flag& flag) {
    add_text(w, 1, flag.name);
    add_text(w, 2, flag.value);
    add_bool(w, 3, flag.is_set);
}

void write(Writer& w, const Hello& hello) {
    add_number(w, 1, hello.protocol);
    add_text(w, 2, hello.program);
    add_text(w, 3, hello.version);
    add_text(w, 4, hello.instance);
    add_number(w, 5, hello.pid);
    add_fixed(w, 6, hello.start_wall_ns);
    add_text(w, 7, hello.hostname);
    for (std::string_view arg : hello.cmdline) w.add_bytes(8, arg.data(), arg.size());
    for (const Flag& flag : hello.flags) add_nested(w, 9, flag);
    add_text(w, 10, hello.config_text);
    for (std::string_view topic : hello.topics) w.add_bytes(11, topic.data(), topic.size());
    add_fixed(w, 12, hello.wall_ns);
    add_fixed(w, 13, hello.steady_ns);
    add_bool(w, 14, hello.is_companion);
}

void write(Writer& w, const Family& family) {
    add_number(w, 1, family.id);
    add_text(w, 2, family.name);
    add_number(w, 3, static_cast<std::uint64_t>(family.kind));
    add_text(w, 4, family.help);
    add_text(w, 5, family.unit);
    add_text(w, 6, family.label_name);
    add_number(w, 7, static_cast<std::uint64_t>(family.merge));
    w.add_packed_double(8, family.bounds.begin(), family.bounds.end());
    if (family.sum_unit != 0) w.add_double(9, family.sum_unit);
    add_bool(w, 10, family.is_json);
}

void write(Writer& w, const Series& series) {
    add_number(w, 1, series.id);
    add_number(w, 2, series.family);
    add_text(w, 3, series.label_value);
}

void write(Writer& w, const Define& define) {
    for (const Family& family : define.families) add_required(w, 1, family);
    for (const Series& series : define.series) add_required(w, 2, series);
}

void write(Writer& w, const Deltas& deltas) {
    assert(deltas.ids.size() == deltas.deltas.size());
    w.add_packed_uint32(1, deltas.ids.begin(), deltas.ids.end());
    w.add_packed_sint64(2, deltas.deltas.begin(), deltas.deltas.end());
}

void write(Writer& w, const TextValue& text) {
    add_number(w, 1, text.id);
    add_text(w, 2, text.value);
}

void write(Writer& w, const Set& set) {
    assert(set.gauge_ids.size() == set.gauge_values.size());
    w.add_packed_uint32(1, set.gauge_ids.begin(), set.gauge_ids.end());
    w.add_packed_double(2, set.gauge_values.begin(), set.gauge_values.end());
    for (const TextValue& text : set.texts) add_required(w, 3, text);
}

template <typename AnyWriter>
void write_event(AnyWriter& w, const TraceEvent& event) {
    add_number(w, 1, event.trace);
    add_number(w, 2, static_cast<std::uint64_t>(event.kind));
    add_fixed(w, 3, event.steady_ns);
    add_text(w, 4, event.text);
    add_text(w, 5, event.family);
    add_number(w, 6, event.other);
    add_number(w, 7, event.dropped_before);
    add_bool(w, 8, event.resumed);
    add_bool(w, 9, event.inferred);
}

void write(Writer& w, const TraceEvent& event) {
    write_event(w, event);
}

constexpr protozero::pbf_tag_type event_tag = 1;
constexpr protozero::pbf_tag_type all_active_announced_tag = 4;

void write(Writer& w, const TraceEvents& events) {
    for (const TraceEvent& event : events.events) add_nested(w, event_tag, event);
    add_number(w, 2, events.dropped_events);
    add_number(w, 3, events.dropped_traces);
    add_bool(w, all_active_announced_tag, events.all_active_announced);
}

void write(Writer& w, const Answer& answer) {
    add_number(w, 1, answer.query);
    add_number(w, 2, static_cast<std::uint64_t>(answer.status));
    add_text(w, 3, answer.chunk);
    add_bool(w, 4, answer.last);
}

void write(Writer& w, const Process& process) {
    add_number(w, 1, process.heap_in_use_bytes);
    add_number(w, 2, process.heap_idle_bytes);
    add_number(w, 3, process.heap_system_bytes);
    add_number(w, 4, process.allocations);
    add_number(w, 5, process.frees);
    add_number(w, 6, process.allocated_total_bytes);
}

void write(Writer& w, const Bye& bye) {
    add_text(w, 1, bye.reason);
}

void write(Writer& w, const Describe& describe) {
    for (std::string_view topic : describe.topics) w.add_bytes(1, topic.data(), topic.size());
    add_text(w, 2, describe.config_text);
}

void write(Writer& w, const Bounds& bounds) {
    add_number(w, 1, bounds.frame_bytes);
    add_number(w, 2, bounds.series);
    add_number(w, 3, bounds.text_bytes);
    add_number(w, 4, bounds.event_bytes);
    add_number(w, 5, bounds.active_traces);
}

void write(Writer& w, const Sampling& sampling) {
    add_text(w, 1, sampling.family);
    add_number(w, 2, sampling.per_mille);
    add_number(w, 3, sampling.always_above_ns);
}

void write(Writer& w, const Welcome& welcome) {
    add_number(w, 1, welcome.protocol);
    add_nested(w, 2, welcome.bounds);
    add_number(w, 3, welcome.flush_interval_ms);
    for (const Sampling& sampling : welcome.sampling) add_required(w, 4, sampling);
}

void write(Writer& w, const Argument& argument) {
    add_text(w, 1, argument.key);
    add_text(w, 2, argument.value);
}

void write(Writer& w, const Query& query) {
    add_number(w, 1, query.id);
    add_text(w, 2, query.topic);
    for (const Argument& argument : query.args) add_nested(w, 3, argument);
    add_number(w, 4, query.deadline_ms);
}

void write(Writer& w, const Cancel& cancel) {
    add_number(w, 1, cancel.query);
}

void write(Writer& w, const Tune& tune) {
    add_number(w, 1, tune.flush_interval_ms);
    for (const Sampling& sampling : tune.sampling) add_required(w, 2, sampling);
}

void write(Writer& /*w*/, const Ack& /*ack*/) {}

void write(Writer& w, const Refuse& refuse) {
    add_number(w, 1, refuse.code);
    add_text(w, 2, refuse.reason);
}

void write(Writer& w, const QueueRecipient& recipient) {
    add_text(w, 1, recipient.address);
    add_text(w, 2, recipient.type);
    add_number(w, 3, recipient.status);
    add_text(w, 4, recipient.original_address);
    add_text(w, 5, recipient.last_failure);
    add_number(w, 6, recipient.attempts);
    add_fixed(w, 7, recipient.next_try_wall_ns);
}

void write(Writer& w, const QueueItem& item) {
    add_text(w, 1, item.id);
    add_fixed(w, 2, item.created_wall_ns);
    add_text(w, 3, item.from);
    for (std::string_view to : item.to) w.add_bytes(4, to.data(), to.size());
    for (const QueueRecipient& recipient : item.recipients) add_nested(w, 5, recipient);
}

// One member of a oneof, also where it is empty.
template <typename Message>
void append_member(std::string& out, protozero::pbf_tag_type tag, const Message& message) {
    const std::size_t start = out.size();
    Writer outer(out);
    {
        Writer nested(outer, tag);
        write(nested, message);
    }
    if (out.size() == start) outer.add_message(tag, "", 0);
}

void append_member(std::string& out, protozero::pbf_tag_type tag, const TraceFrame& events) {
    Writer(out).add_message(tag, events.bytes().data(), events.bytes().size());
}

template <typename Message>
void append_frame(std::string& out, std::size_t index, const Message& message) {
    const std::size_t start = out.size();
    out.append(limits::frame_header_bytes, '\0');
    append_member(out, static_cast<protozero::pbf_tag_type>(index + 1), message);
    const std::size_t length = out.size() - start - limits::frame_header_bytes;
    assert(length > 0 && length <= limits::max_frame_bytes);
    for (std::size_t i = 0; i < limits::frame_header_bytes; ++i) {
        out[start + i] = static_cast<char>(length >> (8 * i) & 0xff);
    }
}

}  // namespace

void append_frame_of(std::string& out, const FromEmitter& message) {
    std::visit([&](const auto& m) { append_frame(out, message.index(), m); }, message);
}

void append_frame_of(std::string& out, const TraceFrame& events) {
    constexpr std::size_t index = 4;
    static_assert(std::is_same_v<std::variant_alternative_t<index, FromEmitter>, TraceEvents>);
    append_frame(out, index, events);
}

void append_frame_of(std::string& out, const ToEmitter& message) {
    std::visit([&](const auto& m) { append_frame(out, message.index(), m); }, message);
}

void TraceFrame::add(const TraceEvent& event) {
    constexpr std::size_t before_nested = 6;  // tag and length
    SizeWriter sized;
    write_event(sized, event);
    PlaceWriter w(room(before_nested + sized.size()));
    w.begin_nested(event_tag, sized.size());
    write_event(w, event);
    used_ = static_cast<std::size_t>(w.at() - memory_.get());
    ++count_;
}

void TraceFrame::set_all_active_announced() {
    constexpr std::size_t flag_bytes = 2;
    PlaceWriter w(room(flag_bytes));
    w.add_bool(all_active_announced_tag, true);
    used_ += flag_bytes;
}

char* TraceFrame::room(std::size_t bytes) {
    if (capacity_ - used_ < bytes) {
        const std::size_t capacity = std::max(2 * capacity_, used_ + bytes);
        auto memory = std::make_unique_for_overwrite<char[]>(capacity);
        std::copy_n(memory_.get(), used_, memory.get());
        memory_ = std::move(memory);
        capacity_ = capacity;
    }
    return memory_.get() + used_;
}

void append_body(std::string& out, const Queue& queue) {
    Writer w(out);
    for (const QueueItem& item : queue.items) add_nested(w, 1, item);
    add_number(w, 2, queue.total);
}

}  // namespace quipu::wire
