// Families, and what ended instances left behind.
#include <array>
#include <bit>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

// Shortest digits that read back as the same doubles.
std::string bounds_text(const std::vector<double>& bounds) {
    std::string text;
    for (const double bound : bounds) {
        std::array<char, 32> digits{};
        const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), bound);
        if (!text.empty()) text += ' ';
        text.append(digits.data(), error == std::errc{} ? end : digits.data());
    }
    return text;
}

std::vector<double> bounds_of(std::string_view text) {
    std::vector<double> bounds;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        double bound = 0;
        const auto [stop, error] = std::from_chars(at, end, bound);
        if (error != std::errc{}) break;
        bounds.push_back(bound);
        at = stop < end ? stop + 1 : end;
    }
    return bounds;
}

std::vector<DurableFamily> load_families(sqlite3* db) {
    std::vector<DurableFamily> families;
    Statement rows(db, "SELECT name, kind, help, unit, label_name, merge, bounds, sum_unit FROM family");
    while (rows.next()) {
        const std::int64_t kind = rows.integer(1);
        const std::int64_t merge = rows.integer(5);
        // Written by a newer quipud: its rows stay in the file untouched, for when that one is back.
        if (kind < 0 || kind > 3 || merge < 0 || merge > 3) continue;
        DurableFamily& family = families.emplace_back();
        family.name = rows.text(0);
        family.kind = static_cast<wire::Kind>(kind);
        family.help = rows.text(2);
        family.unit = rows.text(3);
        family.label_name = rows.text(4);
        family.merge = static_cast<wire::Merge>(merge);
        family.bounds = bounds_of(rows.text(6));
        family.sum_unit = rows.real(7);
    }
    return families;
}

void write_families(sqlite3* db, const std::vector<DurableFamily>& families) {
    Statement row(db, "INSERT OR REPLACE INTO family VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const DurableFamily& family : families) {
        const std::string bounds = bounds_text(family.bounds);
        row.bind(1, family.name).bind(2, std::int64_t{static_cast<std::uint8_t>(family.kind)}).bind(3, family.help);
        row.bind(4, family.unit).bind(5, family.label_name);
        row.bind(6, std::int64_t{static_cast<std::uint8_t>(family.merge)}).bind(7, bounds).bind(8, family.sum_unit);
        row.run();
    }
}

void write_retired(sqlite3* db, const std::vector<DurableCount>& counts) {
    Statement row(db, "INSERT OR REPLACE INTO retired VALUES (?, ?, ?, ?)");
    for (const DurableCount& count : counts) bind_count(row, 1, count).run();
}

}  // namespace

// From the columns family, label, cell, value.
DurableCount read_count(const Statement& row, int first_column) {
    DurableCount count;
    count.family = row.text(first_column);
    count.label = row.text(first_column + 1);
    count.cell = static_cast<std::uint32_t>(row.integer(first_column + 2));
    count.value = std::bit_cast<std::uint64_t>(row.integer(first_column + 3));
    return count;
}

Statement& bind_count(Statement& row, int first_parameter, const DurableCount& count) {
    row.bind(first_parameter, count.family).bind(first_parameter + 1, count.label);
    row.bind(first_parameter + 2, std::int64_t{count.cell});
    return row.bind(first_parameter + 3, std::bit_cast<std::int64_t>(count.value));
}

void read_counts(sqlite3* db, Saved& saved) {
    saved.families = load_families(db);
    Statement rows(db, "SELECT family, label, cell, value FROM retired");
    while (rows.next()) saved.retired.push_back(read_count(rows, 0));
}

void write_counts(sqlite3* db, const Changes& changes) {
    write_families(db, changes.families);
    write_retired(db, changes.retired);
}

}  // namespace quipu
