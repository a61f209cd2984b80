#include <bit>

#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

void read_meta(sqlite3* db, Saved& saved) {
    Statement rows(db, "SELECT name, value FROM meta");
    while (rows.next()) {
        const std::string_view name = rows.text(0);
        const auto value = std::bit_cast<std::uint64_t>(rows.integer(1));
        if (name == "file") saved.file = value;
        if (name == "epoch") saved.epoch = value;
    }
}

void write_meta(sqlite3* db, const Changes& changes) {
    Statement row(db, "INSERT OR REPLACE INTO meta VALUES ('epoch', ?)");
    row.bind(1, std::bit_cast<std::int64_t>(changes.epoch)).run();
}

}  // namespace quipu
