// The rows of quipu.db, read and written: what the tables of schema.cpp mean. For disk/ only.
#pragma once

#include "daemon/core/durable.hpp"

struct sqlite3;

namespace quipu {

// Both throw SqliteError. write_rows() belongs inside a transaction.
Saved read_rows(sqlite3* db);
void write_rows(sqlite3* db, const Changes& changes);

}  // namespace quipu
