#include <bit>
#include <string>

#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

std::int64_t to_signed(std::uint64_t value) {
    return std::bit_cast<std::int64_t>(value);
}

std::uint64_t to_unsigned(std::int64_t value) {
    return std::bit_cast<std::uint64_t>(value);
}

}  // namespace

void read_traces(sqlite3* db, Saved& saved) {
    Statement counts(db, "SELECT family, bucket, value FROM trace_count");
    while (counts.next()) {
        const auto bucket = static_cast<std::size_t>(counts.integer(1));
        saved.trace_counts.push_back({std::string(counts.text(0)), bucket, to_unsigned(counts.integer(2))});
    }
    Statement rows(db, R"sql(
        SELECT instance, number, parent, place, family, title, program, begin_wall_ns, end_wall_ns,
               is_error, is_in_orphans, orphaned, cut, lost_at_end, notes
        FROM trace
    )sql");
    while (rows.next()) {
        DurableTrace trace;
        trace.ref = {to_unsigned(rows.integer(0)), to_unsigned(rows.integer(1))};
        trace.parent = to_unsigned(rows.integer(2));
        trace.place = to_unsigned(rows.integer(3));
        trace.family = rows.text(4);
        trace.title = rows.text(5);
        trace.program = rows.text(6);
        trace.begin_wall_ns = rows.integer(7);
        trace.end_wall_ns = rows.integer(8);
        trace.is_error = rows.integer(9) != 0;
        trace.is_in_orphans = rows.integer(10) != 0;
        trace.orphaned = rows.text(11);
        trace.cut = to_unsigned(rows.integer(12));
        trace.lost_at_end = to_unsigned(rows.integer(13));
        // Damaged ones: the file may be whole all the same, and the trace is left out.
        if (trace.notes.unpack(rows.text(14), trace.is_inferred)) saved.traces.push_back(std::move(trace));
    }
}

void write_traces(sqlite3* db, const Changes& changes) {
    Statement count(db, "INSERT OR REPLACE INTO trace_count VALUES (?, ?, ?)");
    for (const DurableTraceCount& one : changes.trace_counts) {
        count.bind(1, one.family).bind(2, static_cast<std::int64_t>(one.bucket)).bind(3, to_signed(one.value)).run();
    }
    if (changes.forgets_others) execute(db, "DELETE FROM trace");
    Statement gone(db, "DELETE FROM trace WHERE instance = ? AND number = ?");
    for (const TraceRef& ref : changes.forgotten_traces) {
        gone.bind(1, to_signed(ref.instance)).bind(2, to_signed(ref.number)).run();
    }
    Statement row(db, "INSERT OR REPLACE INTO trace VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const DurableTrace& trace : changes.traces) {
        const std::string notes = trace.notes.packed(trace.is_inferred);
        row.bind(1, to_signed(trace.ref.instance)).bind(2, to_signed(trace.ref.number));
        row.bind(3, to_signed(trace.parent)).bind(4, to_signed(trace.place));
        row.bind(5, trace.family).bind(6, trace.title).bind(7, trace.program);
        row.bind(8, trace.begin_wall_ns).bind(9, trace.end_wall_ns);
        row.bind(10, std::int64_t{trace.is_error}).bind(11, std::int64_t{trace.is_in_orphans});
        row.bind(12, trace.orphaned).bind(13, to_signed(trace.cut)).bind(14, to_signed(trace.lost_at_end));
        row.bind_blob(15, notes).run();
    }
}

}  // namespace quipu
