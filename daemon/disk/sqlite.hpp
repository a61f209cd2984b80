// The little of SQLite that the store uses, with its errors as exceptions. For disk/ only.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace quipu {

// `code` is SQLite's primary result code.
struct SqliteError : std::runtime_error {
    SqliteError(const std::string& sentence, int the_code) : std::runtime_error(sentence), code(the_code) {}

    // The file is not what it should be, as opposed to: cannot be reached just now.
    [[nodiscard]] bool is_damage() const;
    [[nodiscard]] bool is_busy() const;

    int code;
};

// Runs statements without parameters or rows.
void execute(sqlite3* db, const char* sql);

// One prepared statement.
//
//     statement.bind(1, name);  statement.bind(2, value);  statement.run();          for each row that is written
//     while (statement.next()) use(statement.text(0), statement.integer(1));         for each row that is read
class Statement {
public:
    Statement(sqlite3* db, const char* sql);

    // Bound memory must live until run(). Parameters count from 1.
    Statement& bind(int parameter, std::string_view value);
    Statement& bind_blob(int parameter, std::string_view value);
    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, double value);

    void run();
    bool next();

    // Valid until the next next(). Columns count from 0.
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };

    sqlite3* db_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace quipu
