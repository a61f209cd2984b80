#include "daemon/otlp/spans.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

using protozero::pbf_writer;

// The attributes' names are of this version of the semantic conventions.
constexpr std::string_view schema_url = "https://opentelemetry.io/schemas/1.27.0";

namespace field {

enum : protozero::pbf_tag_type {
    request_resource_spans = 1,
    resource_spans_resource = 1,
    resource_spans_scope_spans = 2,
    resource_spans_schema_url = 3,
    scope_spans_scope = 1,
    scope_spans_spans = 2,
    scope_spans_schema_url = 3,
    scope_name = 1,
    scope_version = 2,
    resource_attributes = 1,
    span_trace_id = 1,
    span_span_id = 2,
    span_parent_span_id = 4,
    span_name = 5,
    span_kind = 6,
    span_start = 7,
    span_end = 8,
    span_attributes = 9,
    span_events = 11,
    span_dropped_events_count = 12,
    span_links = 13,
    span_status = 15,
    event_time = 1,
    event_name = 2,
    event_attributes = 3,
    link_trace_id = 1,
    link_span_id = 2,
    link_attributes = 4,
    status_message = 2,
    status_code = 3,
    key_value_key = 1,
    key_value_value = 2,
    any_string = 1,
    any_bool = 2,
    any_int = 3,
    response_partial_success = 1,
    partial_rejected_spans = 1,
    partial_message = 2,
};

}  // namespace field

constexpr std::int32_t status_error = 2;

enum class SpanKind : std::int32_t { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };

// Families that chasquid and maild have, and what they are to the semantic conventions.
struct FamilyMeaning {
    std::string_view family;
    SpanKind kind;
    bool is_smtp = false;
    bool is_title_peer = false;              // "192.0.2.1:4711"
    bool is_title_message = false;           // the queue's id of it
    std::string_view messaging_operation{};  // type; empty: not messaging
};

constexpr std::array meanings = {
    FamilyMeaning{.family = "SMTP.Conn", .kind = SpanKind::server, .is_smtp = true, .is_title_peer = true},
    FamilyMeaning{.family = "Courier.SMTP", .kind = SpanKind::client, .is_smtp = true},
    FamilyMeaning{.family = "Queue.Put", .kind = SpanKind::producer, .messaging_operation = "send"},
    FamilyMeaning{
        .family = "Queue.SendLoop",
        .kind = SpanKind::consumer,
        .is_title_message = true,
        .messaging_operation = "process"},
};

FamilyMeaning meaning_of(std::string_view family) {
    const auto is_it = [family](const FamilyMeaning& meaning) { return meaning.family == family; };
    const auto it = std::find_if(meanings.begin(), meanings.end(), is_it);
    return it == meanings.end() ? FamilyMeaning{.family = family, .kind = SpanKind::internal} : *it;
}

// --- Fields ---------------------------------------------------------------------------------------------------------

// Protobuf's strings are UTF-8, and receivers refuse a whole request over one that is not.
void put_text(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view text) {
    if (text.empty()) return;
    if (is_utf8(text)) {
        out.add_string(tag, text.data(), text.size());
        return;
    }
    std::string repaired;
    append_repaired(repaired, text);
    out.add_string(tag, repaired);
}

// A key, and the value that put(AnyValue) writes.
template <typename Put>
void put_pair(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view key, Put put) {
    pbf_writer pair(out, tag);
    pair.add_string(field::key_value_key, key.data(), key.size());
    pbf_writer any(pair, field::key_value_value);
    put(any);
}

void put_attribute(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view key, std::string_view value) {
    put_pair(out, tag, key, [value](pbf_writer& any) {
        if (value.empty()) {
            any.add_string(field::any_string, "", 0);
        } else {
            put_text(any, field::any_string, value);
        }
    });
}

void put_attribute(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view key, std::int64_t value) {
    put_pair(out, tag, key, [value](pbf_writer& any) { any.add_int64(field::any_int, value); });
}

void put_flag(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view key) {
    put_pair(out, tag, key, [](pbf_writer& any) { any.add_bool(field::any_bool, true); });
}

void append_big_endian(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
}

void put_trace_id(pbf_writer& out, protozero::pbf_tag_type tag, TraceRef root) {
    std::string bytes;
    append_big_endian(bytes, root.instance);
    append_big_endian(bytes, root.number);
    out.add_bytes(tag, bytes);
}

// All zeros would be no id.
void put_span_id(pbf_writer& out, protozero::pbf_tag_type tag, std::uint64_t number) {
    std::string bytes;
    append_big_endian(bytes, number != 0 ? number : std::numeric_limits<std::uint64_t>::max());
    out.add_bytes(tag, bytes);
}

std::uint64_t as_time(std::int64_t wall_ns) {
    return wall_ns > 0 ? static_cast<std::uint64_t>(wall_ns) : 0;
}

// --- Meaning --------------------------------------------------------------------------------------------------------

struct PeerAddress {
    std::string_view address;
    std::int64_t port = 0;
};

