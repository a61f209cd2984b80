#include "daemon/profile/stacks.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "daemon/profile/legacy_text.hpp"
#include "tests/support/profiles.hpp"

BOOST_AUTO_TEST_SUITE(profile_stacks)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(folded_stacks_begin_with_the_outermost_caller) {
    ProfileMaker maker;
    maker.stack({"read", "serve", "main"}, 2).stack({"read", "serve", "main"}, 3).stack({"main"}, 1);
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "main 1\nmain;serve;read 5\n");
}

BOOST_AUTO_TEST_CASE(signs_of_the_form_itself_are_replaced_in_names) {
    ProfileMaker maker;
    maker.stack({"a;b\nc", "main"}, 1);
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "main;a:b?c 1\n");
}

BOOST_AUTO_TEST_CASE(inlined_functions_are_frames_of_their_own) {
    ProfileMaker maker;
    maker.stack({"main"}, 1);
    maker.profile().samples[0].locations.insert(
        maker.profile().samples[0].locations.begin(), maker.location(std::vector<std::string_view>{"inlined", "caller"})
    );
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "main;caller;inlined 1\n");
}

BOOST_AUTO_TEST_CASE(an_address_without_a_name_is_its_place_in_the_file) {
    ProfileMaker maker;
    maker.address(0x2010, 4);
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "maild+0x1410 4\n");
    maker.profile().locations[0].address = 0x99999;  // outside of its mapping
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "0x99999 4\n");
    maker.profile().locations[0].mapping = no_index;
    BOOST_TEST(folded_stacks(maker.profile(), 0) == "0x99999 4\n");
}

BOOST_AUTO_TEST_CASE(top_counts_a_recursive_function_once) {
    ProfileMaker maker;
    maker.stack({"leaf", "walk", "walk", "main"}, 3).stack({"walk", "main"}, 2);
    const auto rows = top_functions(maker.profile(), 0);
    BOOST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(rows[0].name == "leaf");
    BOOST_TEST(rows[0].flat == 3);
    BOOST_TEST(rows[0].cum == 3);
    BOOST_TEST(rows[1].name == "walk");
    BOOST_TEST(rows[1].flat == 2);
    BOOST_TEST(rows[1].cum == 5);
    BOOST_TEST(rows[2].name == "main");
    BOOST_TEST(rows[2].flat == 0);
    BOOST_TEST(rows[2].cum == 5);
    BOOST_TEST(rows[0].file == "/src/maild.cpp");
}

BOOST_AUTO_TEST_CASE(hostile_values_neither_wrap_nor_shrink_a_sum) {
    ProfileMaker maker;
    maker.stack({"a"}, 1).stack({"a"}, 1).stack({"a"}, 1);
    maker.profile().samples[0].values[0] = std::numeric_limits<std::int64_t>::max();
    maker.profile().samples[1].values[0] = std::numeric_limits<std::int64_t>::max();
    maker.profile().samples[2].values[0] = std::numeric_limits<std::int64_t>::min();
    BOOST_TEST(total_of(maker.profile(), 0) == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(top_functions(maker.profile(), 0)[0].cum == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(flame_tree(maker.profile(), 0).nodes[1].value == std::numeric_limits<std::int64_t>::max());
}

BOOST_AUTO_TEST_CASE(the_flame_tree_is_a_walk_with_siblings_by_name) {
    ProfileMaker maker;
    maker.stack({"write", "main"}, 1).stack({"read", "main"}, 2).stack({"main"}, 4);
    const FlameTree tree = flame_tree(maker.profile(), 0);
    std::string walk;
    for (const FlameNode& node : tree.nodes) {
        walk += std::to_string(node.depth) + tree.names[node.name] + "=" + std::to_string(node.value) + " ";
    }
    BOOST_TEST(walk == "0all=7 1main=7 2read=2 2write=1 ");
    BOOST_TEST(tree.left_out == 0U);
}

BOOST_AUTO_TEST_CASE(of_too_many_nodes_the_smallest_are_left_out_and_counted) {
    ProfileMaker maker;
    for (int i = 1; i <= 9; ++i) maker.stack({"leaf" + std::to_string(i), "main"}, i);
    const FlameTree tree = flame_tree(maker.profile(), 0, {.nodes = 5});
    BOOST_TEST(tree.nodes.size() == 5U);  // all, main, and the three largest
    BOOST_TEST(tree.left_out == 6U);
    BOOST_TEST(tree.names[tree.nodes.back().name] == "leaf9");
}

BOOST_AUTO_TEST_CASE(stacks_deeper_than_the_limit_count_for_their_caller) {
    ProfileMaker maker;
    std::vector<std::string> names;
    for (int i = 0; i < 30; ++i) names.push_back("f" + std::to_string(i));
    maker.stack({names.begin(), names.end()}, 1);
    const FlameTree tree = flame_tree(maker.profile(), 0, {.depth = 10});
    BOOST_TEST(tree.nodes.size() == 11U);
    BOOST_TEST(tree.nodes.back().value == 1);
}

BOOST_AUTO_TEST_CASE(text_is_as_go_prints_it) {
    ProfileMaker maker;
    maker.stack({"read", "main"}, 1).address(0x2010, 4);
    BOOST_TEST(
        legacy_text(maker.profile(), "goroutine", 0) ==
        "goroutine profile: total 5\n"
        "4 @ 0x2011\n"
        "#\t0x2010\tmaild+0x1410\n"
        "\n"
        "1 @ 0x1001 0x1011\n"
        "#\t0x1000\tread\t/src/maild.cpp:7\n"
        "#\t0x1010\tmain\t/src/maild.cpp:7\n"
        "\n"
        "--- Memory map: ---\n"
        "000000001000-000000009000 r-xp 00000400 00:00 0 /usr/sbin/maild\n"
    );
}

BOOST_AUTO_TEST_SUITE_END()
