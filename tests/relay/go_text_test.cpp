#include "subprojects/chasquid-relay/go_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace relay;

BOOST_AUTO_TEST_SUITE(relay_go_text)

BOOST_AUTO_TEST_CASE(quoted_text_becomes_what_it_was) {
    struct {
        std::string_view in;
        std::string out;
    } const cases[] = {
        {"plain", "plain"},
        {R"(a\"b\\c)", R"(a"b\c)"},
        {R"(\a\b\f\n\r\t\v)", "\a\b\f\n\r\t\v"},
        {R"(\x01\xff)", "\x01\xff"},
        {R"(\u00e9\u2028)", "\xc3\xa9\xe2\x80\xa8"},
        {R"(\U0001f4e7)", "\xf0\x9f\x93\xa7"},
        {"\xc3\x91", "\xc3\x91"},
        // No escapes of Go's.
        {R"(\)", R"(\)"},
        {R"(\q)", R"(\q)"},
        {R"(\x1)", R"(\x1)"},
        {R"(\xzz)", R"(\xzz)"},
        {R"(\U00110000)", R"(\U00110000)"},
        {"", ""},
    };

    for (const auto& tc : cases) BOOST_TEST(go_unquoted(tc.in) == tc.out, tc.in);
    BOOST_TEST(go_unquoted(R"(\x00)") == std::string(1, '\0'));
}

BOOST_AUTO_TEST_CASE(times_are_read_with_their_zone) {
    constexpr std::int64_t at = 1'795'572'232'420'798'099;
    BOOST_TEST(go_time_ns("2026-11-25 02:03:52.420798099 +0000 UTC m=+1.730156004").value_or(-1) == at);
    BOOST_TEST(go_time_ns("2026-11-25 03:03:52.420798099 +0100 CET").value_or(-1) == at);
    BOOST_TEST(go_time_ns("2026-11-24 21:33:52.420798099 -0430").value_or(-1) == at);
    BOOST_TEST(go_time_ns("2026-11-25 02:03:52 +0000 UTC").value_or(-1) == at / 1'000'000'000 * 1'000'000'000);
    BOOST_TEST(go_time_ns("1970-01-01 00:00:00 +0000").value_or(-1) == 0);
    BOOST_TEST(plain_time_ns("2026-11-25 02:03:52.420798").value_or(-1) == at - 99);
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_none) {
    for (const std::string_view text :
         {"",
          "2026-11-25",
          "2026-11-25 02:03:52",
          "2026-11-25T02:03:52 +0000",
          "2026-13-25 02:03:52 +0000",
          "2026-02-30 02:03:52 +0000",
          "2026-11-25 24:03:52 +0000",
          "2026-11-25 02:60:52 +0000",
          "2026-11-25 02:03:52. +0000",
          "2026-11-25 02:03:52.1234567890 +0000",
          "2026-11-25 02:03:52 0000",
          "2026-11-25 02:03:52 +00",
          "9999-11-25 02:03:52 +0000",
          "-026-11-25 02:03:52 +0000"}) {
        BOOST_TEST(!go_time_ns(text), text);
    }
    BOOST_TEST(!plain_time_ns("2026-11-25 02:03:52.420798 "));
}

BOOST_AUTO_TEST_SUITE_END()
