#include "daemon/disk/journal.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <limits>

#include "tests/support/files.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(disk_journal)

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t file = 0xfedcba9876543210ULL;

Changes retired(std::uint64_t value) {
    Changes changes;
    changes.retired = {{"count", "", 0, value}};
    return changes;
}

// The values of the entries, in their order.
std::vector<std::uint64_t> values(const std::vector<Changes>& entries) {
    std::vector<std::uint64_t> all;
    for (const Changes& entry : entries) {
        BOOST_REQUIRE_EQUAL(entry.retired.size(), 1U);
        all.push_back(entry.retired[0].value);
    }
    return all;
}

std::vector<std::uint64_t> values_on_disk(const TempDir& dir, std::uint64_t epoch, std::uint64_t its_file = file) {
    return values(Journal(dir.file("quipu.db")).read(its_file, epoch));
}

using Values = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_CASE(an_entry_comes_back_to_the_letter) {
    const TempDir dir;
    Changes changes;
    DurableFamily& family = changes.families.emplace_back();
    family.name = "latency";
    family.kind = wire::Kind::histogram;
    family.help = "how long";
    family.unit = "seconds";
    family.label_name = "who";
    family.merge = wire::Merge::max;
    family.bounds = {0.1, 1.0 / 3, 1e300};
    family.sum_unit = 1e-9;
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    changes.retired = {{"latency", std::string("a\0\xff", 3), 2, most}, {"count", "", 0, 0}};
    DurableInstance& instance = changes.instances.emplace_back();
    instance.instance = std::string(
        "\0\xff"
        "23456789abcdef",
        16
    );
    instance.program = "maild";
    instance.version = "1.0";
    instance.hostname = "mx";
    instance.start_wall_ns = -5;
    instance.pid = -1;
    instance.said_pid = 4294967295U;
    instance.uid = 4294967294U;
    instance.gid = 4294967293U;
    instance.is_ended = true;
    instance.how = "said goodbye";
    instance.connected_wall_ns = 1;
    instance.heard_wall_ns = 2;
    instance.life_wall_ns = 3;
    instance.connections = 4;
    instance.counts = {{"latency", "b", 3, most - 1}};
    changes.forgotten_instances = {std::string(16, 'z')};
    BOOST_TEST(Journal(dir.file("quipu.db")).append(file, 7, changes, 0) == "");

    const std::vector<Changes> entries = Journal(dir.file("quipu.db")).read(file, 7);
    BOOST_REQUIRE_EQUAL(entries.size(), 1U);
    const Changes& entry = entries[0];
    BOOST_TEST(entry.epoch == 7U);
    BOOST_REQUIRE_EQUAL(entry.families.size(), 1U);
    BOOST_TEST(entry.families[0].name == "latency");
    BOOST_TEST((entry.families[0].kind == wire::Kind::histogram));
    BOOST_TEST(entry.families[0].help == "how long");
    BOOST_TEST(entry.families[0].unit == "seconds");
    BOOST_TEST(entry.families[0].label_name == "who");
    BOOST_TEST((entry.families[0].merge == wire::Merge::max));
    BOOST_TEST(entry.families[0].bounds == family.bounds, boost::test_tools::per_element());
    BOOST_TEST(entry.families[0].sum_unit == 1e-9);
    BOOST_REQUIRE_EQUAL(entry.retired.size(), 2U);
    BOOST_TEST(entry.retired[0].family == "latency");
    BOOST_TEST(entry.retired[0].label == std::string("a\0\xff", 3));
    BOOST_TEST(entry.retired[0].cell == 2U);
    BOOST_TEST(entry.retired[0].value == most);
    BOOST_TEST(entry.retired[1].family == "count");
    BOOST_TEST(entry.retired[1].value == 0U);
    BOOST_REQUIRE_EQUAL(entry.instances.size(), 1U);
    const DurableInstance& back = entry.instances[0];
    BOOST_TEST(back.instance == instance.instance);
    BOOST_TEST(back.program == "maild");
    BOOST_TEST(back.version == "1.0");
    BOOST_TEST(back.hostname == "mx");
    BOOST_TEST(back.start_wall_ns == -5);
    BOOST_TEST(back.pid == -1);
    BOOST_TEST(back.said_pid == 4294967295U);
    BOOST_TEST(back.uid == 4294967294U);
    BOOST_TEST(back.gid == 4294967293U);
    BOOST_TEST(back.is_ended);
    BOOST_TEST(back.how == "said goodbye");
    BOOST_TEST(back.connected_wall_ns == 1);
    BOOST_TEST(back.heard_wall_ns == 2);
    BOOST_TEST(back.life_wall_ns == 3);
    BOOST_TEST(back.connections == 4U);
    BOOST_REQUIRE_EQUAL(back.counts.size(), 1U);
    BOOST_TEST(back.counts[0].family == "latency");
    BOOST_TEST(back.counts[0].label == "b");
    BOOST_TEST(back.counts[0].cell == 3U);
    BOOST_TEST(back.counts[0].value == most - 1);
    BOOST_TEST(entry.forgotten_instances == changes.forgotten_instances, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(entries_that_the_store_has_are_skipped_and_the_others_come_in_order) {
    const TempDir dir;
    {
        Journal journal(dir.file("quipu.db"));
        // Commits 4 and 5 failed: 3 stays the last one that the store has.
        BOOST_TEST(journal.append(file, 3, retired(1), 3) == "");
        BOOST_TEST(journal.append(file, 3, retired(2), 3) == "");
        BOOST_TEST(journal.append(file, 4, retired(3), 3) == "");
        BOOST_TEST(journal.append(file, 5, retired(4), 3) == "");
    }
    BOOST_TEST(values_on_disk(dir, 3) == (Values{1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(values_on_disk(dir, 4) == (Values{3, 4}), boost::test_tools::per_element());
    BOOST_TEST(values_on_disk(dir, 5) == (Values{4}), boost::test_tools::per_element());
    BOOST_TEST(values_on_disk(dir, 6).empty());
}

BOOST_AUTO_TEST_CASE(a_file_begins_anew_once_the_store_has_all_of_it) {
    const TempDir dir;
    Journal journal(dir.file("quipu.db"));
    for (std::uint64_t epoch = 0; epoch < 1000; ++epoch) {
        BOOST_REQUIRE_EQUAL(journal.append(file, epoch, retired(epoch), epoch), "");
    }
    BOOST_TEST(values_on_disk(dir, 999) == (Values{999}), boost::test_tools::per_element());
    BOOST_TEST(fs::file_size(dir.file("quipu.db-published-0")) < 100U);
    BOOST_TEST(fs::file_size(dir.file("quipu.db-published-1")) < 100U);
    journal.clear();
    BOOST_TEST(fs::is_empty(dir.path()));
    BOOST_TEST(journal.append(file, 1000, retired(1), 1000) == "");
    BOOST_TEST(values_on_disk(dir, 1000) == (Values{1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_where_the_last_entry_ends) {
    const TempDir dir;
    BOOST_TEST(Journal(dir.file("quipu.db")).append(file, 8, retired(1), 8) == "");
    for (std::uint64_t i = 2; i < 5; ++i) {
        Journal again(dir.file("quipu.db"));
        BOOST_TEST(again.read(file, 8).size() == i - 1);
        BOOST_TEST(again.append(file, 8, retired(i), 8) == "");
    }
    BOOST_TEST(values_on_disk(dir, 8) == (Values{1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_journal_of_another_state_file_is_of_no_use) {
    const TempDir dir;
    BOOST_TEST(Journal(dir.file("quipu.db")).append(file, 8, retired(1), 8) == "");
    Journal journal(dir.file("quipu.db"));
    BOOST_TEST(journal.read(file + 1, 0).empty());
    BOOST_TEST(journal.append(file + 1, 0, retired(2), 0) == "");
    BOOST_TEST(values_on_disk(dir, 0, file + 1) == (Values{2}), boost::test_tools::per_element());
    BOOST_TEST(values_on_disk(dir, 0).empty());
    // As when a damaged one was replaced while quipud runs.
    BOOST_TEST(journal.append(file + 2, 2, retired(3), 0) == "");
    BOOST_TEST(values_on_disk(dir, 0, file + 2) == (Values{3}), boost::test_tools::per_element());
}

// A kill in the middle of the last write: what was there before counts, and what comes later is found.
BOOST_AUTO_TEST_CASE(an_entry_cut_anywhere_is_as_if_it_had_not_been) {
    const TempDir dir;
    const std::string path = dir.file("quipu.db-published-0");
    {
        Journal journal(dir.file("quipu.db"));
        BOOST_TEST(journal.append(file, 8, retired(1), 8) == "");
        BOOST_TEST(journal.append(file, 8, retired(2), 8) == "");
    }
    const std::string whole = read_file(path);
    const std::size_t half = whole.size() / 2;
    for (std::size_t size = half; size < whole.size(); ++size) {
        BOOST_TEST_CONTEXT("cut at " << size) {
            write_file(path, whole.substr(0, size));
            Journal journal(dir.file("quipu.db"));
            BOOST_TEST(values(journal.read(file, 8)) == (Values{1}), boost::test_tools::per_element());
            BOOST_TEST(journal.append(file, 8, retired(3), 8) == "");
            BOOST_TEST(values_on_disk(dir, 8) == (Values{1, 3}), boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_ends_the_file_and_invents_nothing) {
    const TempDir dir;
    const std::string path = dir.file("quipu.db-published-0");
    {
        Journal journal(dir.file("quipu.db"));
        BOOST_TEST(journal.append(file, 8, retired(1), 8) == "");
        BOOST_TEST(journal.append(file, 8, retired(2), 8) == "");
    }
    const std::string whole = read_file(path);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (const int bit : {1, 128}) {
            BOOST_TEST_CONTEXT("byte " << i << " bit " << bit) {
                std::string bytes = whole;
                bytes[i] = static_cast<char>(bytes[i] ^ bit);
                write_file(path, bytes);
                const Values expected = i < whole.size() / 2 ? Values{} : Values{1};
                BOOST_TEST(values_on_disk(dir, 8) == expected, boost::test_tools::per_element());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_full_journal_says_so_until_the_store_has_it) {
    const TempDir dir;
    Journal journal(dir.file("quipu.db"), JournalLimits{.file_bytes = 200});
    std::string problem;
    int taken = 0;
    for (; problem.empty(); ++taken) problem = journal.append(file, 2, retired(1), 1);
    BOOST_TEST(problem == dir.file("quipu.db-published-0") + " is full, because the state file cannot be written");
    BOOST_TEST(fs::file_size(dir.file("quipu.db-published-0")) <= 200U);
    BOOST_TEST(values_on_disk(dir, 2).size() == static_cast<std::size_t>(taken - 1));
    BOOST_TEST(journal.append(file, 4, retired(1), 4) == "");
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_gone_is_a_sentence) {
    const TempDir dir;
    Journal journal(dir.file("gone/quipu.db"));
    BOOST_TEST(journal.read(file, 0).empty());
    BOOST_TEST(
        journal.append(file, 0, retired(1), 0) ==
        "cannot open " + dir.file("gone/quipu.db-published-0") + ": No such file or directory"
    );
    fs::create_directory(dir.file("gone"));
    BOOST_TEST(journal.append(file, 0, retired(1), 0) == "");
}

BOOST_AUTO_TEST_SUITE_END()
