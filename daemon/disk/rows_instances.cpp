#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/disk/journal_entry.hpp"
#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

// Where the instances' rows of other tables belong. They come one instance after the other.
class Index {
public:
    void add(const std::string& instance, std::size_t at) { all_[instance] = at; }

    // null: it is not on record.
    DurableInstance* find(std::string_view instance, Saved& saved) {
        if (!last_ || last_->first != instance) {
            const auto it = all_.find(instance);
            last_ = it == all_.end() ? nullptr : &*it;
        }
        return last_ ? &saved.instances[last_->second] : nullptr;
    }

private:
    using Places = std::map<std::string, std::size_t, std::less<>>;

    Places all_;
    const Places::value_type* last_ = nullptr;  // found
};

Index load_instances(sqlite3* db, Saved& saved) {
    Index index;
    Statement rows(db, R"sql(
        SELECT instance, program, version, hostname, start_wall_ns, pid, uid,
               said_pid, gid, is_ended, how, connected_wall_ns, heard_wall_ns, life_wall_ns, connections
        FROM instance ORDER BY connected_wall_ns, instance
    )sql");
    while (rows.next()) {
        DurableInstance one;
        one.instance = rows.text(0);
        if (one.instance.size() != 16) continue;  // not ours
        one.program = rows.text(1);
        one.version = rows.text(2);
        one.hostname = rows.text(3);
        one.start_wall_ns = rows.integer(4);
        one.pid = static_cast<std::int32_t>(rows.integer(5));
        one.uid = static_cast<std::uint32_t>(rows.integer(6));
        one.said_pid = static_cast<std::uint32_t>(rows.integer(7));
        one.gid = static_cast<std::uint32_t>(rows.integer(8));
        one.is_ended = rows.integer(9) != 0;
        one.how = rows.text(10);
        one.connected_wall_ns = rows.integer(11);
        one.heard_wall_ns = rows.integer(12);
        one.life_wall_ns = rows.integer(13);
        one.connections = static_cast<std::uint32_t>(rows.integer(14));
        index.add(one.instance, saved.instances.size());
        saved.instances.push_back(std::move(one));
    }
    return index;
}

void load_words(sqlite3* db, Index& index, Saved& saved) {
    Statement rows(db, "SELECT instance, what, name, value FROM instance_word ORDER BY instance, position");
    while (rows.next()) {
        DurableInstance* const instance = index.find(rows.text(0), saved);
        if (!instance) continue;
        if (!instance->words) instance->words.emplace();
        instance->words->push_back({std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))});
    }
}

void load_counts(sqlite3* db, Index& index, Saved& saved) {
    Statement rows(db, "SELECT instance, family, label, cell, value FROM instance_count");
    while (rows.next()) {
        if (DurableInstance* const instance = index.find(rows.text(0), saved)) {
            instance->counts.push_back(read_count(rows, 1));
        }
    }
}

// A value of ended_counts; damaged: none.
std::vector<DurableCount> unfolded(std::string_view bytes) {
    Changes entry;
    if (!decode_entry(bytes, entry) || entry.instances.size() != 1) return {};
    return std::move(entry.instances.front().counts);
}

// Their rows follow, where there are any, and are younger: an ended one may have turned out to be alive.
void load_ended_counts(sqlite3* db, Index& index, Saved& saved) {
    Statement rows(db, "SELECT instance, counts FROM ended_counts");
    while (rows.next()) {
        if (DurableInstance* const instance = index.find(rows.text(0), saved))
            instance->counts = unfolded(rows.text(1));
    }
}

void remove(sqlite3* db, const char* sql, std::string_view instance) {
    Statement(db, sql).bind_blob(1, instance).run();
}

void write_words(sqlite3* db, const DurableInstance& instance) {
    remove(db, "DELETE FROM instance_word WHERE instance = ?", instance.instance);
    Statement row(db, "INSERT INTO instance_word VALUES (?, ?, ?, ?, ?)");
    std::int64_t position = 0;
    for (const DurableWord& word : *instance.words) {
        row.bind_blob(1, instance.instance).bind(2, position++);
        row.bind(3, word.what).bind(4, word.name).bind(5, word.value).run();
    }
}

