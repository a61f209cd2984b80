// Opens the state file, whatever has become of it. For disk/ only.
#pragma once

#include <cstddef>
#include <string>

struct sqlite3;

namespace quipu {

// What stands at the path and cannot be used: "damaged" or "newer", and why ("is empty").
struct Unusable {
    std::string kind;
    std::string why;
};

// The file that is there, migrated; whether it is whole, check_integrity() tells. Throws Unusable where it is to be set
// aside, SqliteError where it cannot be read. The caller closes it.
sqlite3* open_existing_file(const std::string& path);

// A file that does not exist yet. Throws SqliteError.
sqlite3* open_new_file(const std::string& path);

// Closes a file that is of no use without writing its write-ahead log back or removing it.
void let_go_untouched(sqlite3* db);

// Reads the whole file once. Throws SqliteError.
void check_integrity(sqlite3* db);

// More are not set aside: a file that is damaged again and again must not fill the disk.
inline constexpr std::size_t max_set_aside = 8;

// Renames the file and its journals, so that `sqlite3 NEW_NAME` still finds everything: PATH.KIND-TIME. Returns the
// new name. Throws std::runtime_error.
std::string set_aside(const std::string& path, const std::string& kind);

}  // namespace quipu
