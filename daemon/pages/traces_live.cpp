// /debug/traces/live: the latest trace events as they stand, and live.js to keep them coming.
#include <algorithm>
#include <tuple>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/traces_forms.hpp"
#include "daemon/pages/traces_stream.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::size_t lines_shown = 100;
// Of each trace that is kept, its last ones: enough for what is new, and no walk over every event there is.
constexpr std::size_t notes_per_trace = 10;
// Of a title or a text; the trace's own page, one link away, has the whole. live.js cuts at as many.
constexpr std::size_t shown_bytes = 300;

struct LatestNote {
    const TraceRecord* trace;
    std::size_t place;  // among the trace's lines
    TraceNote note;
};

bool is_wanted(const TracesAsk& ask, const LatestNote& latest, Now now) {
    TailLine line;
    line.family = latest.trace->family;
    line.title = latest.trace->title;
    line.text = latest.note.text;
    line.duration_ns = latest.trace->duration_ns(now);
    line.is_error = latest.trace->is_error;
    return matches(ask, line);
}

// `place`: of the part's first line.
void take_last(
    const TraceRecord& trace, const TraceNotes::Part& part, std::size_t place, std::vector<LatestNote>& out
) {
    const std::size_t end = place + part.size();
    for (auto it = part.begin(); it != part.end(); ++it, ++place) {
        if (end - place <= notes_per_trace) out.push_back({&trace, place, *it});
    }
}

// Newest first.
std::vector<LatestNote> latest_notes(const State& state, const TracesAsk& ask, Now now) {
    std::vector<LatestNote> found;
    const auto take = [&found](const auto& traces) {
        for (const TraceRecord* trace : traces) {
            take_last(*trace, trace->notes.first(), 0, found);
            take_last(*trace, trace->notes.last(), trace->notes.first().size(), found);
        }
    };
    for (const auto& [name, family] : state.traces.families()) {
        take(family.active);
        for (const auto& bucket : family.buckets) take(bucket);
        take(family.errors);
    }
    std::erase_if(found, [&](const LatestNote& latest) { return !is_wanted(ask, latest, now); });
    const auto is_newer = [](const LatestNote& a, const LatestNote& b) {
        return std::tuple(a.note.wall_ns, a.trace, a.place) > std::tuple(b.note.wall_ns, b.trace, b.place);
    };
    std::sort(found.begin(), found.end(), is_newer);
    // A failed trace is kept twice.
    const auto is_same = [](const LatestNote& a, const LatestNote& b) {
        return a.trace == b.trace && a.place == b.place;
    };
    found.erase(std::unique(found.begin(), found.end(), is_same), found.end());
    found.resize(std::min(found.size(), lines_shown));
    return found;
}

}  // namespace

PageResult traces_live_page(const State& state, const Request& request, Now now) {
    TracesAsk ask;
    const Complaint complaint = parse_traces_ask(state, request, ask);
    if (complaint.status != 0 && complaint.status != 404) return error_response(complaint.status, complaint.sentence);
    View view;
    view.set("fam", ask.family).set("q", ask.needle).set("min", ask.min).flag("err", ask.is_errors_only);
    view.set("as_of", time_of_day(now.wall_ns, 0)).list("families").list("lines");
    for (const auto& [name, family] : state.traces.families()) {
        View row;
        row.set("family", name).flag("is_here", name == ask.family);
        view.add("families", std::move(row));
    }
    for (const LatestNote& latest : latest_notes(state, ask, now)) {
        View row;
        row.set("time", time_of_day(latest.note.wall_ns, 3)).set("family", latest.trace->family);
        row.set("title", latest.trace->title.empty() ? "(no title)" : shortened(latest.trace->title, shown_bytes));
        row.set("text", shortened(latest.note.text, shown_bytes)).set("link", trace_link(latest.trace->ref).text());
        row.flag("failed", latest.note.kind == TraceNoteKind::error);
        view.add("lines", std::move(row));
    }
    return html_page(state, now, {"Live traces", "/debug/traces", web::live_html, {"feed.js", "live.js"}}, view);
}

}  // namespace quipu
