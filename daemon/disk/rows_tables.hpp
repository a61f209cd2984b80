// What each kind of rows is in its tables: a pair of functions in a file of its own. For disk/ only.
//
// Reading appends to Saved, writing is part of a commit's transaction; both throw SqliteError. Rows that a newer quipud
// may have written and we do not understand are skipped and stay in the file.
#pragma once

#include <vector>

#include "daemon/core/durable.hpp"

struct sqlite3;

namespace quipu {

class Statement;

// rows_meta.cpp: which file it is and how many commits it has seen.
void read_meta(sqlite3* db, Saved& saved);
void write_meta(sqlite3* db, const Changes& changes);

// rows_counts.cpp: families and retired totals.
void read_counts(sqlite3* db, Saved& saved);
void write_counts(sqlite3* db, const Changes& changes);

// rows_instances.cpp: instances on record, their counts and what they said of themselves.
void read_instances(sqlite3* db, Saved& saved);
void write_instances(sqlite3* db, const Changes& changes);

// rows_traces.cpp: traces, and how many of each family have ended.
void read_traces(sqlite3* db, Saved& saved);
void write_traces(sqlite3* db, const Changes& changes);

// rows_history.cpp: which series history is kept of, and marks. The blocks of points are many bytes, and are read
// apart: of each resolution what is wanted, and nothing that is too long.
void read_history(sqlite3* db, Saved& saved);
void write_history(sqlite3* db, const Changes& changes);
SavedBlocks read_history_blocks(sqlite3* db, const std::vector<WantedBlocks>& wanted);

// The columns family, label, cell, value; in rows_counts.cpp.
DurableCount read_count(const Statement& row, int first_column);
Statement& bind_count(Statement& row, int first_parameter, const DurableCount& count);

}  // namespace quipu
