#include "daemon/disk/schema.hpp"

#include <array>
#include <string>

#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

// Row i leads from version i to i + 1. Rows are only appended, never changed: files of every version exist.
//
// Values are unsigned 64-bit numbers kept in SQLite's signed ones; a negative one is 2^64 more. Names stand in every
// row rather than ids: the file is small, and an operator reads it with the sqlite3 program.
constexpr std::array migrations = {
    R"sql(
        CREATE TABLE family (
            name       TEXT NOT NULL PRIMARY KEY,
            kind       INTEGER NOT NULL,  -- Kind of quipu.proto
            help       TEXT NOT NULL,
            unit       TEXT NOT NULL,
            label_name TEXT NOT NULL,     -- empty: no label
            merge      INTEGER NOT NULL,  -- Merge of quipu.proto
            bounds     TEXT NOT NULL,     -- of a histogram, "0.1 0.5 1"
            sum_unit   REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        -- What instances that have ended left behind.
        CREATE TABLE retired (
            family TEXT NOT NULL,
            label  TEXT NOT NULL,
            cell   INTEGER NOT NULL,      -- 0, or the index in a histogram
            value  INTEGER NOT NULL,
            PRIMARY KEY (family, label, cell)
        ) STRICT, WITHOUT ROWID;
        -- Mail daemon processes that were alive, and their counts.
        CREATE TABLE instance (
            instance      BLOB NOT NULL PRIMARY KEY,
            program       TEXT NOT NULL,
            version       TEXT NOT NULL,
            hostname      TEXT NOT NULL,
            start_wall_ns INTEGER NOT NULL,
            pid           INTEGER NOT NULL,
            uid           INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE instance_count (
            instance BLOB NOT NULL,
            family   TEXT NOT NULL,
            label    TEXT NOT NULL,
            cell     INTEGER NOT NULL,
            value    INTEGER NOT NULL,
            PRIMARY KEY (instance, family, label, cell)
        ) STRICT, WITHOUT ROWID;
    )sql",
    R"sql(
        -- "file": a random number, by which a journal knows the file that it belongs to. "epoch": counts commits.
        CREATE TABLE meta (
            name  TEXT NOT NULL PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO meta VALUES ('file', random()), ('epoch', 0);
        -- Those that have ended stay on record for a while; what they counted is in `retired`, too.
        ALTER TABLE instance ADD COLUMN said_pid INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN gid INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN is_ended INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN how TEXT NOT NULL DEFAULT '';
        ALTER TABLE instance ADD COLUMN connected_wall_ns INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN heard_wall_ns INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN life_wall_ns INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE instance ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;
        -- What an instance says of itself.
        CREATE TABLE instance_word (
            instance BLOB NOT NULL,
            position INTEGER NOT NULL,
            what     TEXT NOT NULL,       -- argument, flag, set flag, topic, configuration
            name     TEXT NOT NULL,       -- of a flag
            value    TEXT NOT NULL,
            PRIMARY KEY (instance, position)
        ) STRICT, WITHOUT ROWID;
        -- Traces that are kept, and open ones. Rows are long: no WITHOUT ROWID.
        CREATE TABLE trace (
            instance      INTEGER NOT NULL,  -- the first 8 bytes of the mail daemon's instance, big endian
            number        INTEGER NOT NULL,
            parent        INTEGER NOT NULL,  -- number of another trace of the instance; 0: none
            place         INTEGER NOT NULL,  -- in the order of ends; 0: open
            family        TEXT NOT NULL,
            title         TEXT NOT NULL,
            program       TEXT NOT NULL,
            begin_wall_ns INTEGER NOT NULL,
            end_wall_ns   INTEGER NOT NULL,
            is_error      INTEGER NOT NULL,
            is_in_orphans INTEGER NOT NULL,
            orphaned      TEXT NOT NULL,
            cut           INTEGER NOT NULL,
            lost_at_end   INTEGER NOT NULL,
            notes         BLOB NOT NULL,     -- protobuf, see core/trace_notes.hpp
            PRIMARY KEY (instance, number)
        ) STRICT;
        -- How many traces have ended, by bucket of the page; the one after the last: errors.
        CREATE TABLE trace_count (
            family TEXT NOT NULL,
            bucket INTEGER NOT NULL,
            value  INTEGER NOT NULL,
            PRIMARY KEY (family, bucket)
        ) STRICT, WITHOUT ROWID;
    )sql",
    R"sql(
        -- Points for charts. What an id in the blocks stands for; no id is used twice, the last one is meta.history_id.
        CREATE TABLE history_series (
            id    INTEGER PRIMARY KEY,
            name  TEXT NOT NULL,
            label TEXT NOT NULL,
            cell  INTEGER NOT NULL,       -- 0, or the index in a histogram
            kind  INTEGER NOT NULL        -- Kind of quipu.proto
        ) STRICT;
        -- Sixty points of all series. Rows are long: no WITHOUT ROWID.
        CREATE TABLE history_block (
            step_s INTEGER NOT NULL,      -- seconds between two points
            window INTEGER NOT NULL,      -- its first point is at Unix time (60 * window + 1) * step_s
            points BLOB NOT NULL,         -- see daemon/core/history_block.hpp
            PRIMARY KEY (step_s, window)
        ) STRICT;
        -- What is shown beside the curves.
        CREATE TABLE history_mark (
            position INTEGER PRIMARY KEY,
            time_s   INTEGER NOT NULL,
            kind     TEXT NOT NULL,
            what     TEXT NOT NULL
        ) STRICT;
    )sql",
    R"sql(
        -- The counts of an instance that has ended, in one row instead of hundreds: they are read at every start.
        CREATE TABLE ended_counts (
            instance BLOB NOT NULL PRIMARY KEY,
            counts   BLOB NOT NULL        -- an entry of the journal with this instance alone, see journal_entry.cpp
        ) STRICT;
    )sql",
};

}  // namespace

std::int64_t schema_version() {
    return static_cast<std::int64_t>(migrations.size());
}

std::int64_t version_of(sqlite3* db) {
    Statement statement(db, "PRAGMA user_version");
    return statement.next() ? statement.integer(0) : 0;
}

void migrate(sqlite3* db) {
    for (std::int64_t version = version_of(db); version < schema_version(); ++version) {
        const std::string sql = std::string("BEGIN IMMEDIATE;") + migrations[static_cast<std::size_t>(version)] +
                                "PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT;";
        execute(db, sql.c_str());
    }
}

}  // namespace quipu
