// /debug/traces for people: families, a list of traces, latencies.
#include <algorithm>
#include <cmath>

#include "daemon/pages/latency.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/traces_forms.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// Of each trace in a list; the whole trace is one click away.
constexpr std::size_t preview_lines = 20;
constexpr std::size_t preview_bytes = 300;

std::string floor_text(std::size_t bucket) {
    return bucket == 0 ? "\xE2\x89\xA5\xC2\xA0"
                         "0"
                       : "\xE2\x89\xA5\xC2\xA0" + duration_text(bucket_floor_ns[bucket]);
}

std::string bucket_text(int bucket) {
    if (bucket == bucket_open) return "open";
    if (bucket == bucket_errors) return "failed";
    if (bucket == bucket_orphans) return "orphaned";
    return floor_text(static_cast<std::size_t>(bucket));
}

std::string list_link(std::string_view family, int bucket, bool is_all_above) {
    Link link("/debug/traces");
    if (!family.empty()) link.with("fam", family);
    link.with("b", bucket);
    return link.with("all", is_all_above ? "true" : "false").text();
}

void add_family(View& view, const TracesAsk& ask, const std::string& name, const TraceFamily& family) {
    View row;
    row.set("family", name).flag("is_here", name == ask.family);
    row.set("link", list_link(name, 0, true));
    row.set("latency_link", Link("/debug/traces").with("fam", name).with("lat", "true").text());
    const auto add_cell = [&](int bucket, std::size_t kept) {
        View cell;
        cell.number("kept", kept).flag("is_none", kept == 0).set("link", list_link(name, bucket, ask.is_all_above));
        cell.flag("is_here", name == ask.family && ask.bucket == bucket);
        cell.flag("is_failed", bucket == bucket_errors && kept > 0);
        cell.set("meaning", bucket_text(bucket));
        row.add("cells", std::move(cell));
    };
    add_cell(bucket_open, family.active.size());
    for (std::size_t i = 0; i < bucket_count; ++i) add_cell(static_cast<int>(i), family.buckets[i].size());
    add_cell(bucket_errors, family.errors.size());
    view.add("families", std::move(row));
}

void add_families(View& view, const State& state, const TracesAsk& ask) {
    view.list("families");
    for (std::size_t i = 0; i < bucket_count; ++i) {
        view.add("bucket_heads", std::move(View().set("text", floor_text(i))));
    }
    for (const auto& [name, family] : state.traces.families()) add_family(view, ask, name, family);
    view.set("all_open_link", list_link("", bucket_open, true)).number("all_open", state.traces.active().size());
    view.set("all_failed_link", list_link("", bucket_errors, true));
    view.set("orphans_link", list_link("", bucket_orphans, true)).number("orphans", state.traces.orphans().size());
}

View preview_line(const TraceLine& line, std::int64_t before_ns) {
    View row;
    row.set("time", time_of_day(line.wall_ns, 6)).set("elapsed", seconds_text(line.wall_ns - before_ns));
    row.set("kind", word_for(line.what)).set("text", shortened(line.text, preview_bytes));
    row.set("count", line.count > 0 ? grouped(line.count) : "");
    const bool is_reference = line.what == TraceLine::What::link || line.what == TraceLine::What::child;
    row.set("link", is_reference && line.other_trace ? trace_link(line.other).text() : "");
    return row;
}

void add_trace(View& view, const State& state, const TraceRecord& trace, Now now) {
    View row;
    row.set("title", trace.title.empty() ? "(no title)" : trace.title).set("family", trace.family);
    row.set("program", trace.program).set("link", trace_link(trace.ref).text());
    set_time(row, "begin", trace.begin_wall_ns, now);
    row.set("begin_exact", date_time(trace.begin_wall_ns, 6));
    row.set("duration", duration_text(trace.duration_ns(now)));
    row.flag("is_open", trace.is_open()).flag("is_error", trace.is_error).set("orphaned", trace.orphaned);
    row.flag("is_inferred", trace.is_inferred);
    row.list("lines");
    const std::vector<TraceLine> lines = own_lines(state.traces, trace);
    row.set("line_count", lines.empty() ? "" : grouped(lines.size()));
    std::int64_t before_ns = trace.begin_wall_ns;
    for (std::size_t i = 0; i < std::min(lines.size(), preview_lines); ++i) {
        row.add("lines", preview_line(lines[i], before_ns));
        before_ns = lines[i].wall_ns;
    }
    row.set("more", lines.size() > preview_lines ? grouped(lines.size() - preview_lines) : "");
    view.add("traces", std::move(row));
}

