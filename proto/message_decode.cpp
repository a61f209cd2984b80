// Decoding. A field of another wire type than the schema's is an unknown field, as in every protobuf reader.
#include <algorithm>
#include <cmath>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "proto/limits.hpp"
#include "proto/message.hpp"

namespace quipu::wire {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::uint32_t varint(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::varint);
}

constexpr std::uint32_t bytes(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}

constexpr std::uint32_t fixed(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::fixed64);
}

// What one decode carries along: the first thing that is wrong, and what was skipped.
struct Decoding {
    std::uint64_t& unknown_fields;
    Errc error = Errc::ok;

    void fail(Errc errc) {
        if (error == Errc::ok) error = errc;
    }

    void skip(pbf_reader& r) {
        ++unknown_fields;
        r.skip();
    }

    std::string_view text(pbf_reader& r, std::size_t max_bytes) {
        const protozero::data_view view = r.get_view();
        if (view.size() > max_bytes) fail(Errc::text_too_long);
        return {view.data(), view.size()};
    }

    template <typename T>
    void push(std::vector<T>& list, T value, std::size_t max_items) {
        if (list.size() >= max_items) {
            fail(Errc::text_too_long);
            return;
        }
        list.push_back(std::move(value));
    }

    template <typename Enum>
    Enum enumerator(pbf_reader& r, Enum last) {
        const std::uint32_t value = r.get_uint32();
        if (value > static_cast<std::uint32_t>(last)) fail(Errc::malformed);
        return static_cast<Enum>(value);
    }

    void require(bool is_there) {
        if (!is_there) fail(Errc::field_missing);
    }
};

void read(pbf_reader r, Flag& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.name = d.text(r, limits::max_word_bytes); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            case varint(3): out.is_set = r.get_bool(); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Hello& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.protocol = r.get_uint32(); break;
            case bytes(2): out.program = d.text(r, limits::max_word_bytes); break;
            case bytes(3): out.version = d.text(r, limits::max_word_bytes); break;
            case bytes(4): out.instance = d.text(r, limits::max_word_bytes); break;
            case varint(5): out.pid = r.get_uint32(); break;
            case fixed(6): out.start_wall_ns = r.get_fixed64(); break;
            case bytes(7): out.hostname = d.text(r, limits::max_word_bytes); break;
            case bytes(8): d.push(out.cmdline, d.text(r, limits::max_text_bytes), limits::max_hello_items); break;
            case bytes(9): {
                Flag flag;
                read(r.get_message(), flag, d);
                d.push(out.flags, flag, limits::max_hello_items);
                break;
            }
            case bytes(10): out.config_text = d.text(r, limits::max_config_bytes); break;
            case bytes(11): d.push(out.topics, d.text(r, limits::max_word_bytes), limits::max_hello_items); break;
            case fixed(12): out.wall_ns = r.get_fixed64(); break;
            case fixed(13): out.steady_ns = r.get_fixed64(); break;
            default: d.skip(r);
        }
    if (out.protocol == 0) d.fail(Errc::protocol_unsupported);
    if (out.instance.size() != limits::instance_bytes) d.fail(Errc::bad_instance);
    d.require(!out.program.empty());
}

void read_bounds(pbf_reader& r, std::vector<double>& bounds, Decoding& d) {
    for (double bound : r.get_packed_double()) d.push(bounds, bound, limits::max_bounds);
}

