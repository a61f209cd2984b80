#include "daemon/disk/sqlite.hpp"

#include <sqlite3.h>

namespace quipu {

namespace {

[[noreturn]] void fail(sqlite3* db, int code) {
    throw SqliteError(db ? sqlite3_errmsg(db) : sqlite3_errstr(code), code & 0xff);
}

void check(sqlite3* db, int code) {
    if (code != SQLITE_OK) fail(db, code);
}

}  // namespace

bool SqliteError::is_damage() const {
    switch (code) {
        case SQLITE_PERM:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_READONLY:
        case SQLITE_INTERRUPT:
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
        case SQLITE_AUTH: return false;
        default: return true;  // SQLITE_ERROR too: our statements are right, so the tables are not
    }
}

bool SqliteError::is_busy() const {
    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

void execute(sqlite3* db, const char* sql) {
    check(db, sqlite3_exec(db, sql, nullptr, nullptr, nullptr));
}

Statement::Statement(sqlite3* db, const char* sql) : db_(db) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(db, sql, -1, &made, nullptr);
    statement_.reset(made);
    check(db, code);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

// SQLITE_STATIC throughout: no copies. Lengths are given, so a NUL inside a hostile label does no harm.
Statement& Statement::bind(int parameter, std::string_view value) {
    const char* data = value.data() ? value.data() : "";  // null would be NULL
    check(db_, sqlite3_bind_text64(statement_.get(), parameter, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view value) {
    const char* data = value.data() ? value.data() : "";
    check(db_, sqlite3_bind_blob64(statement_.get(), parameter, data, value.size(), SQLITE_STATIC));
    return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
    check(db_, sqlite3_bind_int64(statement_.get(), parameter, value));
    return *this;
}

Statement& Statement::bind(int parameter, double value) {
    check(db_, sqlite3_bind_double(statement_.get(), parameter, value));
    return *this;
}

void Statement::run() {
    while (next()) continue;
    check(db_, sqlite3_reset(statement_.get()));
}

bool Statement::next() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(db_, code);
    return false;
}

std::string_view Statement::text(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

}  // namespace quipu
