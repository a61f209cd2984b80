// What outlives quipud, as plain values: handed to the store and the journal (disk/) and taken back from them at start.
//
// The store has everything, and is written once a second. The journal has the counts that have changed since, written
// before a page that shows them leaves: a number that somebody has seen is never taken back. So an entry of the
// journal is a small commit; at start those entries are put on top of the store that are younger than it.
//
// A further kind of rows: a member of Changes and of Saved here, taken and restored in durable.cpp, a file of its own
// in disk/ (rows_NAME.cpp, one line in rows.cpp), a migration in disk/schema.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/durable_history.hpp"
#include "daemon/core/traces.hpp"
#include "proto/message.hpp"

namespace quipu {

struct DurableFamily {
    std::string name;
    wire::Kind kind = wire::Kind::counter;
    std::string help;
    std::string unit;
    std::string label_name;
    wire::Merge merge = wire::Merge::sum;
    std::vector<double> bounds;
    double sum_unit = 1;
};

// One cell's value; `cell` is 0, or the index in a histogram.
struct DurableCount {
    std::string family;
    std::string label;
    std::uint32_t cell = 0;
    std::uint64_t value = 0;
};

// One of the things that an instance says of itself: "argument", "flag", "set flag", "topic", "configuration" or
// "companion" (it is one).
struct DurableWord {
    std::string what;
    std::string name;  // of a flag
    std::string value;
};

// An instance that is on record, with its totals. Those of an ended one are in the retired totals, too.
struct DurableInstance {
    std::string instance;  // 16 bytes
    std::string program;
    std::string version;
    std::string hostname;
    std::int64_t start_wall_ns = 0;
    std::int32_t pid = 0;  // as the kernel says; said_pid: as it says itself
    std::uint32_t said_pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool is_ended = false;
    std::string how;  // it ended
    std::int64_t connected_wall_ns = 0;
    std::int64_t heard_wall_ns = 0;
    std::int64_t life_wall_ns = 0;
    std::uint32_t connections = 0;
    std::optional<std::vector<DurableWord>> words;  // absent: unchanged
    std::vector<DurableCount> counts;
};

// A trace that is kept, or open.
struct DurableTrace {
    TraceRef ref;
    std::uint64_t parent = 0;  // of the same instance; 0: none
    std::uint64_t place = 0;   // in the order of ends; 0: open
    std::string family;
    std::string title;
    std::string program;
    std::int64_t begin_wall_ns = 0;
    std::int64_t end_wall_ns = 0;
    bool is_error = false;
    bool is_inferred = false;
    bool is_in_orphans = false;
    std::string orphaned;
    std::uint64_t cut = 0;
    std::uint64_t lost_at_end = 0;
    TraceNotes notes;
};

// How many traces of a family have ended in all: the row `bucket`, or of errors where it is bucket_count.
struct DurableTraceCount {
    std::string family;
    std::size_t bucket = 0;
    std::uint64_t value = 0;
};

// One commit. Values are absolute: writing the same twice does no harm.
struct Changes {
    std::uint64_t epoch = 0;                       // how many commits there were, this one included
    std::vector<DurableFamily> families;           // new ones
    std::vector<DurableCount> retired;             // changed
    std::vector<DurableInstance> instances;        // changed ones, with their changed counts
    std::vector<std::string> forgotten_instances;  // all their rows go, before the others come
    bool forgets_others = false;                   // likewise all rows of instances and traces: too many to tell apart

    std::vector<DurableTraceCount> trace_counts;
    std::vector<DurableTrace> traces;
    std::vector<TraceRef> forgotten_traces;

    HistoryChanges history;

    [[nodiscard]] bool is_empty() const {
        return families.empty() && retired.empty() && instances.empty() && forgotten_instances.empty() &&
               !forgets_others && trace_counts.empty() && traces.empty() && forgotten_traces.empty() &&
               history.is_empty();
    }
};

// Everything that the store holds.
struct Saved {
    std::uint64_t file = 0;   // a random number that the file got when it was made
    std::uint64_t epoch = 0;  // of its last commit
    std::vector<DurableFamily> families;
    std::vector<DurableCount> retired;
    std::vector<DurableInstance> instances;
    std::vector<DurableTraceCount> trace_counts;
    std::vector<DurableTrace> traces;
    SavedHistory history;          // without its blocks
    std::vector<Changes> journal;  // younger than all that, oldest first
};

}  // namespace quipu
