#include "subprojects/chasquid-relay/log_tail.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_dir.hpp"

using namespace relay;

namespace relay_log_tail {

namespace {

struct Fixture {
    quipu::test::TempDir dir;
    std::string path = dir.file("chasquid.log");
    std::vector<std::string> lines;

    void write(std::string_view text, bool is_anew = false) const {
        std::ofstream file(path, is_anew ? std::ios::trunc : std::ios::app);
        file << text;
    }

    // The lines since the last look.
    std::vector<std::string> look(LogTail& tail) {
        lines.clear();
        while (tail.look([this](std::string_view line) { lines.emplace_back(line); })) continue;
        return lines;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

}  // namespace relay_log_tail

BOOST_FIXTURE_TEST_SUITE(relay_log_tail, Fixture)

BOOST_AUTO_TEST_CASE(lines_are_handed_on_once_they_are_whole) {
    write("old\n");
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    write("one\ntw");
    BOOST_TEST(look(tail) == Lines{"one"}, boost::test_tools::per_element());
    BOOST_TEST(look(tail).empty());
    write("o\n\nthree\n");
    BOOST_TEST(look(tail) == (Lines{"two", "", "three"}), boost::test_tools::per_element());
    BOOST_TEST(tail.error().empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_comes_later_is_read_from_its_beginning) {
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    BOOST_TEST(tail.error() == "No such file or directory");
    write("one\n");
    BOOST_TEST(look(tail) == Lines{"one"}, boost::test_tools::per_element());
    BOOST_TEST(tail.error().empty());
}

BOOST_AUTO_TEST_CASE(a_file_moved_away_is_read_to_its_end_and_then_the_new_one) {
    write("");
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    write("one\n");
    std::filesystem::rename(path, path + ".1");
    BOOST_TEST(look(tail) == Lines{"one"}, boost::test_tools::per_element());
    {
        std::ofstream old(path + ".1", std::ios::app);
        old << "two\n";
    }
    write("three\n");
    look(tail);
    Lines all = lines;
    for (const std::string& one : look(tail)) all.push_back(one);
    BOOST_TEST(all == (Lines{"two", "three"}), boost::test_tools::per_element());
    BOOST_TEST(tail.rotations() == 1U);
    write("four\n");
    BOOST_TEST(look(tail) == Lines{"four"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_emptied_in_its_place_is_read_anew) {
    write("");
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    write("a long line\nhal");
    BOOST_TEST(look(tail).size() == 1U);
    write("new\n", true);
    BOOST_TEST(look(tail) == Lines{"new"}, boost::test_tools::per_element());
    BOOST_TEST(tail.rotations() == 1U);
}

BOOST_AUTO_TEST_CASE(long_lines_are_cut_and_cost_no_other) {
    write("");
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    write(std::string(10'000'000, 'x') + "\nnext\n");
    BOOST_TEST(look(tail).size() == 2U);
    BOOST_TEST(lines[0].size() == LineReader::max_line_bytes);
    BOOST_TEST(lines[1] == "next");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused) {
    BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    LogTail tail(path);
    BOOST_TEST(look(tail).empty());
    BOOST_TEST(tail.error() == "it is no regular file");
    LogTail folder(dir.file("."));
    BOOST_TEST(look(folder).empty());
    BOOST_TEST(!folder.error().empty());
}

BOOST_AUTO_TEST_SUITE_END()
