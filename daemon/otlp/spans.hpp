// Ended traces as OpenTelemetry spans, in protobuf: the messages of opentelemetry.proto.trace.v1 and
// opentelemetry.proto.collector.trace.v1, written by hand as our own protocol's are. Pure.
//
//     trace                        span
//     ref (32 hex digits)          trace_id of a root; its tree's children have the root's, so that they are one trace
//     there number in its process        span_id; parent_span_id family                       name, and kind: SMTP.Conn
//     is a server, Courier.SMTP a client, the queue messaging title                        quipu.title, and what the
//     semantic conventions have for it: network.peer.address, ... event, error                 events "quipu.event"
//     with `message`, "exception" with exception.message link                         link to the other trace's span
//     is_error, orphaned           status, error.type
//     events that were lost        dropped_events_count
//
// What goes out is what /debug/traces shows, and of the mail daemon its name, version, host, process and instance: no
// command line, no flags, no configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/core/emitters.hpp"
#include "daemon/core/traces.hpp"

namespace quipu {

// The message Span. `traces` tells what tree a linked trace is of.
std::string encode_otlp_span(const TraceRecord& trace, const Traces& traces);

// The message Resource: the process that the trace is of. `emitter` null: it is not on record any more.
std::string encode_otlp_resource(const TraceRecord& trace, const EmitterRecord* emitter);

// A span on its way. Spans of one process share its resource.
struct OtlpSpan {
    std::shared_ptr<const std::string> resource;
    std::string span;
};

// The message ExportTraceServiceRequest. `version`: quipud's own, of the scope.
std::string encode_otlp_request(std::span<const OtlpSpan> spans, std::string_view version);

// What the message ExportTraceServiceResponse says of a request that was accepted.
struct OtlpAnswer {
    std::uint64_t rejected_spans = 0;
    std::string message;
};

// Any bytes may come in: what makes no sense says nothing.
OtlpAnswer decode_otlp_answer(std::string_view body);

}  // namespace quipu
