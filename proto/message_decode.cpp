// Decoding what emitters send.
#include <algorithm>
#include <cmath>
#include <functional>

#include "proto/message_decoding.hpp"

namespace quipu::wire {

static void read(pbf_reader r, Flag& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.name = d.text(r, limits::max_word_bytes); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            case varint(3): out.is_set = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Hello& out, Decoding& d) {
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
            case varint(14): out.is_companion = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
    if (out.protocol == 0) d.fail(Errc::protocol_unsupported);
    if (out.instance.size() != limits::instance_bytes) d.fail(Errc::bad_instance);
    d.require(!out.program.empty());
}

static void read_bounds(pbf_reader& r, std::vector<double>& bounds, Decoding& d) {
    for (double bound : r.get_packed_double()) d.push(bounds, bound, limits::max_bounds);
}

static void read(pbf_reader r, Family& out, Decoding& d) {
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
            case varint(10): out.is_json = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && !out.name.empty());
    const auto is_bad = [](double bound) { return !std::isfinite(bound); };
    if (std::any_of(out.bounds.begin(), out.bounds.end(), is_bad) ||
        !std::is_sorted(out.bounds.begin(), out.bounds.end(), std::less_equal<>{}) || !std::isfinite(out.sum_unit)) {
        d.fail(Errc::bad_bounds);
    }
}

static void read(pbf_reader r, Series& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case varint(2): out.family = r.get_uint32(); break;
            case bytes(3): out.label_value = d.text(r, limits::max_label_bytes); break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && out.family != 0);
}

static void read(pbf_reader r, Define& out, Decoding& d) {
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

static void read(pbf_reader r, Deltas& out, Decoding& d) {
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

static void read(pbf_reader r, TextValue& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint32(); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            default: d.skip(r);
        }
    d.require(out.id != 0);
}

static void read(pbf_reader r, Set& out, Decoding& d) {
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

static void read(pbf_reader r, TraceEvent& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.trace = r.get_uint64(); break;
            case varint(2): out.kind = d.enumerator(r, TraceEventKind::end); break;
            case fixed(3): out.steady_ns = r.get_fixed64(); break;
            case bytes(4): out.text = d.text(r, limits::max_event_bytes); break;
            case bytes(5): out.family = d.text(r, limits::max_family_bytes); break;
            case varint(6): out.other = r.get_uint64(); break;
            case varint(7): out.dropped_before = r.get_uint32(); break;
            case varint(8): out.resumed = r.get_uint64() != 0; break;
            case varint(9): out.inferred = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
    d.require(out.trace != 0 && (out.kind != TraceEventKind::begin || !out.family.empty()));
}

static void read(pbf_reader r, TraceEvents& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): {
                TraceEvent event;
                read(r.get_message(), event, d);
                d.push(out.events, event, limits::max_events_per_frame);
                break;
            }
            case varint(2): out.dropped_events = r.get_uint64(); break;
            case varint(3): out.dropped_traces = r.get_uint64(); break;
            case varint(4): out.all_active_announced = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Answer& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.query = r.get_uint32(); break;
            case varint(2): out.status = d.enumerator(r, Status::cancelled); break;
            case bytes(3): out.chunk = d.text(r, limits::max_chunk_bytes); break;
            case varint(4): out.last = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
    d.require(out.query != 0);
}

static void read(pbf_reader r, Process& out, Decoding& d) {
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

static void read(pbf_reader r, Bye& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.reason = d.text(r, limits::max_reason_bytes); break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Describe& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): d.push(out.topics, d.text(r, limits::max_word_bytes), limits::max_hello_items); break;
            case bytes(2): out.config_text = d.text(r, limits::max_config_bytes); break;
            default: d.skip(r);
        }
}

// The alternative itself, empty, with the memory that it had.
static Deltas& renew(FromEmitter& out, Deltas* /*kind*/) {
    if (auto* held = std::get_if<Deltas>(&out)) {
        held->ids.clear();
        held->deltas.clear();
        return *held;
    }
    return out.emplace<Deltas>();
}

static TraceEvents& renew(FromEmitter& out, TraceEvents* /*kind*/) {
    if (auto* held = std::get_if<TraceEvents>(&out)) {
        held->events.clear();
        held->dropped_events = 0;
        held->dropped_traces = 0;
        held->all_active_announced = false;
        return *held;
    }
    return out.emplace<TraceEvents>();
}

Errc decode(Bytes payload, FromEmitter& out, std::uint64_t& unknown_fields) {
    return decode_variant(payload, out, unknown_fields);
}

}  // namespace quipu::wire