// The rows of an instance that has ended go into ended_counts. What is there already is older, and goes below them.
void fold_counts(sqlite3* db, const std::string& instance) {
    Statement any(db, "SELECT 1 FROM instance_count WHERE instance = ? LIMIT 1");
    if (!any.bind_blob(1, instance).next()) return;
    Statement folded(db, "SELECT counts FROM ended_counts WHERE instance = ?");
    if (folded.bind_blob(1, instance).next()) {
        Statement below(db, "INSERT OR IGNORE INTO instance_count VALUES (?, ?, ?, ?, ?)");
        for (const DurableCount& count : unfolded(folded.text(0))) {
            below.bind_blob(1, instance);
            bind_count(below, 2, count).run();
        }
    }
    Changes entry;
    DurableInstance& one = entry.instances.emplace_back();
    one.instance = instance;
    Statement rows(db, "SELECT family, label, cell, value FROM instance_count WHERE instance = ?");
    rows.bind_blob(1, instance);
    while (rows.next()) one.counts.push_back(read_count(rows, 0));
    const std::string bytes = encode_entry(entry);
    Statement(db, "INSERT OR REPLACE INTO ended_counts VALUES (?, ?)").bind_blob(1, instance).bind_blob(2, bytes).run();
    remove(db, "DELETE FROM instance_count WHERE instance = ?", instance);
}

void bind_instance(Statement& row, const DurableInstance& one) {
    row.bind_blob(1, one.instance).bind(2, one.program).bind(3, one.version).bind(4, one.hostname);
    row.bind(5, one.start_wall_ns).bind(6, std::int64_t{one.pid}).bind(7, std::int64_t{one.uid});
    row.bind(8, std::int64_t{one.said_pid}).bind(9, std::int64_t{one.gid}).bind(10, std::int64_t{one.is_ended});
    row.bind(11, one.how).bind(12, one.connected_wall_ns).bind(13, one.heard_wall_ns);
    row.bind(14, one.life_wall_ns).bind(15, std::int64_t{one.connections});
}

}  // namespace

void read_instances(sqlite3* db, Saved& saved) {
    Index index = load_instances(db, saved);
    load_words(db, index, saved);
    load_ended_counts(db, index, saved);
    load_counts(db, index, saved);
}

void write_instances(sqlite3* db, const Changes& changes) {
    if (changes.forgets_others)
        execute(
            db, "DELETE FROM instance_count; DELETE FROM ended_counts; DELETE FROM instance_word; DELETE FROM instance"
        );
    for (const std::string& instance : changes.forgotten_instances) {
        remove(db, "DELETE FROM ended_counts WHERE instance = ?", instance);
        remove(db, "DELETE FROM instance_count WHERE instance = ?", instance);
        remove(db, "DELETE FROM instance_word WHERE instance = ?", instance);
        remove(db, "DELETE FROM instance WHERE instance = ?", instance);
    }
    Statement row(db, R"sql(
        INSERT OR REPLACE INTO instance (
            instance, program, version, hostname, start_wall_ns, pid, uid,
            said_pid, gid, is_ended, how, connected_wall_ns, heard_wall_ns, life_wall_ns, connections
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    )sql");
    Statement count_row(db, "INSERT OR REPLACE INTO instance_count VALUES (?, ?, ?, ?, ?)");
    for (const DurableInstance& instance : changes.instances) {
        bind_instance(row, instance);
        row.run();
        if (instance.words) write_words(db, instance);
        for (const DurableCount& count : instance.counts) {
            count_row.bind_blob(1, instance.instance);
            bind_count(count_row, 2, count).run();
        }
        if (instance.is_ended) fold_counts(db, instance.instance);
    }
}

}  // namespace quipu
