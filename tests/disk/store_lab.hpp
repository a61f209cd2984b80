// A store on a bench, and its file seen from outside.
#pragma once

#include <sqlite3.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "daemon/disk/store.hpp"

namespace quipu::test {

// A store with what it said and held at start.
struct Opened {
    explicit Opened(const std::string& dir) : store(std::make_unique<Store>(dir, notice)), saved(store->load()) {}

    std::string notice;
    std::unique_ptr<Store> store;
    Saved saved;
};

inline void run_sql(const std::string& path, const char* sql) {
    sqlite3* db = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    BOOST_TEST(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
}

// The first column of the first row.
inline std::int64_t number_by_sql(const std::string& path, const char* sql) {
    sqlite3* db = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK);
    BOOST_REQUIRE_EQUAL(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

}  // namespace quipu::test
