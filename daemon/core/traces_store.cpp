// Traces on their way to the store and back.
#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/core/durable.hpp"
#include "daemon/core/traces.hpp"

namespace quipu {

namespace {

// Nearly every trace has ended by then, and need not be written twice.
constexpr std::int64_t min_open_age_ns = 1'000'000'000;
// The rest waits for the next commit.
constexpr std::size_t bytes_per_commit = 4 * 1024 * 1024;

bool is_older(const TraceRecord* a, const TraceRecord* b) {
    return a->begin_wall_ns < b->begin_wall_ns ||
           (a->begin_wall_ns == b->begin_wall_ns && a->ref.number < b->ref.number);
}

DurableTrace durable(const TraceRecord& trace) {
    DurableTrace row;
    row.ref = trace.ref;
    row.parent = trace.parent.number;
    row.place = trace.place;
    row.family = trace.family;
    row.title = trace.title;
    row.program = trace.program;
    row.begin_wall_ns = trace.begin_wall_ns;
    row.end_wall_ns = trace.end_wall_ns;
    row.is_error = trace.is_error;
    row.is_inferred = trace.is_inferred;
    row.is_in_orphans = trace.is_in_orphans;
    row.orphaned = trace.orphaned;
    row.cut = trace.cut;
    row.lost_at_end = trace.lost_at_end;
    row.notes = trace.notes;
    return row;
}

std::unique_ptr<TraceRecord> record_of(DurableTrace&& row) {
    auto owned = std::make_unique<TraceRecord>();
    TraceRecord& trace = *owned;
    trace.ref = trace.root = row.ref;
    if (row.parent != 0) trace.parent = {row.ref.instance, row.parent};
    trace.place = row.place;
    trace.title = std::move(row.title);
    trace.program = std::move(row.program);
    trace.begin_wall_ns = row.begin_wall_ns;
    trace.end_wall_ns = row.place == 0 ? 0 : std::max(row.end_wall_ns, std::int64_t{1});
    trace.is_error = row.is_error;
    trace.is_inferred = row.is_inferred;
    trace.is_in_orphans = row.is_in_orphans;
    trace.orphaned = std::move(row.orphaned);
    trace.cut = row.cut;
    trace.lost_at_end = row.lost_at_end;
    trace.notes = std::move(row.notes);
    trace.is_changed = false;
    trace.holds = 1;  // until all are where they belong
    return owned;
}

}  // namespace

// --- Taking ---------------------------------------------------------------------------------------------------------

void Traces::take_changes(Changes& changes, Now now) {
    if (std::exchange(is_changed_, false)) {
        for (auto& [name, family] : families_) {
            if (!std::exchange(family.is_changed, false)) continue;
            for (std::size_t i = 0; i < bucket_count; ++i)
                changes.trace_counts.push_back({name, i, family.ended_count[i]});
            changes.trace_counts.push_back({name, bucket_count, family.error_count});
        }
        std::size_t bytes = 0;
        for (auto& [ref, trace] : all_) {
            if (!trace->is_changed) continue;
            const bool is_young = trace->is_open() && now.wall_ns - trace->begin_wall_ns < min_open_age_ns;
            if (is_young || bytes >= bytes_per_commit) {
                is_changed_ = true;  // later
                continue;
            }
            trace->is_changed = false;
            const std::size_t cost = sizeof(TraceRecord) + trace->bytes;
            bytes += cost;
            stored_bytes_ += cost - trace->stored_bytes;
            trace->stored_bytes = cost;
            changes.traces.push_back(durable(*trace));
        }
        trim_stored(changes);
    }
    std::move(forgotten_.begin(), forgotten_.end(), std::back_inserter(changes.forgotten_traces));
    forgotten_.clear();
}

// Beyond the limit, the ended traces that ended first are given up by the store, a good part at once: sorting is not
// for every commit.
void Traces::trim_stored(Changes& changes) {
    if (stored_bytes_ <= limits_.stored_bytes) return;
    std::vector<TraceRecord*> stored;
    for (auto& [ref, trace] : all_) {
        if (trace->stored_bytes != 0) stored.push_back(trace.get());
    }
    // Open ones go last: place 0 becomes the greatest number.
    std::sort(stored.begin(), stored.end(), [](const TraceRecord* a, const TraceRecord* b) {
        return a->place - 1 < b->place - 1;
    });
    for (TraceRecord* trace : stored) {
        if (stored_bytes_ <= limits_.stored_bytes / 8 * 7) break;
        stored_bytes_ -= std::exchange(trace->stored_bytes, 0);
        forgotten_.push_back(trace->ref);
        ++counts_.left_unstored;
    }
    std::erase_if(changes.traces, [this](const DurableTrace& row) { return all_.at(row.ref)->stored_bytes == 0; });
}

void Traces::mark_all_changed(const Changes& failed) {
    for (auto& [name, family] : families_) family.is_changed = true;
    for (auto& [ref, trace] : all_) {
        trace->is_changed = true;
        trace->stored_bytes = 0;
    }
    stored_bytes_ = 0;
    is_changed_ = true;
    forgotten_.insert(forgotten_.begin(), failed.forgotten_traces.begin(), failed.forgotten_traces.end());
}

// --- Restoring ------------------------------------------------------------------------------------------------------

void Traces::note_gap(TraceRecord& trace, std::string_view text, std::int64_t wall_ns) {
    TraceNote gap;
    gap.wall_ns = wall_ns;
    gap.text = text;
    append(trace, gap);
}

void Traces::restore(
    std::vector<DurableTrace> saved,
    const std::vector<DurableTraceCount>& counts,
    const std::function<TraceOrigin*(std::uint64_t)>& origin_of,
    Now now
) {
    for (const DurableTraceCount& row : counts) {
        TraceFamily& family = family_for(row.family).second;
        family.is_changed = false;
        if (row.bucket < bucket_count) family.ended_count[row.bucket] = row.value;
        if (row.bucket == bucket_count) family.error_count = row.value;
    }
    std::vector<TraceRecord*> restored;
    restored.reserve(saved.size());
    for (DurableTrace& row : saved) {
        std::unique_ptr<TraceRecord> owned = record_of(std::move(row));
        TraceRecord& trace = *owned;
        trace.family = family_for(row.family).first;
        if (!all_.emplace(trace.ref, std::move(owned)).second) continue;
        charge(trace);
        trace.stored_bytes = sizeof(TraceRecord) + trace.bytes;
        stored_bytes_ += trace.stored_bytes;
        ends_ = std::max(ends_, trace.place);
        restored.push_back(&trace);
    }
    // Children first, so that one that nothing but its parent holds is not forgotten on the way.
    restore_children(restored);
    std::sort(restored.begin(), restored.end(), [](const TraceRecord* a, const TraceRecord* b) {
        return a->place < b->place || (a->place == b->place && is_older(a, b));
    });
    for (TraceRecord* trace : restored) restore_place(*trace, origin_of, now);
    for (TraceRecord* trace : restored) release(*trace);
    hold_bounds(now);
}

// A parent is older than its children: so they form trees, whatever the file says.
void Traces::restore_children(std::vector<TraceRecord*>& restored) {
    std::sort(restored.begin(), restored.end(), is_older);
    for (TraceRecord* child : restored) {
        const auto it = all_.find(child->parent);
        TraceRecord* parent = it == all_.end() ? nullptr : it->second.get();
        const bool is_known = parent && is_older(parent, child);
        if (child->parent.number != 0) child->root = is_known ? parent->root : child->parent;
        if (!is_known) continue;
        if (parent->children.size() >= limits_.children_per_trace) continue;
        parent->children.push_back(child);
        ++child->holds;
    }
}

// Into the lists and rings where it was.
void Traces::restore_place(TraceRecord& trace, const std::function<TraceOrigin*(std::uint64_t)>& origin_of, Now now) {
    TraceFamily& family = families_.find(trace.family)->second;
    if (!trace.is_open()) {
        if (trace.orphaned.empty()) set_exemplar(family, trace);
        keep(family.buckets[bucket_of(trace.end_wall_ns - trace.begin_wall_ns)], trace, limits_.kept_per_bucket);
        if (trace.is_error) keep(family.errors, trace, limits_.kept_errors);
        if (trace.is_in_orphans) keep(orphans_, trace, limits_.kept_orphans);
        return;
    }
    ++trace.holds;  // being open
    trace.in_family = family.active.insert(family.active.end(), &trace);
    trace.in_all = active_.insert(active_.end(), &trace);
    TraceOrigin nobody;
    TraceOrigin* origin = origin_of(trace.ref.instance);
    trace.origin = origin ? origin : &nobody;
    if (origin) {
        origin->open.emplace(trace.ref.number, &trace);
        note_gap(trace, "quipud was restarted; events of the last moments before may be missing", now.wall_ns);
    } else {
        trace.is_in_orphans = true;
        keep(orphans_, trace, limits_.kept_orphans);
        orphan(trace, "its mail daemon ended while quipud was away", now);
    }
}

}  // namespace quipu