void read(pbf_reader r, Family& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case bytes(2): out.name = d.text(r, limits::max_name_bytes); break;
            case varint(3): out.kind = d.enumerator(r, Kind::histogram); break;
            case bytes(4): out.help = d.text(r, limits::max_help_bytes); break;
            case bytes(5): out.unit = d.text(r, limits::max_word_bytes); break;
            case bytes(6): out.label_name = d.text(r, limits::max_word_bytes); break;
            case varint(7): out.merge = d.enumerator(r, Merge::last); break;
            case bytes(8): read_bounds(r, out.bounds, d); break;
            case fixed(8): d.push(out.bounds, r.get_double(), limits::max_bounds); break;
            case fixed(9): out.sum_unit = r.get_double(); break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && !out.name.empty());
    const auto is_bad = [](double bound) { return !std::isfinite(bound); };
    if (std::any_of(out.bounds.begin(), out.bounds.end(), is_bad) ||
        !std::is_sorted(out.bounds.begin(), out.bounds.end(), std::less_equal<>{}) || !std::isfinite(out.sum_unit)) {
        d.fail(Errc::bad_bounds);
    }
}

void read(pbf_reader r, Series& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case varint(2): out.family = r.get_uint32(); break;
            case bytes(3): out.label_value = d.text(r, limits::max_label_bytes); break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && out.family != 0);
}

void read(pbf_reader r, Define& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): {
                Family family;
                read(r.get_message(), family, d);
                d.push(out.families, std::move(family), limits::max_families);
                break;
            }
            case bytes(2): {
                Series series;
                read(r.get_message(), series, d);
                d.push(out.series, series, limits::max_series);
                break;
            }
            default: d.skip(r);
        }
}

void read(pbf_reader r, Deltas& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1):
                for (std::uint32_t id : r.get_packed_uint32()) out.ids.push_back(id);
                break;
            case varint(1): out.ids.push_back(r.get_uint32()); break;
            case bytes(2):
                for (std::int64_t delta : r.get_packed_sint64()) out.deltas.push_back(delta);
                break;
            case varint(2): out.deltas.push_back(r.get_sint64()); break;
            default: d.skip(r);
        }
    if (out.ids.size() != out.deltas.size()) d.fail(Errc::count_mismatch);
}

void read(pbf_reader r, TextValue& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            default: d.skip(r);
        }
    d.require(out.id != 0);
}

void read(pbf_reader r, Set& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1):
                for (std::uint32_t id : r.get_packed_uint32()) out.gauge_ids.push_back(id);
                break;
            case varint(1): out.gauge_ids.push_back(r.get_uint32()); break;
            case bytes(2):
                for (double value : r.get_packed_double()) out.gauge_values.push_back(value);
                break;
            case fixed(2): out.gauge_values.push_back(r.get_double()); break;
            case bytes(3): {
                TextValue text;
                read(r.get_message(), text, d);
                d.push(out.texts, text, limits::max_families);
                break;
            }
            default: d.skip(r);
        }
    if (out.gauge_ids.size() != out.gauge_values.size()) d.fail(Errc::count_mismatch);
}

void read(pbf_reader r, TraceEvent& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.trace = r.get_uint64(); break;
            case varint(2): out.kind = d.enumerator(r, TraceEventKind::end); break;
            case fixed(3): out.steady_ns = r.get_fixed64(); break;
            case bytes(4): out.text = d.text(r, limits::max_event_bytes); break;
            case bytes(5): out.family = d.text(r, limits::max_family_bytes); break;
            case varint(6): out.other = r.get_uint64(); break;
            case varint(7): out.dropped_before = r.get_uint32(); break;
            case varint(8): out.resumed = r.get_bool(); break;
            default: d.skip(r);
        }
    d.require(out.trace != 0 && (out.kind != TraceEventKind::begin || !out.family.empty()));
}

void read(pbf_reader r, TraceEvents& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): {
                TraceEvent event;
                read(r.get_message(), event, d);
                d.push(out.events, event, limits::max_events_per_frame);
                break;
            }
            case varint(2): out.dropped_events = r.get_uint64(); break;
            case varint(3): out.dropped_traces = r.get_uint64(); break;
            case varint(4): out.all_active_announced = r.get_bool(); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Answer& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.query = r.get_uint32(); break;
            case varint(2): out.status = d.enumerator(r, Status::cancelled); break;
            case bytes(3): out.chunk = d.text(r, limits::max_chunk_bytes); break;
            case varint(4): out.last = r.get_bool(); break;
            default: d.skip(r);
        }
    d.require(out.query != 0);
}

