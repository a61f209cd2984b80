// Requests, short and long lived: what is open, and a sample of what has ended.
//
// A trace keeps the first third of its events and the last two thirds; the gap between is marked with its count.
// An ended trace is kept in its family's latency bucket, and apart from that among the family's errors if it failed:
// the last few of each. That is the sampling of the pages; exact latency histograms are counted by the emitter.
//
//      begin --> open --+--> end ------------------> kept in bucket (and errors) --> forgotten
//                       +--> emitter gone, or too
//                            many open: orphaned --^
//
// A child is held by its parent and is shown in it as long as the parent is kept. Children are made at begin only,
// under an older trace, so they form trees; links may form anything and hold nothing.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/core/now.hpp"
#include "daemon/core/sampler.hpp"
#include "daemon/core/trace_notes.hpp"
#include "daemon/core/trace_tail.hpp"
#include "proto/message.hpp"

namespace quipu {

struct Changes;
struct DurableTrace;
struct DurableTraceCount;

struct TraceLimits {
    std::uint32_t families = 200;          // beyond: family "(other)"
    std::uint32_t active = 20000;          // open traces in all; beyond: the oldest is orphaned
    std::uint32_t events_per_trace = 150;  // 50 first, 100 last
    std::uint32_t event_bytes = 4096;      // cut beyond
    std::uint32_t kept_per_bucket = 10;
    std::uint32_t kept_errors = 10;
    std::uint32_t kept_orphans = 1000;           // of ended mail daemons, beside their buckets
    std::uint32_t children_per_trace = 100;      // beyond: a child stands alone, counted
    std::size_t total_bytes = 64 * 1024 * 1024;  // of all traces; beyond: the oldest kept, then the oldest open go
    std::size_t stored_bytes =
        16 * 1024 * 1024;  // of those on disk; beyond: the oldest ended ones are kept in memory only
};

// Lower bounds of the latency buckets; an ended trace is in the last one whose bound it reaches.
inline constexpr std::size_t bucket_count = 8;
inline constexpr std::array<std::int64_t, bucket_count> bucket_floor_ns = {
    0, 5'000'000, 10'000'000, 50'000'000, 100'000'000, 300'000'000, 1'000'000'000, 10'000'000'000};
std::size_t bucket_of(std::int64_t duration_ns);

// The histogram in which the emitter library counts every ended trace, by family: exact, whatever events were lost.
// Its bounds are the floors above, from the second on.
inline constexpr std::string_view trace_latency_family = "quipu/emitter/traceSeconds";

// The id of a trace everywhere: in HTML, JSON, stream and exemplar. 32 hex digits: the first half of the emitter's
// instance, then the trace's number in its process.
struct TraceRef {
    std::uint64_t instance = 0;
    std::uint64_t number = 0;

    bool operator==(const TraceRef&) const = default;
};

std::string to_string(TraceRef ref);
bool parse(std::string_view text, TraceRef& out);  // false: not 32 hex digits

struct TraceRefHash {
    std::size_t operator()(TraceRef ref) const { return ref.instance ^ (ref.number * 0x9e3779b97f4a7c15ULL); }
};

struct TraceRecord {
    TraceRef ref;
    std::string family;
    std::string title;
    std::string program;  // of the emitter, since several may push
    std::int64_t begin_wall_ns = 0;
    std::int64_t end_wall_ns = 0;  // 0: open
    bool is_error = false;
    bool is_inferred = false;  // rebuilt from what its program left behind
    std::string orphaned;      // not empty: it did not end by itself, and why
    TraceRef parent;           // number 0: none
    TraceRef root;             // of its tree, as far up as was known at its begin; itself for most
    std::vector<TraceRecord*> children;
    TraceNotes notes;                             // its lines
    std::uint64_t cut = 0;                        // events between their first and last that were given up here
    std::uint64_t lost_at_end = 0;                // events lost at the emitter after the last one that came
    std::size_t bytes = 0;                        // what it costs
    std::uint32_t holds = 0;                      // open list, buckets, errors, parent: forgotten at 0
    struct TraceOrigin* origin = nullptr;         // while open
    std::list<TraceRecord*>::iterator in_family;  // while open
    std::list<TraceRecord*>::iterator in_all;
    std::uint64_t place = 0;       // in the order of ends; 0: open
    bool is_in_orphans = false;    // kept because its mail daemon ended
    bool is_changed = true;        // since the last commit
    std::size_t stored_bytes = 0;  // what it cost when it was stored; 0: the store does not have it

