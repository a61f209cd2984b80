#include "daemon/disk/open.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "daemon/disk/schema.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

sqlite3* open_file(const std::string& path) {
    sqlite3* db = nullptr;
    // NOMUTEX: Store is used by one thread at a time, and a lock for each column is a third of the start.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
    if (code != SQLITE_OK) {
        const std::string sentence = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
        sqlite3_close(db);
        throw SqliteError(sentence, code & 0xff);
    }
    return db;
}

// Whether closing it leaves its write-ahead log as it is.
void keep_log(sqlite3* db, bool is_kept) {
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_kept ? 1 : 0, static_cast<int*>(nullptr));
}

// WAL: readers with the sqlite3 program do not disturb us. NORMAL: synced at checkpoints only, not at every commit;
// after kill -9 nothing is missing, after a power failure at most the last commits are. A small cache: at start each
// page is read once, and memory that is new costs more than the page.
void set_up(sqlite3* db) {
    execute(db, "PRAGMA busy_timeout = 1000");
    execute(db, "PRAGMA synchronous = NORMAL");
    execute(db, "PRAGMA journal_size_limit = 4194304");
    execute(db, "PRAGMA trusted_schema = OFF");
    execute(db, "PRAGMA cache_size = -512");
}

bool has_tables(sqlite3* db) {
    Statement statement(db, "SELECT count(*) FROM sqlite_schema");
    return statement.next() && statement.integer(0) != 0;
}

// The file that is there; throws Unusable where it is to be set aside, SqliteError where it cannot be reached.
// `is_alone`: without the shared memory file, for which there may be no room on a full disk.
sqlite3* open_existing(const std::string& path, bool is_alone) {
    sqlite3* db = open_file(path);
    keep_log(db, true);  // until it is known to be of use
    try {
        if (is_alone) execute(db, "PRAGMA locking_mode = EXCLUSIVE");
        set_up(db);
        const std::int64_t version = version_of(db);
        if (version > schema_version()) {
            throw Unusable{"newer", "was written by a newer quipud (schema version " + std::to_string(version) + ")"};
        }
        // SQLite takes a file for read-only, too, whose header says that a later SQLite wrote it.
        if (sqlite3_db_readonly(db, "main") != 0 && ::access(path.c_str(), W_OK) == 0) {
            throw Unusable{"damaged", "is damaged (its header forbids writing)"};
        }
        if (version < 0 || (version == 0 && has_tables(db))) throw Unusable{"damaged", "holds no totals of quipu's"};
        if (version < schema_version()) migrate(db);
        keep_log(db, false);
        return db;
    } catch (const SqliteError& error) {
        sqlite3_close(db);
        if (error.is_damage()) throw Unusable{"damaged", std::string("is damaged (") + error.what() + ")"};
        throw;
    } catch (...) {
        sqlite3_close(db);
        throw;
    }
}

}  // namespace

void let_go_untouched(sqlite3* db) {
    keep_log(db, true);
    sqlite3_close(db);
}

void check_integrity(sqlite3* db) {
    Statement statement(db, "PRAGMA quick_check(1)");
    const std::string_view verdict = statement.next() ? statement.text(0) : "no answer";
    if (verdict != "ok") throw SqliteError(std::string(verdict), SQLITE_CORRUPT);
}

sqlite3* open_existing_file(const std::string& path) {
    try {
        return open_existing(path, false);
    } catch (const SqliteError&) {
        return open_existing(path, true);
    }
}

sqlite3* open_new_file(const std::string& path) {
    sqlite3* db = open_file(path);
    try {
        set_up(db);
        execute(db, "PRAGMA journal_mode = WAL");
        migrate(db);
        return db;
    } catch (...) {
        sqlite3_close(db);
        throw;
    }
}

namespace {

// How many stand beside `path` already.
std::size_t count_set_aside(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    std::error_code ignored;
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), ignored)) {
        const std::string other = entry.path().filename().string();
        const bool is_aside = other.starts_with(name + ".damaged-") || other.starts_with(name + ".newer-") ||
                              other.starts_with(name + ".removed-");
        const bool is_beside_it = other.find("-wal") != std::string::npos || other.find("-shm") != std::string::npos ||
                                  other.find("-published-") != std::string::npos;
        if (is_aside && !is_beside_it) ++count;
    }
    return count;
}

}  // namespace

std::string set_aside(const std::string& path, const std::string& kind) {
    if (count_set_aside(path) >= max_set_aside) {
        throw std::runtime_error(
            "it is not set aside, because " + std::to_string(max_set_aside) +
            " files were before: look at them and remove some"
        );
    }
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> stamp{};
    (void)std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &utc);
    const std::string base = path + "." + kind + "-" + stamp.data();
    std::string name = base;

    struct stat found = {};

    for (int i = 2; ::lstat(name.c_str(), &found) == 0; ++i) name = base + "-" + std::to_string(i);
    if (std::rename(path.c_str(), name.c_str()) != 0 && errno != ENOENT) {
        throw std::runtime_error("cannot set " + path + " aside: " + std::generic_category().message(errno));
    }
    for (const char* suffix : {"-wal", "-shm", "-published-0", "-published-1"}) {
        (void)std::rename((path + suffix).c_str(), (name + suffix).c_str());
    }
    return name;
}

}  // namespace quipu
