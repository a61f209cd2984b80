// How what an instance has counted is kept once it has ended.
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/state.hpp"
#include "tests/disk/store_lab.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(disk_store_instances)

using namespace quipu;
using namespace quipu::test;

namespace {

// An instance that counts this, and nothing else.
Changes one_instance(char id, bool is_ended, std::vector<DurableCount> counts) {
    Changes changes;
    for (const char* name : {"count", "other"}) changes.families.emplace_back().name = name;
    DurableInstance instance;
    instance.instance = std::string(16, id);
    instance.is_ended = is_ended;
    instance.counts = std::move(counts);
    changes.instances = {instance};
    return changes;
}

// What its pages would show of the count after a start.
std::uint64_t held(const std::string& dir, char id, const std::string& name) {
    Opened opened(dir);
    BOOST_TEST(opened.notice == "");
    State state;
    restore(state, opened.saved, test_now);
    EmitterRecord* emitter = state.emitters.find(std::string(16, id));
    BOOST_REQUIRE(emitter);
    for (const Count& count : emitter->metrics.counts) {
        if (state.metrics.family_of(*count.cell).name == name) return count.shown();
    }
    return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(counts_of_an_ended_instance_are_one_row_and_come_back) {
    const TempDir dir;
    const auto commit = [&dir](const Changes& changes) {
        BOOST_REQUIRE_EQUAL(Opened(dir.path()).store->commit(changes), "");
    };
    const auto rows = [&dir] { return number_by_sql(dir.file("quipu.db"), "SELECT count(*) FROM instance_count"); };
    const auto folded = [&dir] { return number_by_sql(dir.file("quipu.db"), "SELECT count(*) FROM ended_counts"); };
    commit(one_instance('a', false, {{"count", "", 0, 3}, {"other", "", 0, 4}}));
    BOOST_TEST(rows() == 2);
    BOOST_TEST(folded() == 0);
    commit(one_instance('a', true, {{"count", "", 0, 5}}));
    BOOST_TEST(rows() == 0);
    BOOST_TEST(folded() == 1);
    BOOST_TEST(held(dir.path(), 'a', "count") == 5U);
    BOOST_TEST(held(dir.path(), 'a', "other") == 4U);
    // It lives on after all, and ends once more.
    commit(one_instance('a', false, {{"other", "", 0, 6}}));
    BOOST_TEST(rows() == 1);
    BOOST_TEST(held(dir.path(), 'a', "count") == 5U);
    BOOST_TEST(held(dir.path(), 'a', "other") == 6U);
    commit(one_instance('a', true, {}));
    BOOST_TEST(rows() == 0);
    BOOST_TEST(held(dir.path(), 'a', "count") == 5U);
    BOOST_TEST(held(dir.path(), 'a', "other") == 6U);
    Changes forgets;
    forgets.forgotten_instances = {std::string(16, 'a')};
    commit(forgets);
    BOOST_TEST(folded() == 0);
}

BOOST_AUTO_TEST_CASE(damaged_counts_of_an_ended_instance_are_left_out) {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(Opened(dir.path()).store->commit(one_instance('a', true, {{"count", "", 0, 5}})), "");
    run_sql(dir.file("quipu.db"), "UPDATE ended_counts SET counts = X'ff'");
    BOOST_TEST(held(dir.path(), 'a', "count") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