void read(pbf_reader r, Process& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.heap_in_use_bytes = r.get_uint64(); break;
            case varint(2): out.heap_idle_bytes = r.get_uint64(); break;
            case varint(3): out.heap_system_bytes = r.get_uint64(); break;
            case varint(4): out.allocations = r.get_uint64(); break;
            case varint(5): out.frees = r.get_uint64(); break;
            case varint(6): out.allocated_total_bytes = r.get_uint64(); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Bye& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.reason = d.text(r, limits::max_reason_bytes); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Describe& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): d.push(out.topics, d.text(r, limits::max_word_bytes), limits::max_hello_items); break;
            case bytes(2): out.config_text = d.text(r, limits::max_config_bytes); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Bounds& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.frame_bytes = r.get_uint32(); break;
            case varint(2): out.series = r.get_uint32(); break;
            case varint(3): out.text_bytes = r.get_uint32(); break;
            case varint(4): out.event_bytes = r.get_uint32(); break;
            case varint(5): out.active_traces = r.get_uint32(); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Sampling& out, Decoding& d) {
    out.per_mille = 0;  // proto3 leaves 0 out: what is not there is 0, not "all"
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.family = d.text(r, limits::max_family_bytes); break;
            case varint(2): out.per_mille = r.get_uint32(); break;
            case varint(3): out.always_above_ns = r.get_uint64(); break;
            default: d.skip(r);
        }
    d.require(!out.family.empty());
}

void read_sampling(pbf_reader& r, std::vector<Sampling>& list, Decoding& d) {
    Sampling sampling;
    read(r.get_message(), sampling, d);
    d.push(list, sampling, limits::max_families);
}

void read(pbf_reader r, Welcome& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.protocol = r.get_uint32(); break;
            case bytes(2): read(r.get_message(), out.bounds, d); break;
            case varint(3): out.flush_interval_ms = r.get_uint32(); break;
            case bytes(4): read_sampling(r, out.sampling, d); break;
            default: d.skip(r);
        }
    d.require(out.protocol != 0);
}

void read(pbf_reader r, Argument& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.key = d.text(r, limits::max_word_bytes); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Query& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case bytes(2): out.topic = d.text(r, limits::max_word_bytes); break;
            case bytes(3): {
                Argument argument;
                read(r.get_message(), argument, d);
                d.push(out.args, argument, limits::max_query_args);
                break;
            }
            case varint(4): out.deadline_ms = r.get_uint32(); break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && !out.topic.empty());
}

void read(pbf_reader r, Cancel& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.query = r.get_uint32(); break;
            default: d.skip(r);
        }
    d.require(out.query != 0);
}

void read(pbf_reader r, Tune& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.flush_interval_ms = r.get_uint32(); break;
            case bytes(2): read_sampling(r, out.sampling, d); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, Ack& /*out*/, Decoding& d) {
    while (r.next()) d.skip(r);
}

void read(pbf_reader r, Refuse& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.code = r.get_uint32(); break;
            case bytes(2): out.reason = d.text(r, limits::max_reason_bytes); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, QueueRecipient& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.address = d.text(r, limits::max_text_bytes); break;
            case bytes(2): out.type = d.text(r, limits::max_word_bytes); break;
            case varint(3): out.status = r.get_uint32(); break;
            case bytes(4): out.original_address = d.text(r, limits::max_text_bytes); break;
            case bytes(5): out.last_failure = d.text(r, limits::max_text_bytes); break;
            case varint(6): out.attempts = r.get_uint32(); break;
            case fixed(7): out.next_try_wall_ns = r.get_fixed64(); break;
            default: d.skip(r);
        }
}

