// The tables of quipu.db and how an older file becomes a present one. For disk/ only.
#pragma once

#include <cstdint>

struct sqlite3;

namespace quipu {

// PRAGMA user_version of a file of this build: the number of migrations.
std::int64_t schema_version();
std::int64_t version_of(sqlite3* db);

// From whatever older version to schema_version(), one transaction a step: a kill in between leaves a whole version.
void migrate(sqlite3* db);

}  // namespace quipu