void set_list(View& view, const State& state, const TracesAsk& ask, const TracesList& list, Now now) {
    const bool is_asked = ask.bucket.has_value() || ask.is_search();
    view.flag("has_list", is_asked);
    if (!is_asked) return;
    std::string heading = ask.family.empty() ? "All families" : ask.family;
    if (ask.bucket) heading += ", " + bucket_text(*ask.bucket);
    view.set("list_heading", heading).number("matching", list.traces.size()).list("traces");
    view.flag("is_oldest_first", ask.bucket == bucket_open);
    if (ask.bucket && *ask.bucket >= 0) {
        TracesAsk other = ask;
        other.is_all_above = !ask.is_all_above;
        view.set("other_all_link", other.link().text()).flag("is_all_above", ask.is_all_above);
    }
    for (std::size_t i = list.paging.begin; i < list.paging.end; ++i) add_trace(view, state, *list.traces[i], now);
    set_paging(view, list.paging, ask.link());
}

std::string percent_text(double percent) {
    std::string out;
    append_finite(out, std::round(percent * 100) / 100);
    return out;
}

void set_latency(View& view, const Latency& latency, const TracesAsk& ask) {
    view.flag("has_latency", true).set("latency_heading", ask.family);
    view.number("latency_count", latency.count).flag("is_exact", latency.is_exact);
    view.set("average", latency.average_ns < 0 ? "" : duration_text(latency.average_ns));
    for (const LatencyRow& row : latency.rows) {
        View line;
        line.set("from", duration_text(row.from_ns)).set("to", row.to_ns < 0 ? "" : duration_text(row.to_ns));
        line.number("count", row.count).flag("is_none", row.count == 0);
        line.set("percent", percent_text(row.percent)).set("so_far", percent_text(row.percent_so_far));
        view.add("latencies", std::move(line));
    }
}

// What limits made of the traces: shown beside them, so that nobody takes a sample for everything.
void set_limits(View& view, const State& state) {
    const TraceCounts& counts = state.traces.counts();
    const auto add = [&view](std::string_view what, std::uint64_t count) {
        if (count == 0) return;
        View row;
        row.set("what", what).number("count", count);
        view.add("limits", std::move(row));
    };
    for (const wire::Sampling& share : state.traces.sampler().sampling()) {
        View row;
        row.set("family", share.family).number("per_mille", share.per_mille);
        row.set("slow", duration_text(static_cast<std::int64_t>(share.always_above_ns)));
        view.add("shares", std::move(row));
    }
    view.number("events_last_second", state.traces.sampler().events_last_second());
    view.number("max_events_per_second", state.traces.sampler().limits().events_per_second);
    std::uint64_t dropped_events = 0;
    std::uint64_t dropped_traces = 0;
    for (const auto& emitter : state.emitters.all()) {
        dropped_events += emitter->traces.dropped_events;
        dropped_traces += emitter->traces.dropped_traces;
    }
    add("events lost in a mail daemon because its buffers were full", dropped_events);
    add("traces lost in a mail daemon because too many were open", dropped_traces);
    add("events given up between a trace's first and last ones", counts.cut_events);
    add("texts shortened", counts.cut_texts);
    add("open traces given up because too many were open", counts.evicted_active);
    add("traces forgotten early because all took too much memory", counts.evicted_bytes);
    add("traces put into the family (other)", counts.folded_families);
    add("child traces shown alone", counts.lone_children);
    add("events for unknown or ended traces", counts.ignored_events);
    view.number("events_taken", counts.events).set("bytes", bytes_text(state.traces.bytes()));
    view.set("max_bytes", bytes_text(state.traces.limits().total_bytes));
    view.number("kept_per_bucket", state.traces.limits().kept_per_bucket);
}

}  // namespace

Response traces_list_html(const State& state, Now now, const TracesAsk& ask, const TracesList& list) {
    View view;
    view.set("fam", ask.family).set("q", ask.needle).set("min", ask.min).flag("err", ask.is_errors_only);
    view.set("b", ask.bucket ? std::to_string(*ask.bucket) : "");
    add_families(view, state, ask);
    set_list(view, state, ask, list, now);
    view.flag("has_latency", false);
    if (ask.wants_latency) set_latency(view, latency_of(state, ask.family), ask);
    set_limits(view, state);
    Response response = html_page(state, now, {"Traces", "/debug/traces", web::traces_html}, view);
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

}  // namespace quipu