void read(pbf_reader r, QueueItem& out, Decoding& d, std::size_t& room_for_recipients) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.id = d.text(r, limits::max_word_bytes); break;
            case fixed(2): out.created_wall_ns = r.get_fixed64(); break;
            case bytes(3): out.from = d.text(r, limits::max_text_bytes); break;
            case bytes(4): {
                if (room_for_recipients == 0) return d.fail(Errc::text_too_long);
                --room_for_recipients;
                out.to.push_back(d.text(r, limits::max_text_bytes));
                break;
            }
            case bytes(5): {
                if (room_for_recipients == 0) return d.fail(Errc::text_too_long);
                --room_for_recipients;
                read(r.get_message(), out.recipients.emplace_back(), d);
                break;
            }
            default: d.skip(r);
        }
}

// The alternative itself, empty, with the memory that it had.
Deltas& renew(FromEmitter& out, Deltas* /*kind*/) {
    if (auto* held = std::get_if<Deltas>(&out)) {
        held->ids.clear();
        held->deltas.clear();
        return *held;
    }
    return out.emplace<Deltas>();
}

TraceEvents& renew(FromEmitter& out, TraceEvents* /*kind*/) {
    if (auto* held = std::get_if<TraceEvents>(&out)) {
        held->events.clear();
        held->dropped_events = 0;
        held->dropped_traces = 0;
        held->all_active_announced = false;
        return *held;
    }
    return out.emplace<TraceEvents>();
}

template <typename Message, typename Variant>
Message& renew(Variant& out, Message* /*kind*/) {
    return out.template emplace<Message>();
}

// The messages of a direction count from 1 in the order of the variant: the member's number is its index plus one.
template <typename Variant, std::size_t index = 0>
bool read_member(std::uint32_t tag, pbf_reader& r, Variant& out, Decoding& d) {
    if constexpr (index < std::variant_size_v<Variant>) {
        if (tag != index + 1) return read_member<Variant, index + 1>(tag, r, out, d);
        using Message = std::variant_alternative_t<index, Variant>;
        read(r.get_message(), renew(out, static_cast<Message*>(nullptr)), d);
        return true;
    } else {
        return false;
    }
}

template <typename Variant>
Errc decode_variant(Bytes payload, Variant& out, std::uint64_t& unknown_fields) {
    Decoding d{unknown_fields};
    bool is_known = false;
    try {
        pbf_reader r(reinterpret_cast<const char*>(payload.data()), payload.size());
        while (r.next()) {
            if (r.wire_type() == pbf_wire_type::length_delimited && r.tag() <= std::variant_size_v<Variant>) {
                is_known = read_member(r.tag(), r, out, d);
            } else {
                d.skip(r);
            }
        }
    } catch (const protozero::exception&) {
        return Errc::malformed;
    }
    if (d.error != Errc::ok) return d.error;
    return is_known ? Errc::ok : Errc::no_message;
}

}  // namespace

Errc decode(Bytes payload, FromEmitter& out, std::uint64_t& unknown_fields) {
    return decode_variant(payload, out, unknown_fields);
}

Errc decode(Bytes payload, ToEmitter& out, std::uint64_t& unknown_fields) {
    return decode_variant(payload, out, unknown_fields);
}

Errc decode(Bytes body, Queue& out) {
    std::uint64_t unknown_fields = 0;
    Decoding d{unknown_fields};
    std::size_t room_for_recipients = limits::max_queue_recipients;
    try {
        pbf_reader r(reinterpret_cast<const char*>(body.data()), body.size());
        while (r.next() && d.error == Errc::ok) switch (r.tag_and_type()) {
                case bytes(1): {
                    QueueItem item;
                    read(r.get_message(), item, d, room_for_recipients);
                    d.push(out.items, std::move(item), limits::max_queue_items);
                    break;
                }
                case varint(2): out.total = r.get_uint64(); break;
                default: d.skip(r);
            }
    } catch (const protozero::exception&) {
        return Errc::malformed;
    }
    return d.error;
}

}  // namespace quipu::wire
