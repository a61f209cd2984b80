// /debug/traces: families and their traces, the traces that a search finds, or one trace with all that belongs to it.
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/traces_forms.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

Response complain(const State& state, Now now, Form form, unsigned status, std::string_view sentence) {
    if (form != Form::html) return error_response(status, sentence);
    return html_error(state, now, {"Traces", "/debug/traces", web::error_html}, status, sentence);
}

Response no_such_trace(const State& state, Now now, Form form, const TracesAsk& ask) {
    std::string sentence = "This trace is not kept, or it never was.";
    TraceRef ref;
    if (parse(ask.ref, ref) && state.traces.find(ref)) {
        sentence += " The one that refers to it is: " + trace_link(ref).text();
    }
    return complain(state, now, form, 404, sentence);
}

Response one_trace(const State& state, const Request& request, Now now, Form form, const TracesAsk& ask) {
    TraceRef ref;
    const TraceRecord* trace = parse(ask.trace, ref) ? state.traces.find(ref) : nullptr;
    if (!trace) return no_such_trace(state, now, form, ask);
    OneTrace one{*trace, merged_lines(state.traces, *trace, max_merged_traces), {}};
    const auto paging = page_of(request, one.merged.lines.size(), lines_per_page);
    if (!paging) return complain(state, now, form, 400, "The page is not a number.");
    one.paging = *paging;
    return form == Form::json ? one_trace_json(state, now, one) : one_trace_html(state, now, one);
}

Response list(const State& state, const Request& request, Now now, Form form, TracesAsk& ask) {
    const bool is_family_alone = !ask.family.empty() && !ask.bucket && !ask.wants_latency && !ask.is_search();
    if (is_family_alone) ask.bucket = 0;
    TracesList list;
    list.traces = select_traces(state, ask, now);
    const auto paging = page_of(request, list.traces.size(), traces_per_page);
    if (!paging) return complain(state, now, form, 400, "The page is not a number.");
    list.paging = *paging;
    return form == Form::json ? traces_list_json(state, now, ask, list) : traces_list_html(state, now, ask, list);
}

}  // namespace

PageResult traces_page(const State& state, const Request& request, Now now) {
    const auto wanted = wanted_form(request, Form::html);
    if (!wanted || *wanted == Form::text) return error_response(400, "The format of this page is html or json.");
    TracesAsk ask;
    if (const Complaint complaint = parse_traces_ask(state, request, ask); complaint.status != 0) {
        return complain(state, now, *wanted, complaint.status, complaint.sentence);
    }
    if (!ask.trace.empty()) return one_trace(state, request, now, *wanted, ask);
    return list(state, request, now, *wanted, ask);
}

Link trace_link(TraceRef ref) {
    Link link("/debug/traces");
    link.with("trace", to_string(ref));
    return link;
}

}  // namespace quipu
