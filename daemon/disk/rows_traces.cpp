#include <bit>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>

#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

// trace.notes: a protobuf message, its fields only ever added to.
enum NotesTag : protozero::pbf_tag_type { notes_first = 1, notes_last, notes_is_inferred };

enum NoteTag : protozero::pbf_tag_type { note_wall_ns = 1, note_kind, note_lost_before, note_other, note_text };

void encode(protozero::pbf_writer out, const TraceNote& note) {
    out.add_sfixed64(note_wall_ns, note.wall_ns);
    if (note.kind != TraceNoteKind::event) out.add_uint32(note_kind, static_cast<std::uint32_t>(note.kind));
    if (note.lost_before != 0) out.add_uint32(note_lost_before, note.lost_before);
    if (note.other != 0) out.add_fixed64(note_other, note.other);
    out.add_string(note_text, note.text);
}

std::string notes_of(const DurableTrace& trace) {
    std::string bytes;
    protozero::pbf_writer out(bytes);
    for (const TraceNote& note : trace.first) encode(protozero::pbf_writer(out, notes_first), note);
    for (const TraceNote& note : trace.last) encode(protozero::pbf_writer(out, notes_last), note);
    if (trace.is_inferred) out.add_bool(notes_is_inferred, true);
    return bytes;
}

TraceNote decode(protozero::pbf_reader in) {
    TraceNote note;
    while (in.next()) {
        switch (in.tag()) {
            case note_wall_ns: note.wall_ns = in.get_sfixed64(); break;
            case note_kind:
                // A newer one's: shown as an event.
                if (const std::uint32_t its = in.get_uint32(); its <= 3) note.kind = static_cast<TraceNoteKind>(its);
                break;
            case note_lost_before: note.lost_before = in.get_uint32(); break;
            case note_other: note.other = in.get_fixed64(); break;
            case note_text: note.text = in.get_string(); break;
            default: in.skip();
        }
    }
    return note;
}

// false: damaged. The file may be whole all the same: the trace is left out.
bool take_notes(std::string_view bytes, DurableTrace& trace) {
    try {
        protozero::pbf_reader in(bytes.data(), bytes.size());
        while (in.next()) {
            switch (in.tag()) {
                case notes_first: trace.first.push_back(decode(in.get_message())); break;
                case notes_last: trace.last.push_back(decode(in.get_message())); break;
                case notes_is_inferred: trace.is_inferred = in.get_uint64() != 0; break;
                default: in.skip();
            }
        }
        return true;
    } catch (const protozero::exception&) {
        return false;
    }
}

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
        if (take_notes(rows.text(14), trace)) saved.traces.push_back(std::move(trace));
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
        const std::string notes = notes_of(trace);
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
