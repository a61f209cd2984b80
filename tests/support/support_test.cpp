// The tools that tests lean on: a golden check that cannot fail is no check.
#include <boost/test/unit_test.hpp>

#include "tests/support/golden.hpp"
#include "tests/support/hex.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(support_support)

BOOST_AUTO_TEST_CASE(diff_is_empty_only_for_equal_texts) {
    BOOST_TEST(test::diff("", "").empty());
    BOOST_TEST(test::diff("a\nb\n", "a\nb\n").empty());
    for (const auto& [expected, actual] : {
             std::pair{"", "a\n"},
             std::pair{"a\n", ""},
             std::pair{"a\n", "a"},
             std::pair{"a\n", "a\n\n"},
             std::pair{"a\nb\nc\n", "a\nc\n"},
             std::pair{"a\n", "b\n"},
         }) {
        BOOST_TEST(!test::diff(expected, actual).empty());
    }
}

BOOST_AUTO_TEST_CASE(diff_shows_what_changed_between_what_did_not) {
    BOOST_TEST(
        test::diff("1\n2\n3\n4\nold\n5\n", "1\n2\n3\n4\nnew\nnewer\n5\n") ==
        "at line 5:\n  2\n  3\n  4\n- old\n+ new\n+ newer\n  5\n"
    );
    BOOST_TEST(test::diff("a\n", "a") == "at line 1:\n- a\n+ a\\ no newline at the end\n");
}

BOOST_AUTO_TEST_CASE(hex_goes_both_ways) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    BOOST_TEST(test::from_hex(test::to_hex(all)) == all);
    BOOST_TEST(test::to_hex("\x01\xff") == "01 ff\n");
    BOOST_TEST(test::from_hex("# comment 12\n0a 0B # 99\n  ff") == "\x0a\x0b\xff");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
