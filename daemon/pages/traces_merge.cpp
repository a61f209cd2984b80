#include "daemon/pages/traces_merge.hpp"

#include <algorithm>
#include <deque>
#include <unordered_set>

namespace quipu {

namespace {

using What = TraceLine::What;

class OwnLines {
public:
    OwnLines(const Traces& traces, const TraceRecord& trace) : traces_(traces), trace_(trace) {}

    std::vector<TraceLine> make() {
        lines_.reserve(trace_.notes.first().size() + trace_.notes.last().size() + 3);
        for (const TraceNote& note : trace_.notes.first()) add_note(note);
        add_gap(What::cut, time_of_cut(), trace_.cut);
        for (const TraceNote& note : trace_.notes.last()) add_note(note);
        add_gap(What::lost, trace_.is_open() ? last_time() : trace_.end_wall_ns, trace_.lost_at_end);
        if (!trace_.is_open()) {
            TraceLine& end = add(trace_.orphaned.empty() ? What::end : What::orphaned, trace_.end_wall_ns);
            end.text = trace_.orphaned;
        }
        return std::move(lines_);
    }

private:
    [[nodiscard]] std::int64_t last_time() const {
        return lines_.empty() ? trace_.begin_wall_ns : lines_.back().wall_ns;
    }

    [[nodiscard]] std::int64_t time_of_cut() const {
        const TraceNotes::Part last = trace_.notes.last();
        return last.empty() ? last_time() : last.front().wall_ns;
    }

    TraceLine& add(What what, std::int64_t wall_ns) {
        TraceLine& line = lines_.emplace_back();
        line.what = what;
        line.trace = &trace_;
        line.wall_ns = wall_ns;
        return line;
    }

    void add_gap(What what, std::int64_t wall_ns, std::uint64_t count) {
        if (count > 0) add(what, wall_ns).count = count;
    }

    void add_note(const TraceNote& note) {
        add_gap(What::lost, note.wall_ns, note.lost_before);
        TraceLine& line = add(what_of(note.kind), note.wall_ns);
        line.text = note.text;
        if (note.kind != TraceNoteKind::link && note.kind != TraceNoteKind::child) return;
        line.other = {trace_.ref.instance, note.other};
        line.other_trace = traces_.find(line.other);
    }

    static What what_of(TraceNoteKind kind) {
        switch (kind) {
            case TraceNoteKind::event: return What::event;
            case TraceNoteKind::error: return What::error;
            case TraceNoteKind::link: return What::link;
            case TraceNoteKind::child: return What::child;
        }
        return What::event;
    }

    const Traces& traces_;
    const TraceRecord& trace_;
    std::vector<TraceLine> lines_;
};

}  // namespace

std::string_view word_for(What what) {
    switch (what) {
        case What::event: return "event";
        case What::error: return "error";
        case What::link: return "link";
        case What::child: return "child";
        case What::cut: return "cut";
        case What::lost: return "lost";
        case What::end: return "end";
        case What::orphaned: return "orphaned";
    }
    return {};
}

std::vector<TraceLine> own_lines(const Traces& traces, const TraceRecord& trace) {
    return OwnLines(traces, trace).make();
}

MergedTrace merged_lines(const Traces& traces, const TraceRecord& root, std::size_t max_traces) {
    struct Waiting {
        const TraceRecord* trace;
        std::uint32_t depth;
    };

    MergedTrace merged;
    std::unordered_set<const TraceRecord*> seen = {&root};
    std::deque<Waiting> waiting = {{&root, 0}};
    std::size_t taken = 0;
    const auto follow = [&](const TraceRecord* other, std::uint32_t depth) {
        const bool is_new = other && seen.insert(other).second;
        if (is_new) waiting.push_back({other, depth});
        return is_new;
    };
    for (; !waiting.empty() && taken < max_traces; ++taken) {
        const auto [trace, depth] = waiting.front();
        waiting.pop_front();
        for (TraceLine& line : own_lines(traces, *trace)) {
            line.depth = depth;
            if (line.other_trace) line.is_seen_already = !follow(line.other_trace, depth + 1);
            merged.lines.push_back(line);
        }
        // Those whose line was cut.
        for (const TraceRecord* child : trace->children) follow(child, depth + 1);
    }
    merged.left_out = waiting.size();
    std::stable_sort(merged.lines.begin(), merged.lines.end(), [](const TraceLine& a, const TraceLine& b) {
        return a.wall_ns < b.wall_ns;
    });
    return merged;
}

}  // namespace quipu
