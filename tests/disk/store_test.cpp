#include "daemon/disk/store.hpp"

#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>

#include "tests/disk/store_lab.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(disk_store)

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

namespace {

DurableFamily family(std::string name) {
    DurableFamily row;
    row.name = std::move(name);
    return row;
}

Changes some_changes() {
    Changes changes;
    DurableFamily histogram = family("latency");
    histogram.kind = wire::Kind::histogram;
    histogram.help = "how long";
    histogram.unit = "seconds";
    histogram.label_name = "who";
    histogram.merge = wire::Merge::max;
    histogram.bounds = {0.1, 1.0 / 3, 1e300};
    histogram.sum_unit = 1e-9;
    changes.families = {family("count"), histogram};
    changes.retired = {{"count", "", 0, 7}, {"latency", "a", 2, std::numeric_limits<std::uint64_t>::max()}};
    DurableInstance instance;
    instance.instance = std::string(
        "\0\xff"
        "23456789abcdef",
        16
    );
    instance.program = "maild";
    instance.version = "1.0";
    instance.hostname = "mx";
    instance.start_wall_ns = -5;
    instance.pid = 4711;
    instance.uid = 4294967295U;
    instance.counts = {{"count", "", 0, 3}};
    instance.said_pid = 4294967295U;
    instance.gid = 12;
    instance.is_ended = true;
    instance.how = "said goodbye: exit";
    instance.connected_wall_ns = 11;
    instance.heard_wall_ns = 12;
    instance.life_wall_ns = 13;
    instance.connections = 14;
    instance.words = {{
        {"argument", "", "maild"},
        {"set flag", "hostname", std::string("m\0x", 3)},
        {"configuration", "", "a = b\n"},
    }};
    changes.instances = {instance};
    return changes;
}

// The value of count `family`{`label`}[0]; 0: absent.
std::uint64_t retired(const Saved& saved, std::string_view name, std::string_view label = {}) {
    const auto is_it = [&](const DurableCount& row) { return row.family == name && row.label == label; };
    const auto it = std::find_if(saved.retired.begin(), saved.retired.end(), is_it);
    return it == saved.retired.end() ? 0 : it->value;
}

// Names in `dir` that begin with `prefix`, but for what SQLite has beside its files.
std::size_t count_files(const std::string& dir, std::string_view prefix) {
    const auto files = fs::directory_iterator(dir);
    return static_cast<std::size_t>(std::count_if(begin(files), end(files), [&](const fs::directory_entry& entry) {
        const std::string name = entry.path().filename().string();
        return name.starts_with(prefix) && !name.ends_with("-wal") && !name.ends_with("-shm");
    }));
}

// A sound file with some_changes() in it, as bytes.
std::string sound_file() {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(Opened(dir.path()).store->commit(some_changes()), "");
    return read_file(dir.file("quipu.db"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_store_is_empty_and_makes_its_directory) {
    const TempDir dir;
    const Opened opened(dir.file("state"));
    BOOST_TEST(opened.notice == "");
    BOOST_TEST(opened.saved.families.empty());
    BOOST_TEST(opened.saved.retired.empty());
    BOOST_TEST(opened.saved.instances.empty());
}

BOOST_AUTO_TEST_CASE(what_is_committed_comes_back_to_the_letter) {
    const TempDir dir;
    BOOST_TEST(Opened(dir.path()).store->commit(some_changes()) == "");
    const Opened opened(dir.path());
    BOOST_TEST(opened.notice == "");
    BOOST_REQUIRE_EQUAL(opened.saved.families.size(), 2u);
    const DurableFamily& row = opened.saved.families[1];
    BOOST_TEST(row.name == "latency");
    BOOST_TEST((row.kind == wire::Kind::histogram));
    BOOST_TEST((row.merge == wire::Merge::max));
    BOOST_TEST(row.help == "how long");
    BOOST_TEST(row.unit == "seconds");
    BOOST_TEST(row.label_name == "who");
    BOOST_TEST(row.bounds == some_changes().families[1].bounds, boost::test_tools::per_element());
    BOOST_TEST(row.sum_unit == 1e-9);
    BOOST_TEST(retired(opened.saved, "count") == 7u);
    BOOST_TEST(retired(opened.saved, "latency", "a") == std::numeric_limits<std::uint64_t>::max());
    BOOST_REQUIRE_EQUAL(opened.saved.instances.size(), 1u);
    const DurableInstance& instance = opened.saved.instances[0];
    BOOST_TEST(instance.instance == some_changes().instances[0].instance);
    BOOST_TEST(instance.start_wall_ns == -5);
    BOOST_TEST(instance.pid == 4711);
    BOOST_TEST(instance.uid == 4294967295U);
    BOOST_REQUIRE_EQUAL(instance.counts.size(), 1u);
    BOOST_TEST(instance.counts[0].value == 3u);
    BOOST_TEST(instance.said_pid == 4294967295U);
    BOOST_TEST(instance.gid == 12U);
    BOOST_TEST(instance.is_ended);
    BOOST_TEST(instance.how == "said goodbye: exit");
    BOOST_TEST(instance.connected_wall_ns == 11);
    BOOST_TEST(instance.heard_wall_ns == 12);
    BOOST_TEST(instance.life_wall_ns == 13);
    BOOST_TEST(instance.connections == 14U);
    BOOST_REQUIRE(instance.words.has_value());
    BOOST_REQUIRE_EQUAL(instance.words->size(), 3U);
    BOOST_TEST((*instance.words)[1].what == "set flag");
    BOOST_TEST((*instance.words)[1].name == "hostname");
    BOOST_TEST((*instance.words)[1].value == std::string("m\0x", 3));
    BOOST_TEST((*instance.words)[2].value == "a = b\n");
}

BOOST_AUTO_TEST_CASE(hostile_labels_come_back_to_the_letter) {
    const TempDir dir;
    const std::vector<std::string> labels = {
        "",
        std::string("a\0b", 3),
        std::string("a\0c", 3),
        "\xff\xfe",
        "'); DROP TABLE retired; --",
        "\xc3\x28",
        "A",
        "a"};
    Changes changes;
    changes.families = {family("count")};
    for (std::size_t i = 0; i < labels.size(); ++i) changes.retired.push_back({"count", labels[i], 0, i + 1});
    BOOST_TEST(Opened(dir.path()).store->commit(changes) == "");
    const Opened opened(dir.path());
    BOOST_TEST(opened.saved.retired.size() == labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) BOOST_TEST(retired(opened.saved, "count", labels[i]) == i + 1);
}

BOOST_AUTO_TEST_CASE(committing_twice_does_no_harm_and_forgotten_instances_go) {
    const TempDir dir;
    {
        const Opened opened(dir.path());
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        Changes later;
        later.retired = {{"count", "", 0, 10}};
        later.forgotten_instances = {some_changes().instances[0].instance};
        BOOST_TEST(opened.store->commit(later) == "");
    }
    const Opened opened(dir.path());
    BOOST_TEST(retired(opened.saved, "count") == 10u);
    BOOST_TEST(opened.saved.instances.empty());
}

BOOST_AUTO_TEST_CASE(a_kill_leaves_the_last_whole_commit) {
    const TempDir dir;
    const TempDir after_kill;
    const Opened opened(dir.path());
    BOOST_TEST(opened.store->commit(some_changes()) == "");
    // As the files stand while the store is open: the journal is not written back.
    for (const auto& entry : fs::directory_iterator(dir.path())) {
        fs::copy_file(entry.path(), after_kill.file(entry.path().filename().string()));
    }
    const std::string journal = read_file(after_kill.file("quipu.db-wal"));
    BOOST_TEST(!journal.empty());
    BOOST_TEST(retired(Opened(after_kill.path()).saved, "count") == 7u);
}

BOOST_AUTO_TEST_CASE(one_quipud_a_directory) {
    const TempDir dir;
    const Opened opened(dir.path());
    std::string notice;
    BOOST_CHECK_EXCEPTION(Store(dir.path(), notice), std::runtime_error, [](const std::runtime_error& error) {
        return std::string_view(error.what()).starts_with("another quipud uses the state directory");
    });
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_used_is_an_error) {
    const TempDir dir;
    write_file(dir.file("file"), "x");
    std::string notice;
    BOOST_CHECK_THROW(Store(dir.file("file"), notice), std::runtime_error);
    BOOST_CHECK_THROW(Store(dir.file("a/b"), notice), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(unusable_files_are_set_aside_with_a_notice_and_never_deleted) {
    const std::string sound = sound_file();

    struct Case {
        std::string_view name;
        std::string bytes;
    };

    const std::vector<Case> cases = {
        {"empty", ""},
        {"text", "this is no database at all, but it is long enough to be taken for one by its size alone, perhaps"},
        {"one byte", "S"},
        {"half", sound.substr(0, sound.size() / 2)},
        {"a page short", sound.substr(0, sound.size() - 4096)},
        {"zeros", std::string(8192, '\0')},
    };
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.name) {
            const TempDir dir;
            write_file(dir.file("quipu.db"), tc.bytes);
            const Opened opened(dir.path());
            BOOST_TEST(opened.notice.find("set aside as") != std::string::npos);
            BOOST_TEST(count_files(dir.path(), "quipu.db.damaged-") == 1u);
            BOOST_TEST(opened.saved.families.empty());
            BOOST_TEST(opened.store->commit(some_changes()) == "");
        }
    }
}

// Whatever byte is wrong: quipud starts, with what is right or with the file set aside, and can commit.
BOOST_AUTO_TEST_CASE(a_file_with_any_byte_flipped_never_keeps_quipud_from_starting) {
    const std::string sound = sound_file();
    for (std::size_t i = 0; i < sound.size(); i += i < 128 ? 1 : 13) {
        BOOST_TEST_CONTEXT("byte " << i) {
            const TempDir dir;
            std::string bytes = sound;
            bytes[i] = static_cast<char>(~bytes[i]);
            write_file(dir.file("quipu.db"), bytes);
            std::unique_ptr<Opened> opened;
            BOOST_REQUIRE_NO_THROW(opened = std::make_unique<Opened>(dir.path()));
            std::string problem = opened->store->commit(some_changes());
            if (!problem.empty()) problem = opened->store->commit(some_changes());  // set aside by the first
            BOOST_TEST(problem == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_newer_version_is_set_aside_whole) {
    const TempDir dir;
    write_file(dir.file("quipu.db"), sound_file());
    run_sql(dir.file("quipu.db"), "PRAGMA user_version = 999");
    const Opened opened(dir.path());
    BOOST_TEST(opened.notice.find("newer quipud (schema version 999)") != std::string::npos);
    BOOST_TEST(count_files(dir.path(), "quipu.db.newer-") >= 1u);
    BOOST_TEST(opened.saved.families.empty());
}

namespace {

// A file as an older quipud made it, and what its pages had shown: `totals` lines.
void open_golden(const std::string& version, int totals_count) {
    const TempDir dir;
    const std::string golden = source_path("tests/golden/state/" + version);
    run_sql(dir.file("quipu.db"), read_file(golden + ".sql").c_str());
    Opened opened(dir.path());
    BOOST_TEST(opened.notice == "");
    State state;
    restore(state, opened.saved, test_now);
    std::ifstream totals(golden + ".totals");
    std::uint64_t total = 0;
    std::string name;
    std::string label;
    int checked = 0;
    while (totals >> total >> name && std::getline(totals, label)) {
        if (!label.empty()) label.erase(0, 1);
        BOOST_TEST_CONTEXT(name << " " << label) {
            BOOST_TEST(count_of(state, name, label) == total);
        }
        ++checked;
    }
    BOOST_TEST(checked == totals_count);
    BOOST_TEST(state.emitters.all().size() == 1U);
    BOOST_TEST(opened.store->commit(some_changes()) == "");
    opened.store.reset();
    BOOST_TEST(Opened(dir.path()).saved.retired.size() == opened.saved.retired.size() + 2);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_of_version_1_opens_with_every_total) {
    open_golden("version1", 40);
}

BOOST_AUTO_TEST_CASE(a_file_of_version_2_opens_with_every_total) {
    open_golden("version2", 16);
}

BOOST_AUTO_TEST_CASE(a_file_of_version_3_opens_with_every_total) {
    open_golden("version3", 16);
}

namespace {

Changes history_changes() {
    Changes changes;
    changes.history.last_id = 9;
    changes.history.series = {
        {3, "m/gauge", std::string("a\0\xff", 3), 0, wire::Kind::gauge},
        {9, "m/histogram", "", 11, wire::Kind::histogram},
    };
    changes.history.blocks = {{1, 29'000'000, std::string("\0\1", 2)}, {1, 29'000'001, "b"}, {900, 32'000, "c"}};
    changes.history.has_marks = true;
    changes.history.marks = {{5, "started", "maild 1.0"}, {4, "ended", "'); DROP TABLE history_mark; --"}};
    return changes;
}

SavedBlocks blocks_of(Store& store, std::int64_t step_s, std::int64_t last, std::int64_t count, std::size_t most) {
    SavedBlocks blocks;
    BOOST_TEST(store.read_history({{step_s, last, count, most}}, blocks) == "");
    return blocks;
}

}  // namespace

BOOST_AUTO_TEST_CASE(history_comes_back_to_the_letter) {
    const TempDir dir;
    BOOST_TEST(Opened(dir.path()).store->commit(history_changes()) == "");
    const Opened opened(dir.path());
    const SavedHistory& saved = opened.saved.history;
    BOOST_TEST(saved.last_id == 9u);
    BOOST_REQUIRE_EQUAL(saved.series.size(), 2u);
    BOOST_TEST(saved.series[0].id == 3u);
    BOOST_TEST(saved.series[0].label == std::string("a\0\xff", 3));
    BOOST_TEST((saved.series[0].kind == wire::Kind::gauge));
    BOOST_TEST(saved.series[1].name == "m/histogram");
    BOOST_TEST(saved.series[1].cell == 11u);
    BOOST_TEST((saved.marks == history_changes().history.marks));
    const SavedBlocks blocks = blocks_of(*opened.store, 1, 29'000'001, 16, 100);
    BOOST_REQUIRE_EQUAL(blocks.blocks.size(), 2u);
    BOOST_TEST(blocks.blocks[0].window == 29'000'001);
    BOOST_TEST(blocks.blocks[1].bytes == std::string("\0\1", 2));
    BOOST_TEST(blocks.damaged_rows == 0u);
}

BOOST_AUTO_TEST_CASE(history_that_is_over_is_removed_and_what_is_kept_stays) {
    const TempDir dir;
    const Opened opened(dir.path());
    BOOST_TEST(opened.store->commit(history_changes()) == "");
    Changes later;
    later.history.gone_series = {3};
    later.history.kept = {{1, 29'000'001, 29'000'001}};
    later.history.blocks = {{1, 29'000'002, "d"}};  // it comes behind what is kept
    BOOST_TEST(opened.store->commit(later) == "");
    const SavedBlocks fine = blocks_of(*opened.store, 1, 30'000'000, 16, 100);
    BOOST_REQUIRE_EQUAL(fine.blocks.size(), 2u);
    BOOST_TEST(fine.blocks[0].bytes == "d");
    BOOST_TEST(fine.blocks[1].bytes == "b");
    BOOST_TEST(blocks_of(*opened.store, 900, 32'000, 16, 100).blocks.size() == 1u);
}

BOOST_AUTO_TEST_CASE(history_of_any_size_is_read_within_bounds) {
    const TempDir dir;
    const Opened opened(dir.path());
    Changes much;
    for (std::int64_t window = 0; window < 100; ++window) {
        much.history.blocks.push_back({1, window, std::string(static_cast<std::size_t>(window), 'x')});
    }
    much.history.blocks.push_back({1, -1, "x"});
    BOOST_TEST(opened.store->commit(much) == "");
    const SavedBlocks blocks = blocks_of(*opened.store, 1, 59, 16, 57);
    BOOST_TEST(blocks.blocks.size() == 14u);
    BOOST_TEST(blocks.damaged_rows == 2u);  // too long
    BOOST_REQUIRE_EQUAL(blocks.kept.size(), 1u);
    BOOST_TEST(blocks.kept[0].last == 75);  // of the future, as many as of the past
    BOOST_TEST(blocks_of(*opened.store, 1, 99, 16, 1000).kept.empty());
}

BOOST_AUTO_TEST_CASE(history_rows_of_strangers_are_left_out_and_counted) {
    const TempDir dir;
    BOOST_TEST(Opened(dir.path()).store->commit(history_changes()) == "");
    run_sql(dir.file("quipu.db"), R"sql(
        INSERT INTO history_series VALUES (-1, 'n', '', 0, 0), (4294967296, 'n', '', 0, 0), (10, 'n', '', -1, 0),
            (11, 'n', '', 0, 4), (12, 'n', CAST(zeroblob(600) AS TEXT), 0, 0);
        INSERT INTO history_mark VALUES (100, 1, 'k', CAST(zeroblob(5000) AS TEXT));
        UPDATE meta SET value = -1 WHERE name = 'history_id';
    )sql");
    const Opened opened(dir.path());
    BOOST_TEST(opened.notice == "");
    BOOST_TEST(opened.saved.history.series.size() == 2u);
    BOOST_TEST(opened.saved.history.damaged_rows == 5u);
    BOOST_TEST(opened.saved.history.last_id == 0u);
}

BOOST_AUTO_TEST_CASE(another_programs_database_is_set_aside) {
    const TempDir dir;
    run_sql(dir.file("quipu.db"), "CREATE TABLE precious (x)");
    BOOST_TEST(Opened(dir.path()).notice.find("holds no totals of quipu's") != std::string::npos);
    BOOST_TEST(count_files(dir.path(), "quipu.db.damaged-") == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_fails_the_commit_and_keeps_the_last_one) {
    const TempDir dir;
    {
        const Opened opened(dir.path());
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        rlimit tight = before;
        tight.rlim_cur = 1;
        (void)std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &tight);
        Changes more;
        more.retired = {{"count", "", 0, 99}};
        const std::string problem = opened.store->commit(more);
        ::setrlimit(RLIMIT_FSIZE, &before);
        BOOST_TEST(problem.starts_with("cannot write " + dir.file("quipu.db")));
        BOOST_TEST(opened.store->commit(some_changes()) == "");
    }
    BOOST_TEST(retired(Opened(dir.path()).saved, "count") == 7u);
}

BOOST_AUTO_TEST_CASE(a_commit_that_forgets_all_others_leaves_totals_and_what_it_brings) {
    const TempDir dir;
    {
        const Opened opened(dir.path());
        Changes before = some_changes();
        DurableTrace& trace = before.traces.emplace_back();
        trace.ref = {1, 2};
        trace.family = "F";
        BOOST_TEST(opened.store->commit(before) == "");
        Changes after;
        after.forgets_others = true;
        after.instances = some_changes().instances;
        after.instances[0].instance = std::string(16, 'z');
        BOOST_TEST(opened.store->commit(after) == "");
    }
    const Opened opened(dir.path());
    BOOST_TEST(retired(opened.saved, "count") == 7U);
    BOOST_TEST(opened.saved.traces.empty());
    BOOST_REQUIRE_EQUAL(opened.saved.instances.size(), 1U);
    BOOST_TEST(opened.saved.instances[0].instance == std::string(16, 'z'));
    BOOST_TEST(opened.saved.instances[0].counts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_removed_while_in_use_is_begun_anew) {
    const TempDir dir;
    {
        const Opened opened(dir.path());
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        fs::remove(dir.file("quipu.db"));
        BOOST_TEST(opened.store->commit(some_changes()).find("was removed") != std::string::npos);
        BOOST_TEST(opened.store->commit(some_changes()) == "");
    }
    BOOST_TEST(retired(Opened(dir.path()).saved, "count") == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