    [[nodiscard]] bool is_open() const { return end_wall_ns == 0; }

    // Of an open one: its age.
    [[nodiscard]] std::int64_t duration_ns(Now now) const {
        return (is_open() ? now.wall_ns : end_wall_ns) - begin_wall_ns;
    }
};

// The newest ended trace of a latency histogram's bucket: what an exemplar on /metrics refers to.
struct TraceExemplar {
    TraceRef ref;  // number 0: none
    std::int64_t duration_ns = 0;
    std::int64_t end_wall_ns = 0;
};

struct TraceFamily {
    std::list<TraceRecord*> active;                              // oldest first
    std::array<std::deque<TraceRecord*>, bucket_count> buckets;  // newest last
    std::deque<TraceRecord*> errors;                             // newest last
    std::array<std::uint64_t, bucket_count> ended_count{};       // all that ended here, kept or not
    std::uint64_t error_count = 0;
    bool is_changed = true;  // the two counts, since the last commit
    std::array<TraceExemplar, bucket_count>
        exemplars;  // bucket i of the histogram: up to and with bucket_floor_ns[i + 1]
};

// Where traces come from: one for each instance, owned by its Emitter.
struct TraceOrigin {
    std::uint64_t instance = 0;  // first half of the instance's bytes, big endian
    std::string program;
    std::int64_t wall_minus_steady_ns = 0;  // turns the emitter's clock into wall time
    std::unordered_map<std::uint64_t, TraceRecord*> open;
    std::int64_t restored_wall_ns = 0;            // when it was last heard of by the quipud before; 0: by none
    bool is_resuming = false;                     // from a new connection until all_active_announced
    std::unordered_set<std::uint64_t> announced;  // while resuming: open ones that were announced again
    std::uint64_t dropped_events = 0;             // as the emitter counts them
    std::uint64_t dropped_traces = 0;
};

struct TraceCounts {
    std::uint64_t events = 0;           // taken
    std::uint64_t ignored_events = 0;   // for an unknown or ended trace, or a begin of a known one
    std::uint64_t cut_events = 0;       // given up between first and last
    std::uint64_t cut_texts = 0;        // shortened to event_bytes
    std::uint64_t evicted_active = 0;   // orphaned because too many were open
    std::uint64_t evicted_bytes = 0;    // kept ones forgotten early because of total_bytes
    std::uint64_t folded_families = 0;  // traces that went to family "(other)"
    std::uint64_t lone_children = 0;    // parent unknown or full
    std::uint64_t left_unstored = 0;    // kept, but beyond stored_bytes
};

class Traces {
public:
    explicit Traces(TraceLimits limits = {}, SamplerLimits sampler = {}) : limits_(limits), sampler_(sampler) {}

    Traces(const Traces&) = delete;
    Traces& operator=(const Traces&) = delete;

    using FamilyMap = std::map<std::string, TraceFamily, std::less<>>;

    [[nodiscard]] const FamilyMap& families() const { return families_; }

    // Null: never known, or forgotten.
    [[nodiscard]] const TraceRecord* find(TraceRef ref) const;

    // Everything that is open, oldest first.
    [[nodiscard]] const std::list<TraceRecord*>& active() const { return active_; }

    // What was open in mail daemons that have ended, newest last: what they were at when it happened.
    [[nodiscard]] const std::deque<TraceRecord*>& orphans() const { return orphans_; }

    [[nodiscard]] const TraceLimits& limits() const { return limits_; }

    [[nodiscard]] const TraceCounts& counts() const { return counts_; }

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    [[nodiscard]] TraceTail& tail() { return tail_; }

    [[nodiscard]] const TraceTail& tail() const { return tail_; }

    [[nodiscard]] Sampler& sampler() { return sampler_; }

    [[nodiscard]] const Sampler& sampler() const { return sampler_; }