// "192.0.2.1:4711", "[2001:db8::1]:4711".
std::optional<PeerAddress> peer_of(std::string_view title) {
    const std::size_t colon = title.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    PeerAddress peer;
    peer.address = title.substr(0, colon);
    const bool is_bracketed = peer.address.starts_with('[') && peer.address.ends_with(']');
    if (is_bracketed) peer.address = peer.address.substr(1, peer.address.size() - 2);
    const char* const end = title.data() + title.size();
    const auto [stop, error] = std::from_chars(title.data() + colon + 1, end, peer.port);
    const bool is_address = !peer.address.empty() &&
                            peer.address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
                            peer.address.find_first_of(".:") != std::string_view::npos;
    const bool is_port = error == std::errc{} && stop == end && peer.port >= 0 && peer.port <= 65535;
    return is_address && is_port ? std::optional(peer) : std::nullopt;
}

// Of few values, as the conventions want it: the reply's code where the text has one.
std::string_view error_type(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t at = 0; at + 3 <= text.size(); ++at) {
        const bool is_begin = at == 0 || text[at - 1] == ' ' || text[at - 1] == ':' || text[at - 1] == '"';
        const bool is_end = at + 3 == text.size() || text[at + 3] == ' ' || text[at + 3] == '-' || text[at + 3] == ':';
        const bool is_failure = text[at] == '4' || text[at] == '5';
        if (is_begin && is_end && is_failure && is_digit(text[at + 1]) && is_digit(text[at + 2])) {
            return text.substr(at, 3);
        }
    }
    return "_OTHER";
}

// Of each line, in order.
template <typename See>
void for_each_note(const TraceRecord& trace, See see) {
    for (const TraceNote& note : trace.notes.first()) see(note);
    for (const TraceNote& note : trace.notes.last()) see(note);
}

std::optional<TraceNote> last_error(const TraceRecord& trace) {
    std::optional<TraceNote> found;
    for_each_note(trace, [&found](const TraceNote& note) {
        if (note.kind == TraceNoteKind::error) found = note;
    });
    return found;
}

void put_meaning(pbf_writer& out, const TraceRecord& trace, const FamilyMeaning& meaning) {
    const auto put = [&out](std::string_view key, auto value) {
        put_attribute(out, field::span_attributes, key, value);
    };
    if (!trace.title.empty()) put("quipu.title", std::string_view(trace.title));
    if (meaning.is_smtp) {
        put("network.protocol.name", std::string_view("smtp"));
        put("network.transport", std::string_view("tcp"));
    }
    if (const auto peer = meaning.is_title_peer ? peer_of(trace.title) : std::nullopt) {
        put("network.peer.address", peer->address);
        put("network.peer.port", peer->port);
        put("client.address", peer->address);
        put("client.port", peer->port);
    }
    if (!meaning.messaging_operation.empty()) {
        put("messaging.system", std::string_view(trace.program));
        put("messaging.operation.type", meaning.messaging_operation);
        put("messaging.operation.name", std::string_view(trace.family));
        put("messaging.destination.name", std::string_view("queue"));
    }
    if (meaning.is_title_message) put("messaging.message.id", std::string_view(trace.title));
}

// --- The span -------------------------------------------------------------------------------------------------------

void put_event(pbf_writer& span, const TraceNote& note) {
    const bool is_error = note.kind == TraceNoteKind::error;
    pbf_writer event(span, field::span_events);
    event.add_fixed64(field::event_time, as_time(note.wall_ns));
    put_text(event, field::event_name, is_error ? "exception" : "quipu.event");
    if (is_error) put_attribute(event, field::event_attributes, "exception.type", error_type(note.text));
    put_attribute(event, field::event_attributes, is_error ? "exception.message" : "message", note.text);
}

void put_link(pbf_writer& span, const TraceNote& note, TraceRef of, const Traces& traces) {
    const TraceRef other{of.instance, note.other};
    const TraceRecord* known = traces.find(other);
    pbf_writer link(span, field::span_links);
    put_trace_id(link, field::link_trace_id, known ? known->root : other);
    put_span_id(link, field::link_span_id, other.number);
    put_attribute(link, field::link_attributes, "message", note.text);
}

// What was lost on the way stands in the span's count; a child is a span of its own.
void put_notes(pbf_writer& span, const TraceRecord& trace, const Traces& traces, bool is_links) {
    for_each_note(trace, [&](const TraceNote& note) {
        if (note.kind == TraceNoteKind::child) return;
        if ((note.kind == TraceNoteKind::link) != is_links) return;
        is_links ? put_link(span, note, trace.ref, traces) : put_event(span, note);
    });
}

std::uint32_t dropped_events(const TraceRecord& trace) {
    std::uint64_t dropped = trace.cut + trace.lost_at_end;
    for_each_note(trace, [&dropped](const TraceNote& note) { dropped += note.lost_before; });
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(dropped, std::numeric_limits<std::uint32_t>::max()));
}

void put_status(pbf_writer& span, std::string_view message) {
    pbf_writer status(span, field::span_status);
    put_text(status, field::status_message, message);
    status.add_enum(field::status_code, status_error);
}

}  // namespace

