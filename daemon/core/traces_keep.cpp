// How ended traces are kept, and how all of them stay within their bounds. What happens to open ones: traces.cpp.
#include <algorithm>
#include <cassert>

#include "daemon/core/traces.hpp"

namespace quipu {

void Traces::finish(TraceRecord& trace, std::int64_t end_wall_ns) {
    assert(trace.origin);
    trace.end_wall_ns = std::max({end_wall_ns, trace.begin_wall_ns, std::int64_t{1}});
    trace.origin->open.erase(trace.ref.number);
    trace.origin = nullptr;
    trace.place = ++ends_;
    trace.is_changed = is_changed_ = true;
    TraceFamily& family = families_.find(trace.family)->second;
    family.active.erase(trace.in_family);
    active_.erase(trace.in_all);
    trace.notes.trim();
    charge(trace);
    const std::size_t bucket = bucket_of(trace.end_wall_ns - trace.begin_wall_ns);
    ++family.ended_count[bucket];
    family.is_changed = true;
    if (trace.orphaned.empty()) set_exemplar(family, trace);
    if (is_tailed_) {
        const TailKind kind = trace.orphaned.empty() ? TailKind::end : TailKind::orphan;
        tail_.append(kind, trace, trace.end_wall_ns, trace.orphaned);
    }
    if (on_ended_) on_ended_(trace);
    keep(family.buckets[bucket], trace, limits_.kept_per_bucket);
    if (trace.is_error) {
        ++family.error_count;
        keep(family.errors, trace, limits_.kept_errors);
    }
    release(trace);  // no longer held by being open
}

void Traces::set_exemplar(TraceFamily& family, const TraceRecord& trace) {
    const std::int64_t duration_ns = trace.end_wall_ns - trace.begin_wall_ns;
    const auto first_bound = bucket_floor_ns.begin() + 1;
    const auto bucket = std::lower_bound(first_bound, bucket_floor_ns.end(), duration_ns) - first_bound;
    family.exemplars[static_cast<std::size_t>(bucket)] = {trace.ref, duration_ns, trace.end_wall_ns};
}

void Traces::keep(std::deque<TraceRecord*>& ring, TraceRecord& trace, std::size_t limit) {
    ring.push_back(&trace);
    ++trace.holds;
    if (ring.size() <= limit) return;
    TraceRecord* oldest = ring.front();
    ring.pop_front();
    release(*oldest);
}

// Takes one hold away; at none the trace is forgotten and lets go of its children. A chain of children may be as
// long as a peer likes, so no recursion.
void Traces::release(TraceRecord& trace) {
    std::vector<TraceRecord*> to_release{&trace};
    while (!to_release.empty()) {
        TraceRecord* one = to_release.back();
        to_release.pop_back();
        assert(one->holds > 0);
        if (--one->holds > 0) continue;
        to_release.insert(to_release.end(), one->children.begin(), one->children.end());
        bytes_ -= one->bytes;
        if (one->stored_bytes != 0) forgotten_.push_back(one->ref);
        stored_bytes_ -= one->stored_bytes;
        all_.erase(one->ref);
    }
}

void Traces::hold_bounds(Now now) {
    while (active_.size() > limits_.active) {
        ++counts_.evicted_active;
        orphan(*active_.front(), "given up because too many traces were open", now);
    }
    while (bytes_ > limits_.total_bytes) {
        if (forget_oldest_kept()) {
            ++counts_.evicted_bytes;
            continue;
        }
        if (active_.empty()) break;
        orphan(*active_.front(), "given up because traces took too much memory", now);
    }
}

// The ring entry that ended first. Rings are in the order of their ends, so the fronts are enough.
bool Traces::forget_oldest_kept() {
    std::deque<TraceRecord*>* oldest = nullptr;
    const auto consider = [&oldest](std::deque<TraceRecord*>& ring) {
        if (ring.empty()) return;
        if (!oldest || ring.front()->end_wall_ns < oldest->front()->end_wall_ns) oldest = &ring;
    };
    for (auto& [name, family] : families_) {
        for (auto& ring : family.buckets) consider(ring);
        consider(family.errors);
    }
    consider(orphans_);
    if (!oldest) return false;
    TraceRecord* trace = oldest->front();
    oldest->pop_front();
    release(*trace);
    return true;
}

}  // namespace quipu
