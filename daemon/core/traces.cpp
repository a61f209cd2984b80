// What happens to open traces. How ended ones are kept and forgotten: traces_keep.cpp.
#include "daemon/core/traces.hpp"

#include <algorithm>
#include <utility>

namespace quipu {

namespace {

constexpr std::string_view other_family = "(other)";
constexpr std::size_t orphans_per_step = 500;                   // a millisecond or two
constexpr std::int64_t latest_wall_ns = std::int64_t{1} << 62;  // the year 2116

// The emitter's clock as wall time. Any 64 bits may come in; what comes out is positive and far from overflow.
std::int64_t wall_time(const TraceOrigin& origin, std::uint64_t steady_ns) {
    const auto wall = static_cast<std::int64_t>(steady_ns + static_cast<std::uint64_t>(origin.wall_minus_steady_ns));
    return std::clamp(wall, std::int64_t{1}, latest_wall_ns);
}

TailKind tail_kind(TraceNoteKind kind) {
    switch (kind) {
        case TraceNoteKind::event:
        case TraceNoteKind::child: return TailKind::event;
        case TraceNoteKind::error: return TailKind::error;
        case TraceNoteKind::link: return TailKind::link;
    }
    return TailKind::event;
}

}  // namespace

std::size_t bucket_of(std::int64_t duration_ns) {
    std::size_t bucket = 0;
    while (bucket + 1 < bucket_count && duration_ns >= bucket_floor_ns[bucket + 1]) ++bucket;
    return bucket;
}

std::string to_string(TraceRef ref) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint64_t half : {ref.instance, ref.number}) {
        for (int shift = 60; shift >= 0; shift -= 4) text += digits[half >> shift & 15];
    }
    return text;
}

bool parse(std::string_view text, TraceRef& out) {
    if (text.size() != 32) return false;
    std::array<std::uint64_t, 2> halves{};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::uint64_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<std::uint64_t>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<std::uint64_t>(c - 'a' + 10);
        } else {
            return false;
        }
        halves[i / 16] = halves[i / 16] << 4 | digit;
    }
    out = {halves[0], halves[1]};
    return true;
}

const TraceRecord* Traces::find(TraceRef ref) const {
    const auto it = all_.find(ref);
    return it == all_.end() ? nullptr : it->second.get();
}

void Traces::apply(TraceOrigin& origin, const wire::TraceEvents& events, Now now) {
    is_tailed_ = tail_.is_recording(now);
    for (const wire::TraceEvent& event : events.events) {
        ++counts_.events;
        switch (event.kind) {
            case wire::TraceEventKind::begin: begin(origin, event, now); break;
            case wire::TraceEventKind::event:
            case wire::TraceEventKind::error:
            case wire::TraceEventKind::link: note(origin, event); break;
            case wire::TraceEventKind::end: end(origin, event); break;
        }
        hold_bounds(now);
    }
    origin.dropped_events = std::max(origin.dropped_events, events.dropped_events);
    origin.dropped_traces = std::max(origin.dropped_traces, events.dropped_traces);
    if (!events.all_active_announced || !origin.is_resuming) return;
    origin.is_resuming = false;
    std::vector<TraceRecord*> over;
    for (const auto& [number, trace] : origin.open) {
        if (!origin.announced.contains(number)) over.push_back(trace);
    }
    origin.announced.clear();
    for (TraceRecord* trace : over) orphan(*trace, "its end was lost with a broken connection", now);
}

void Traces::begin(TraceOrigin& origin, const wire::TraceEvent& event, Now now) {
    const TraceRef ref{origin.instance, event.trace};
    if (origin.is_resuming) origin.announced.insert(event.trace);
    auto owned = std::make_unique<TraceRecord>();
    TraceRecord& trace = *owned;
    if (!all_.try_emplace(ref, std::move(owned)).second) {
        const auto open = origin.open.find(event.trace);
        if (event.resumed && open != origin.open.end()) {
            open->second->cut += event.dropped_before;  // lost while the connection was down
        } else {
            ++counts_.ignored_events;
        }
        return;
    }
    auto& [family_name, family] = family_for(event.family);
    sampler_.count(family_name, 1);
    trace.ref = ref;
    trace.family = family_name;
    std::string room;
    trace.title = cut_text(event.text, room);
    trace.program = origin.program;
    trace.is_inferred = event.inferred;
    trace.begin_wall_ns = wall_time(origin, event.steady_ns);
    is_changed_ = true;
    trace.origin = &origin;
    trace.holds = 1;  // being open
    trace.in_family = family.active.insert(family.active.end(), &trace);
    trace.in_all = active_.insert(active_.end(), &trace);
    origin.open.emplace(event.trace, &trace);
    charge(trace);
    trace.cut = event.dropped_before;
    if (is_tailed_) tail_.append(TailKind::begin, trace, trace.begin_wall_ns, {});
    trace.root = ref;
    if (event.other != 0) {
        trace.parent = {origin.instance, event.other};
        const TraceRecord* parent = find(trace.parent);
        trace.root = parent ? parent->root : trace.parent;
        adopt(trace);
    }
    if (event.resumed && trace.begin_wall_ns <= origin.restored_wall_ns) {
        note_gap(trace, "quipud was restarted; what this trace had said before is not kept", now.wall_ns);
    }
}

