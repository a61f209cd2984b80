// /debug/traces?trace=ID for people: one trace with its children and links, by time.
#include <algorithm>

#include "daemon/pages/text.hpp"
#include "daemon/pages/traces_forms.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::uint32_t deepest_indent = 6;  // as many classes as style.css has

std::string name_of(const TraceRecord& trace) {
    return trace.title.empty() ? trace.family : trace.family + " " + trace.title;
}

// A link or child: what is clicked, and what is to be said of it.
void set_reference(View& row, const TraceLine& line) {
    row.set("text", line.text).flag("is_seen_already", line.is_seen_already);
    if (!line.other_trace) {
        row.flag("is_gone", true);
        return;
    }
    Link link = trace_link(line.other);
    link.with("ref", to_string(line.trace->ref));
    row.set("other_link", link.text()).set("other_name", name_of(*line.other_trace));
    if (line.what == TraceLine::What::child) row.set("text", "");  // it says what the link says
}

View row_of(const TraceLine& line, std::int64_t before_ns, const TraceLine* line_before) {
    View row;
    row.set("time", time_of_day(line.wall_ns, 6)).set("elapsed", seconds_text(line.wall_ns - before_ns));
    row.set("kind", word_for(line.what)).set("depth", std::to_string(std::min(line.depth, deepest_indent)));
    row.set("count", line.count > 0 ? grouped(line.count) : "");
    row.set("text", line.text).set("other_link", "").set("other_name", "");
    row.flag("is_gone", false).flag("is_seen_already", false);
    // Whose line it is, where that is not clear from the line before.
    const bool is_told = line.depth > 0 && (!line_before || line_before->trace != line.trace);
    row.set("whose", is_told ? name_of(*line.trace) : "");
    row.set("whose_link", is_told ? trace_link(line.trace->ref).text() : "");
    for (const auto what :
         {TraceLine::What::event,
          TraceLine::What::error,
          TraceLine::What::link,
          TraceLine::What::child,
          TraceLine::What::cut,
          TraceLine::What::lost,
          TraceLine::What::end,
          TraceLine::What::orphaned}) {
        row.flag("is_" + std::string(word_for(what)), line.what == what);
    }
    const bool is_reference = line.what == TraceLine::What::link || line.what == TraceLine::What::child;
    if (is_reference) set_reference(row, line);
    if (line.what == TraceLine::What::end) row.set("text", duration_text(line.wall_ns - line.trace->begin_wall_ns));
    return row;
}

void set_facts(View& view, const State& state, const TraceRecord& trace, Now now) {
    view.set("title", trace.title.empty() ? "(no title)" : trace.title).set("family", trace.family);
    view.set("family_link", Link("/debug/traces").with("fam", trace.family).with("b", "0").text());
    view.set("id", to_string(trace.ref)).set("program", trace.program);
    set_time(view, "begin", trace.begin_wall_ns, now);
    view.set("begin_exact", date_time(trace.begin_wall_ns, 6));
    view.set("duration", duration_text(trace.duration_ns(now)));
    view.flag("is_open", trace.is_open()).flag("is_error", trace.is_error).set("orphaned", trace.orphaned);
    view.flag("is_inferred", trace.is_inferred);
    view.number("cut", trace.cut).flag("has_cut", trace.cut > 0);
    view.set("json_link", trace_link(trace.ref).with("format", "json").text());
    view.set("parent", "").set("parent_link", "");
    if (trace.parent.number == 0) return;
    const TraceRecord* parent = state.traces.find(trace.parent);
    view.set("parent", parent ? name_of(*parent) : "not kept");
    view.set("parent_link", parent ? trace_link(trace.parent).with("ref", to_string(trace.ref)).text() : "");
}

}  // namespace

Response one_trace_html(const State& state, Now now, const OneTrace& one) {
    const std::vector<TraceLine>& lines = one.merged.lines;
    View view;
    set_facts(view, state, one.trace, now);
    view.list("lines");
    for (std::size_t i = one.paging.begin; i < one.paging.end; ++i) {
        const TraceLine* before = i > 0 ? &lines[i - 1] : nullptr;
        view.add("lines", row_of(lines[i], before ? before->wall_ns : one.trace.begin_wall_ns, before));
    }
    view.set("left_out", one.merged.left_out > 0 ? grouped(one.merged.left_out) : "");
    set_paging(view, one.paging, trace_link(one.trace.ref));
    const std::string title = shortened(one.trace.family + " " + one.trace.title, 200);
    Response response = html_page(state, now, {title, "/debug/traces", web::trace_html}, view);
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

}  // namespace quipu
