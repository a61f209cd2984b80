#include "daemon/disk/rows.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

std::int64_t to_signed(std::uint64_t value) {
    return std::bit_cast<std::int64_t>(value);
}

std::uint64_t to_unsigned(std::int64_t value) {
    return std::bit_cast<std::uint64_t>(value);
}

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

std::vector<double> bounds_of(const std::string& text) {
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

// --- Reading --------------------------------------------------------------------------------------------------------

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

// From the columns family, label, cell, value.
DurableCount count_of(const Statement& row, int first_column) {
    DurableCount count;
    count.family = row.text(first_column);
    count.label = row.text(first_column + 1);
    count.cell = static_cast<std::uint32_t>(row.integer(first_column + 2));
    count.value = to_unsigned(row.integer(first_column + 3));
    return count;
}

std::vector<DurableInstance> load_instances(sqlite3* db) {
    std::vector<DurableInstance> instances;
    std::map<std::string, std::size_t> index;
    Statement rows(db, "SELECT instance, program, version, hostname, start_wall_ns, pid, uid FROM instance");
    while (rows.next()) {
        DurableInstance& instance = instances.emplace_back();
        instance.instance = rows.text(0);
        instance.program = rows.text(1);
        instance.version = rows.text(2);
        instance.hostname = rows.text(3);
        instance.start_wall_ns = rows.integer(4);
        instance.pid = static_cast<std::int32_t>(rows.integer(5));
        instance.uid = static_cast<std::uint32_t>(rows.integer(6));
        index[instance.instance] = instances.size() - 1;
    }
    Statement counts(db, "SELECT instance, family, label, cell, value FROM instance_count");
    while (counts.next()) {
        const auto it = index.find(counts.text(0));
        if (it != index.end()) instances[it->second].counts.push_back(count_of(counts, 1));
    }
    return instances;
}

// --- Writing --------------------------------------------------------------------------------------------------------

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
    for (const DurableCount& count : counts) {
        row.bind(1, count.family)
            .bind(2, count.label)
            .bind(3, std::int64_t{count.cell})
            .bind(4, to_signed(count.value));
        row.run();
    }
}

void write_instances(sqlite3* db, const std::vector<DurableInstance>& instances) {
    Statement row(db, "INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?, ?, ?, ?)");
    Statement count_row(db, "INSERT OR REPLACE INTO instance_count VALUES (?, ?, ?, ?, ?)");
    for (const DurableInstance& instance : instances) {
        row.bind_blob(1, instance.instance).bind(2, instance.program).bind(3, instance.version);
        row.bind(4, instance.hostname).bind(5, instance.start_wall_ns);
        row.bind(6, std::int64_t{instance.pid}).bind(7, std::int64_t{instance.uid});
        row.run();
        for (const DurableCount& count : instance.counts) {
            count_row.bind_blob(1, instance.instance).bind(2, count.family).bind(3, count.label);
            count_row.bind(4, std::int64_t{count.cell}).bind(5, to_signed(count.value));
            count_row.run();
        }
    }
}

void remove_instances(sqlite3* db, const std::vector<std::string>& instances) {
    Statement counts(db, "DELETE FROM instance_count WHERE instance = ?");
    Statement row(db, "DELETE FROM instance WHERE instance = ?");
    for (const std::string& instance : instances) {
        counts.bind_blob(1, instance).run();
        row.bind_blob(1, instance).run();
    }
}

}  // namespace

Saved read_rows(sqlite3* db) {
    Saved saved;
    saved.families = load_families(db);
    Statement rows(db, "SELECT family, label, cell, value FROM retired");
    while (rows.next()) saved.retired.push_back(count_of(rows, 0));
    saved.instances = load_instances(db);
    return saved;
}

void write_rows(sqlite3* db, const Changes& changes) {
    write_families(db, changes.families);
    write_retired(db, changes.retired);
    write_instances(db, changes.instances);
    remove_instances(db, changes.ended_instances);
}

}  // namespace quipu
