// /debug/traces with format=json: all that the HTML pages show, for scripts.
#include <algorithm>
#include <limits>

#include "daemon/pages/json.hpp"
#include "daemon/pages/latency.hpp"
#include "daemon/pages/traces_forms.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

void append_lines(JsonWriter& json, const std::vector<TraceLine>& lines, const Paging& paging, bool is_merged) {
    json.key("events").open_array();
    for (std::size_t i = paging.begin; i < paging.end; ++i) {
        const TraceLine& line = lines[i];
        json.open_object().key("at").text(iso_time(line.wall_ns));
        const std::int64_t before = i > 0 ? lines[i - 1].wall_ns : lines[i].trace->begin_wall_ns;
        json.key("elapsed_ns").integer(line.wall_ns - before);
        if (is_merged) {
            json.key("trace").text(to_string(line.trace->ref)).key("depth").integer(std::uint64_t{line.depth});
        }
        json.key("kind").text(word_for(line.what)).key("text").text(line.text);
        if (line.count > 0) json.key("count").integer(line.count);
        if (line.other.number != 0) {
            json.key("other").text(to_string(line.other)).key("is_kept").flag(line.other_trace != nullptr);
            if (is_merged) json.key("is_seen_already").flag(line.is_seen_already);
        }
        json.close_object();
    }
    json.close_array();
}

// The trace's own facts, inside an open object.
void append_trace(JsonWriter& json, const TraceRecord& trace, Now now) {
    json.key("id").text(to_string(trace.ref)).key("family").text(trace.family).key("title").text(trace.title);
    json.key("program").text(trace.program).key("begin").text(iso_time(trace.begin_wall_ns));
    json.key("end").text(trace.is_open() ? "" : iso_time(trace.end_wall_ns));
    json.key("duration_ns")
        .integer(std::max<std::int64_t>(0, trace.duration_ns(now)))
        .key("is_open")
        .flag(trace.is_open());
    json.key("is_error")
        .flag(trace.is_error)
        .key("is_inferred")
        .flag(trace.is_inferred)
        .key("orphaned")
        .text(trace.orphaned);
    json.key("parent").text(trace.parent.number != 0 ? to_string(trace.parent) : "");
    json.key("children").open_array();
    for (const TraceRecord* child : trace.children) json.text(to_string(child->ref));
    json.close_array();
    json.key("cut_events").integer(trace.cut).key("lost_at_end").integer(trace.lost_at_end);
}

void append_families(JsonWriter& json, const State& state) {
    json.key("families").open_array();
    for (const auto& [name, family] : state.traces.families()) {
        json.open_object().key("family").text(name).key("open").integer(std::uint64_t{family.active.size()});
        json.key("errors").integer(family.error_count);
        json.key("errors_kept").integer(std::uint64_t{family.errors.size()}).key("buckets").open_array();
        for (std::size_t i = 0; i < bucket_count; ++i) {
            json.open_object().key("from_ns").integer(bucket_floor_ns[i]);
            json.key("kept").integer(std::uint64_t{family.buckets[i].size()});
            json.key("ended").integer(family.ended_count[i]).close_object();
        }
        json.close_array().close_object();
    }
    json.close_array();
}

void append_latency(JsonWriter& json, const Latency& latency) {
    json.key("latency").open_object().key("is_exact").flag(latency.is_exact);
    json.key("count").integer(latency.count).key("average_ns");
    if (latency.average_ns < 0) {
        json.number(std::numeric_limits<double>::quiet_NaN());
    } else {
        json.integer(latency.average_ns);
    }
    json.key("rows").open_array();
    for (const LatencyRow& row : latency.rows) {
        json.open_object().key("from_ns").integer(row.from_ns);
        if (row.to_ns >= 0) json.key("to_ns").integer(row.to_ns);
        json.key("count").integer(row.count).close_object();
    }
    json.close_array().close_object();
}

Response json_response() {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

void append_paging(JsonWriter& json, const Paging& paging) {
    json.key("page").integer(std::uint64_t{paging.page}).key("pages").integer(std::uint64_t{paging.page_count});
}

// What the page says under "What limits did".
void append_limits(JsonWriter& json, const State& state) {
    const TraceCounts& counts = state.traces.counts();
    std::uint64_t lost_events = 0;
    std::uint64_t lost_traces = 0;
    for (const auto& emitter : state.emitters.all()) {
        lost_events += emitter->traces.dropped_events;
        lost_traces += emitter->traces.dropped_traces;
    }
    json.key("limits").open_object();
    json.key("events_taken").integer(counts.events);
    json.key("lost_events").integer(lost_events).key("lost_traces").integer(lost_traces);
    json.key("cut_events").integer(counts.cut_events).key("cut_texts").integer(counts.cut_texts);
    json.key("evicted_active").integer(counts.evicted_active).key("evicted_for_bytes").integer(counts.evicted_bytes);
    json.key("folded_families").integer(counts.folded_families).key("lone_children").integer(counts.lone_children);
    json.key("ignored_events").integer(counts.ignored_events);
    json.key("bytes").integer(std::uint64_t{state.traces.bytes()});
    json.key("max_bytes").integer(std::uint64_t{state.traces.limits().total_bytes});
    json.close_object();
    json.key("sampling").open_array();
    for (const wire::Sampling& share : state.traces.sampler().sampling()) {
        json.open_object().key("family").text(share.family).key("per_mille").integer(std::uint64_t{share.per_mille});
        json.key("always_above_ns").integer(share.always_above_ns).close_object();
    }
    json.close_array();
}

}  // namespace

Response traces_list_json(const State& state, Now now, const TracesAsk& ask, const TracesList& list) {
    Response response = json_response();
    JsonWriter json(response.body);
    json.open_object().key("now").text(iso_time(now.wall_ns));
    append_families(json, state);
    append_limits(json, state);
    if (ask.wants_latency) append_latency(json, latency_of(state, ask.family));
    json.key("matching").integer(std::uint64_t{list.traces.size()});
    append_paging(json, list.paging);
    json.key("traces").open_array();
    for (std::size_t i = list.paging.begin; i < list.paging.end; ++i) {
        const std::vector<TraceLine> lines = own_lines(state.traces, *list.traces[i]);
        json.open_object();
        append_trace(json, *list.traces[i], now);
        append_lines(json, lines, {1, 1, 0, lines.size()}, false);
        json.close_object();
    }
    json.close_array().close_object();
    response.body += '\n';
    return response;
}

Response one_trace_json(const State& /*state*/, Now now, const OneTrace& one) {
    Response response = json_response();
    JsonWriter json(response.body);
    json.open_object().key("now").text(iso_time(now.wall_ns));
    json.key("trace").open_object();
    append_trace(json, one.trace, now);
    json.close_object();
    json.key("left_out_traces").integer(std::uint64_t{one.merged.left_out});
    append_paging(json, one.paging);
    append_lines(json, one.merged.lines, one.paging, true);
    json.close_object();
    response.body += '\n';
    return response;
}

}  // namespace quipu
