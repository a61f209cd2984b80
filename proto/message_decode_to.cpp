// Decoding what quipud sends.
#include "proto/message_decoding.hpp"

namespace quipu::wire {

static void read(pbf_reader r, Bounds& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.frame_bytes = r.get_uint32(); break;
            case varint(2): out.series = r.get_uint32(); break;
            case varint(3): out.text_bytes = r.get_uint32(); break;
            case varint(4): out.event_bytes = r.get_uint32(); break;
            case varint(5): out.active_traces = r.get_uint32(); break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Sampling& out, Decoding& d) {
    out.per_mille = 0;  // proto3 leaves 0 out: what is not there is 0, not "all"
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.family = d.text(r, limits::max_family_bytes); break;
            case varint(2): out.per_mille = r.get_uint32(); break;
            case varint(3): out.always_above_ns = r.get_uint64(); break;
            default: d.skip(r);
        }
    d.require(!out.family.empty());
}

static void read_sampling(pbf_reader& r, std::vector<Sampling>& list, Decoding& d) {
    Sampling sampling;
    read(r.get_message(), sampling, d);
    d.push(list, sampling, limits::max_families);
}

static void read(pbf_reader r, Welcome& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.protocol = r.get_uint32(); break;
            case bytes(2): read(r.get_message(), out.bounds, d); break;
            case varint(3): out.flush_interval_ms = r.get_uint32(); break;
            case bytes(4): read_sampling(r, out.sampling, d); break;
            default: d.skip(r);
        }
    d.require(out.protocol != 0);
}

static void read(pbf_reader r, Argument& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.key = d.text(r, limits::max_word_bytes); break;
            case bytes(2): out.value = d.text(r, limits::max_text_bytes); break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Query& out, Decoding& d) {
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

static void read(pbf_reader r, Cancel& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.query = r.get_uint32(); break;
            default: d.skip(r);
        }
    d.require(out.query != 0);
}

static void read(pbf_reader r, Tune& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.flush_interval_ms = r.get_uint32(); break;
            case bytes(2): read_sampling(r, out.sampling, d); break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, Ack& /*out*/, Decoding& d) {
    while (r.next()) d.skip(r);
}

static void read(pbf_reader r, Refuse& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.code = r.get_uint32(); break;
            case bytes(2): out.reason = d.text(r, limits::max_reason_bytes); break;
            default: d.skip(r);
        }
}

Errc decode(Bytes payload, ToEmitter& out, std::uint64_t& unknown_fields) {
    return decode_variant(payload, out, unknown_fields);
}

}  // namespace quipu::wire