// Hangs the child into its parent. A child is always younger than its parent and has one, so no cycle can come.
void Traces::adopt(TraceRecord& child) {
    const auto it = all_.find(child.parent);
    TraceRecord* parent = it == all_.end() ? nullptr : it->second.get();
    if (!parent || parent == &child || parent->children.size() >= limits_.children_per_trace) {
        ++counts_.lone_children;
        return;
    }
    parent->children.push_back(&child);
    ++child.holds;
    const std::string text = child.family + " " + child.title;
    TraceNote note;
    note.wall_ns = child.begin_wall_ns;
    note.kind = TraceNoteKind::child;
    note.other = child.ref.number;
    note.text = text;
    append(*parent, note);
}

void Traces::note(TraceOrigin& origin, const wire::TraceEvent& event) {
    const auto it = origin.open.find(event.trace);
    if (it == origin.open.end()) {
        ++counts_.ignored_events;
        return;
    }
    TraceRecord& trace = *it->second;
    sampler_.count(trace.family, 1);
    TraceNote note;
    note.wall_ns = wall_time(origin, event.steady_ns);
    note.lost_before = event.dropped_before;
    std::string room;
    note.text = cut_text(event.text, room);
    if (event.kind == wire::TraceEventKind::error) {
        note.kind = TraceNoteKind::error;
        trace.is_error = true;
    } else if (event.kind == wire::TraceEventKind::link) {
        note.kind = TraceNoteKind::link;
        note.other = event.other;
    }
    if (is_tailed_) tail_.append(tail_kind(note.kind), trace, note.wall_ns, note.text);
    append(trace, note);
}

void Traces::end(TraceOrigin& origin, const wire::TraceEvent& event) {
    const auto it = origin.open.find(event.trace);
    if (it == origin.open.end()) {
        ++counts_.ignored_events;
        return;
    }
    TraceRecord& trace = *it->second;
    trace.lost_at_end = event.dropped_before;
    finish(trace, wall_time(origin, event.steady_ns));
}

void Traces::append(TraceRecord& trace, const TraceNote& note) {
    if (const std::uint64_t given_up = trace.notes.append(note, limits_.events_per_trace); given_up > 0) {
        trace.cut += given_up;
        ++counts_.cut_events;
    }
    trace.is_changed = is_changed_ = true;
    charge(trace);
}

// The text, or where it is too long its beginning, which is in `room` then.
std::string_view Traces::cut_text(std::string_view text, std::string& room) {
    constexpr std::string_view mark = "...";
    if (text.size() <= limits_.event_bytes) return text;
    ++counts_.cut_texts;
    room = text.substr(0, limits_.event_bytes - std::min<std::size_t>(limits_.event_bytes, mark.size()));
    return room.append(mark);
}

// What a trace costs, whenever that has changed.
void Traces::charge(TraceRecord& trace) {
    bytes_ -= trace.bytes;
    trace.bytes = sizeof(TraceRecord) + trace.title.size() + trace.family.size() + trace.notes.memory();
    bytes_ += trace.bytes;
}

Traces::FamilyMap::value_type& Traces::family_for(std::string_view name) {
    if (const auto it = families_.find(name); it != families_.end()) return *it;
    if (families_.size() >= limits_.families) {
        ++counts_.folded_families;
        name = other_family;
    }
    return *families_.try_emplace(std::string(name)).first;
}

void Traces::resume(TraceOrigin& origin) {
    origin.is_resuming = true;
    origin.announced.clear();
}

void Traces::orphan_all(TraceOrigin& origin, std::string_view why, Now now) {
    origin.is_resuming = false;
    origin.announced.clear();
    if (origin.open.empty()) return;
    Ending& ending = endings_.emplace_back();
    ending.why = why;
    ending.now = now;
    ending.origin.instance = origin.instance;
    std::vector<std::pair<std::int64_t, std::uint64_t>> by_age;
    by_age.reserve(origin.open.size());
    for (const auto& [number, trace] : origin.open) {
        by_age.emplace_back(trace->begin_wall_ns, number);
        trace->origin = &ending.origin;
    }
    ending.origin.open = std::exchange(origin.open, {});
    std::sort(by_age.begin(), by_age.end());
    ending.numbers.reserve(by_age.size());
    for (const auto& [begin_wall_ns, number] : by_age) ending.numbers.push_back(number);
    orphan_some();
}

void Traces::orphan_some() {
    if (endings_.empty()) return;
    Ending& ending = endings_.front();
    is_tailed_ = tail_.is_recording(ending.now);
    const std::size_t end = std::min(ending.numbers.size(), ending.at + orphans_per_step);
    for (; ending.at < end; ++ending.at) {
        const auto it = ending.origin.open.find(ending.numbers[ending.at]);
        if (it == ending.origin.open.end()) continue;  // given up meanwhile, for one of the bounds
        TraceRecord& trace = *it->second;
        trace.is_in_orphans = true;
        keep(orphans_, trace, limits_.kept_orphans);
        orphan(trace, ending.why, ending.now);
    }
    hold_bounds(ending.now);
    if (ending.at == ending.numbers.size()) endings_.pop_front();
}

void Traces::orphan(TraceRecord& trace, std::string_view why, Now now) {
    trace.orphaned = why;
    finish(trace, now.wall_ns);
}

}  // namespace quipu