std::string encode_otlp_span(const TraceRecord& trace, const Traces& traces) {
    std::string bytes;
    pbf_writer span(bytes);
    const FamilyMeaning meaning = meaning_of(trace.family);
    put_trace_id(span, field::span_trace_id, trace.root);
    put_span_id(span, field::span_span_id, trace.ref.number);
    if (trace.parent.number != 0) put_span_id(span, field::span_parent_span_id, trace.parent.number);
    put_text(span, field::span_name, trace.family.empty() ? "trace" : std::string_view(trace.family));
    span.add_enum(field::span_kind, static_cast<std::int32_t>(meaning.kind));
    span.add_fixed64(field::span_start, as_time(trace.begin_wall_ns));
    span.add_fixed64(field::span_end, as_time(trace.end_wall_ns));
    put_meaning(span, trace, meaning);
    const std::optional<TraceNote> error = trace.is_error ? last_error(trace) : std::nullopt;
    const std::string_view why = error ? error->text : std::string_view(trace.orphaned);
    const bool is_failed = trace.is_error || !trace.orphaned.empty();
    if (is_failed) {
        const std::string_view type = trace.is_error ? error_type(why) : "orphaned";
        put_attribute(span, field::span_attributes, "error.type", type);
    }
    if (!trace.orphaned.empty()) put_attribute(span, field::span_attributes, "quipu.orphaned", trace.orphaned);
    if (trace.is_inferred) put_flag(span, field::span_attributes, "quipu.inferred");
    put_notes(span, trace, traces, false);
    if (const std::uint32_t dropped = dropped_events(trace)) span.add_uint32(field::span_dropped_events_count, dropped);
    put_notes(span, trace, traces, true);
    if (is_failed) put_status(span, why);
    return bytes;
}

std::string encode_otlp_resource(const TraceRecord& trace, const EmitterRecord* emitter) {
    std::string bytes;
    pbf_writer resource(bytes);
    const auto put = [&resource](std::string_view key, auto value) {
        put_attribute(resource, field::resource_attributes, key, value);
    };
    const std::string_view program = emitter ? emitter->program : trace.program;
    put("service.name", program.empty() ? std::string_view("unknown_service") : program);
    if (emitter) {
        if (!emitter->version.empty()) put("service.version", std::string_view(emitter->version));
        put("service.instance.id", std::string_view(instance_hex(*emitter)));
        if (!emitter->hostname.empty()) put("host.name", std::string_view(emitter->hostname));
        if (emitter->pid != 0) put("process.pid", std::int64_t{emitter->pid});
    }
    put("telemetry.sdk.name", std::string_view("quipu"));
    put("telemetry.sdk.language", std::string_view("cpp"));
    return bytes;
}

std::string encode_otlp_request(std::span<const OtlpSpan> spans, std::string_view version) {
    // In the order of their first span.
    std::vector<std::pair<const std::string*, std::vector<const OtlpSpan*>>> by_resource;
    std::map<const std::string*, std::size_t> places;
    for (const OtlpSpan& span : spans) {
        const auto [it, is_new] = places.try_emplace(span.resource.get(), by_resource.size());
        if (is_new) by_resource.emplace_back(span.resource.get(), std::vector<const OtlpSpan*>{});
        by_resource[it->second].second.push_back(&span);
    }
    std::string bytes;
    pbf_writer request(bytes);
    for (const auto& [resource, of_it] : by_resource) {
        pbf_writer resource_spans(request, field::request_resource_spans);
        resource_spans.add_message(field::resource_spans_resource, *resource);
        {
            pbf_writer scope_spans(resource_spans, field::resource_spans_scope_spans);
            {
                pbf_writer scope(scope_spans, field::scope_spans_scope);
                put_text(scope, field::scope_name, "quipu");
                put_text(scope, field::scope_version, version);
            }
            for (const OtlpSpan* span : of_it) scope_spans.add_message(field::scope_spans_spans, span->span);
            put_text(scope_spans, field::scope_spans_schema_url, schema_url);
        }
        put_text(resource_spans, field::resource_spans_schema_url, schema_url);
    }
    return bytes;
}

OtlpAnswer decode_otlp_answer(std::string_view body) {
    OtlpAnswer answer;
    try {
        protozero::pbf_reader response(body.data(), body.size());
        while (response.next(field::response_partial_success, protozero::pbf_wire_type::length_delimited)) {
            protozero::pbf_reader partial = response.get_message();
            while (partial.next()) {
                if (partial.tag_and_type() ==
                    protozero::tag_and_type(field::partial_rejected_spans, protozero::pbf_wire_type::varint)) {
                    answer.rejected_spans = static_cast<std::uint64_t>(std::max(partial.get_int64(), std::int64_t{0}));
                } else if (partial.tag_and_type() == protozero::tag_and_type(field::partial_message, protozero::pbf_wire_type::length_delimited)) {
                    answer.message = partial.get_string();
                } else {
                    partial.skip();
                }
            }
        }
    } catch (const protozero::exception&) {
        return {};
    }
    return answer;
}

}  // namespace quipu