    // From now on hears of every trace that ends, once, while it is whole; it changes nothing here. Not of those that
    // were restored as ended ones.
    void on_ended(std::function<void(const TraceRecord&)> hear) { on_ended_ = std::move(hear); }

    // Never fails: what makes no sense is counted and ignored.
    void apply(TraceOrigin& origin, const wire::TraceEvents& events, Now now);

    // The instance begins a new connection: it will announce what is still open.
    static void resume(TraceOrigin& origin);
    // The instance is over: its open traces are orphaned, with `why` ("maild ended without a word"). Some hundred at
    // once; where there are more, is_orphaning() holds until orphan_some() has been called often enough.
    void orphan_all(TraceOrigin& origin, std::string_view why, Now now);
    void orphan_some();

    [[nodiscard]] bool is_orphaning() const { return !endings_.empty(); }

    // For the store, see durable.hpp; in traces_store.cpp. What is kept of ended traces, and open ones that are not
    // quite young, since most end soon. As much as fits into one commit.
    [[nodiscard]] bool has_changes() const { return is_changed_ || !forgotten_.empty(); }

    void take_changes(Changes& changes, Now now);
    void mark_all_changed(const Changes& failed);

    // Those whose rows the next commit removes; and no longer.
    [[nodiscard]] std::size_t forgotten_count() const { return forgotten_.size(); }

    void drop_forgotten() { forgotten_.clear(); }

    // What Saved holds of them. `origin_of`: where an open one belongs, by the first half of the instance; null: its
    // mail daemon has ended.
    void restore(
        std::vector<DurableTrace> saved,
        const std::vector<DurableTraceCount>& counts,
        const std::function<TraceOrigin*(std::uint64_t)>& origin_of,
        Now now
    );

private:
    // What is left of an instance that is over: its open traces, which have gone over to `origin`.
    struct Ending {
        TraceOrigin origin;
        std::string why;
        Now now;                             // when it was over
        std::vector<std::uint64_t> numbers;  // of those traces, oldest first, so that the youngest are kept
        std::size_t at = 0;                  // in `numbers`
    };

    void begin(TraceOrigin& origin, const wire::TraceEvent& event, Now now);
    void adopt(TraceRecord& child);
    void note(TraceOrigin& origin, const wire::TraceEvent& event);
    void end(TraceOrigin& origin, const wire::TraceEvent& event);
    void append(TraceRecord& trace, const TraceNote& note);
    void finish(TraceRecord& trace, std::int64_t end_wall_ns);
    void orphan(TraceRecord& trace, std::string_view why, Now now);
    static void set_exemplar(TraceFamily& family, const TraceRecord& trace);
    void release(TraceRecord& trace);
    void keep(std::deque<TraceRecord*>& ring, TraceRecord& trace, std::size_t limit);
    void hold_bounds(Now now);
    void note_gap(TraceRecord& trace, std::string_view text, std::int64_t wall_ns);
    void trim_stored(Changes& changes);
    void restore_children(std::vector<TraceRecord*>& restored);
    void restore_place(TraceRecord& trace, const std::function<TraceOrigin*(std::uint64_t)>& origin_of, Now now);
    bool forget_oldest_kept();
    void charge(TraceRecord& trace);
    FamilyMap::value_type& family_for(std::string_view name);
    std::string_view cut_text(std::string_view text, std::string& room);

    TraceLimits limits_;
    FamilyMap families_;
    // Flat: a list for each bucket is memory that has gone cold, three times for each trace that comes and goes.
    boost::unordered_flat_map<TraceRef, std::unique_ptr<TraceRecord>, TraceRefHash> all_;
    std::list<TraceRecord*> active_;
    std::deque<TraceRecord*> orphans_;
    std::list<Ending> endings_;  // each has open traces, which are bounded
    Sampler sampler_;
    TraceTail tail_;
    std::function<void(const TraceRecord&)> on_ended_;
    bool is_tailed_ = false;  // the tail records, as of the present apply()
    std::size_t bytes_ = 0;
    std::uint64_t ends_ = 0;
    bool is_changed_ = false;          // some trace or family has, since the last commit
    std::size_t stored_bytes_ = 0;     // of all that the store has
    std::vector<TraceRef> forgotten_;  // by us, not yet by the store
    TraceCounts counts_;
};

}  // namespace quipu
