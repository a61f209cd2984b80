// History: which series, which marks, and the blocks of points.
#include <string>
#include <utility>

#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"
#include "proto/limits.hpp"

namespace quipu {

namespace {

// No quipud writes more; who else writes into the file cannot make its start long.
constexpr std::int64_t most_series = 100'000;
constexpr std::int64_t most_marks = 10'000;
constexpr std::int64_t most_mark_bytes = 4096;

void read_series(sqlite3* db, SavedHistory& history) {
    Statement rows(db, R"sql(
        SELECT id, kind, cell, is_short, CASE WHEN is_short THEN name END, CASE WHEN is_short THEN label END
        FROM (SELECT *, length(CAST(name AS BLOB)) <= ?1 AND length(CAST(label AS BLOB)) <= ?2 AS is_short
              FROM history_series)
        ORDER BY id LIMIT ?3
    )sql");
    rows.bind(1, std::int64_t{limits::max_name_bytes})
        .bind(2, std::int64_t{limits::max_label_bytes})
        .bind(3, most_series);
    while (rows.next()) {
        const std::int64_t id = rows.integer(0);
        const std::int64_t kind = rows.integer(1);
        const std::int64_t cell = rows.integer(2);
        const bool is_number = std::in_range<std::uint32_t>(id) && std::in_range<std::uint32_t>(cell);
        const bool is_short = rows.integer(3) != 0;
        if (!is_number || !is_short || kind < 0 || kind > 3) {
            ++history.damaged_rows;
            continue;
        }
        DurableHistorySeries& series = history.series.emplace_back();
        series.id = static_cast<std::uint32_t>(id);
        series.kind = static_cast<wire::Kind>(kind);
        series.cell = static_cast<std::uint32_t>(cell);
        series.name = rows.text(4);
        series.label = rows.text(5);
    }
}

void read_marks(sqlite3* db, SavedHistory& history) {
    Statement rows(db, R"sql(
        SELECT time_s, kind, what FROM history_mark
        WHERE length(kind) + length(what) <= ? ORDER BY position LIMIT ?
    )sql");
    rows.bind(1, most_mark_bytes).bind(2, most_marks);
    while (rows.next()) {
        history.marks.push_back({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))});
    }
}

void write_series(sqlite3* db, const HistoryChanges& history) {
    Statement gone(db, "DELETE FROM history_series WHERE id = ?");
    for (const std::uint32_t id : history.gone_series) gone.bind(1, std::int64_t{id}).run();
    Statement row(db, "INSERT OR REPLACE INTO history_series (id, name, label, cell, kind) VALUES (?, ?, ?, ?, ?)");
    for (const DurableHistorySeries& series : history.series) {
        row.bind(1, std::int64_t{series.id}).bind(2, series.name).bind(3, series.label);
        row.bind(4, std::int64_t{series.cell}).bind(5, std::int64_t{static_cast<std::uint8_t>(series.kind)}).run();
    }
    if (history.last_id == 0) return;
    Statement last(db, "INSERT OR REPLACE INTO meta VALUES ('history_id', ?)");
    last.bind(1, std::int64_t{history.last_id}).run();
}

// What shall go first: what comes may lie behind it.
void write_blocks(sqlite3* db, const HistoryChanges& history) {
    Statement gone(db, "DELETE FROM history_block WHERE step_s = ? AND (window < ? OR window > ?)");
    for (const HistoryWindows& kept : history.kept) {
        gone.bind(1, kept.step_s).bind(2, kept.first).bind(3, kept.last).run();
    }
    Statement row(db, "INSERT OR REPLACE INTO history_block VALUES (?, ?, ?)");
    for (const DurableHistoryBlock& block : history.blocks) {
        row.bind(1, block.step_s).bind(2, block.window).bind_blob(3, block.bytes).run();
    }
}

void write_marks(sqlite3* db, const HistoryChanges& history) {
    if (!history.has_marks) return;
    execute(db, "DELETE FROM history_mark");
    Statement row(db, "INSERT INTO history_mark (time_s, kind, what) VALUES (?, ?, ?)");
    for (const HistoryMark& mark : history.marks) row.bind(1, mark.time_s).bind(2, mark.kind).bind(3, mark.what).run();
}

void read_blocks(sqlite3* db, const WantedBlocks& wanted, SavedBlocks& out) {
    Statement rows(db, R"sql(
        SELECT window, length(points) <= ?4, CASE WHEN length(points) <= ?4 THEN points END FROM history_block
        WHERE step_s = ?1 AND window BETWEEN 0 AND ?2 ORDER BY window DESC LIMIT ?3
    )sql");
    rows.bind(1, wanted.step_s).bind(2, wanted.last).bind(3, wanted.count);
    rows.bind(4, static_cast<std::int64_t>(wanted.max_bytes));
    while (rows.next()) {
        if (rows.integer(1) != 0) {
            out.blocks.push_back({wanted.step_s, rows.integer(0), std::string(rows.text(2))});
        } else {
            ++out.damaged_rows;
        }
    }
}

// The last one of the future that stays, where there are too many of them.
void read_future(sqlite3* db, const WantedBlocks& wanted, SavedBlocks& out) {
    Statement rows(
        db, "SELECT window FROM history_block WHERE step_s = ? AND window > ? ORDER BY window LIMIT 2 OFFSET ?"
    );
    rows.bind(1, wanted.step_s).bind(2, wanted.last).bind(3, wanted.count - 1);
    if (!rows.next()) return;
    const std::int64_t last = rows.integer(0);
    if (rows.next()) out.kept.push_back({wanted.step_s, 0, last});
}

}  // namespace

void read_history(sqlite3* db, Saved& saved) {
    Statement last(db, "SELECT value FROM meta WHERE name = 'history_id'");
    if (last.next()) {
        const std::int64_t id = last.integer(0);
        if (std::in_range<std::uint32_t>(id)) saved.history.last_id = static_cast<std::uint32_t>(id);
    }
    read_series(db, saved.history);
    read_marks(db, saved.history);
}

void write_history(sqlite3* db, const Changes& changes) {
    write_series(db, changes.history);
    write_blocks(db, changes.history);
    write_marks(db, changes.history);
}

SavedBlocks read_history_blocks(sqlite3* db, const std::vector<WantedBlocks>& wanted) {
    SavedBlocks saved;
    for (const WantedBlocks& one : wanted) {
        read_blocks(db, one, saved);
        read_future(db, one, saved);
    }
    return saved;
}

}  // namespace quipu
