#include "daemon/pages/when.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

BOOST_AUTO_TEST_SUITE(pages_when)

using namespace quipu;

namespace {

constexpr std::int64_t moment = 1'795'572'250'937'945'941;  // 2026-11-25 02:04:10.937945941 UTC
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000 * ms;

}  // namespace

BOOST_AUTO_TEST_CASE(times_are_utc_in_every_form) {
    BOOST_TEST(date_time(moment, 0) == "2026-11-25 02:04:10");
    BOOST_TEST(date_time(moment, 6) == "2026-11-25 02:04:10.937945");
    BOOST_TEST(time_of_day(moment, 3) == "02:04:10.937");
    BOOST_TEST(iso_time(moment) == "2026-11-25T02:04:10.937945941Z");
    BOOST_TEST(go_time(moment) == "2026-11-25 02:04:10.937945941 +0000 UTC");
    BOOST_TEST(go_time(1'700'000'000 * s) == "2023-11-14 22:13:20 +0000 UTC");
    BOOST_TEST(go_time(1'700'000'000 * s + 500 * ms) == "2023-11-14 22:13:20.5 +0000 UTC");
}

BOOST_AUTO_TEST_CASE(times_at_the_edges_are_right) {
    BOOST_TEST(date_time(0, 0) == "1970-01-01 00:00:00");
    BOOST_TEST(date_time(-1, 9) == "1969-12-31 23:59:59.999999999");
    BOOST_TEST(date_time(951'782'400 * s, 0) == "2000-02-29 00:00:00");
    BOOST_TEST(date_time(std::int64_t{1} << 62, 0) == "2116-02-20 23:53:38");
}

BOOST_AUTO_TEST_CASE(durations_have_the_unit_that_people_would_choose) {
    BOOST_TEST(duration_text(-5) == "0");
    BOOST_TEST(duration_text(450'000) == "450\u00A0\u00B5s");
    BOOST_TEST(duration_text(5 * ms) == "5\u00A0ms");
    BOOST_TEST(duration_text(12'345'678) == "12.3\u00A0ms");
    BOOST_TEST(duration_text(1'234 * ms) == "1.23\u00A0s");
    BOOST_TEST(duration_text(125 * s) == "2\u00A0min 5\u00A0s");
    BOOST_TEST(duration_text(3600 * s) == "1\u00A0h");
    BOOST_TEST(duration_text((2 * 3600 + 13 * 60) * s) == "2\u00A0h 13\u00A0min");
    BOOST_TEST(duration_text(3 * 86400 * s + 4 * 3600 * s) == "3\u00A0d 4\u00A0h");
}

BOOST_AUTO_TEST_CASE(what_passed_is_shown_to_the_microsecond) {
    BOOST_TEST(seconds_text(0) == "0.000000");
    BOOST_TEST(seconds_text(1'234'567'891) == "1.234567");
    BOOST_TEST(seconds_text(-1'500'000) == "-0.001500");
}

BOOST_AUTO_TEST_CASE(ages_look_both_ways) {
    BOOST_TEST(age_text(moment, moment) == "now");
    BOOST_TEST(age_text(moment - 3 * s, moment) == "3\u00A0s ago");
    BOOST_TEST(age_text(moment + 300 * s, moment) == "in 5\u00A0min");
    // Any 64 bits, as peers may tell them.
    constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    BOOST_TEST(age_text(first, last) == "106751\u00A0d 23\u00A0h ago");
    BOOST_TEST(age_text(last, first) == "in 106751\u00A0d 23\u00A0h");
    BOOST_TEST(seconds_text(first) == "-9223372036.854775");
}

BOOST_AUTO_TEST_CASE(durations_are_read_as_go_and_people_write_them) {
    struct Case {
        std::string_view text;
        std::int64_t ns;  // -1: refused
    };

    for (const Case& tc : std::vector<Case>{
             {"100ms", 100 * ms},
             {"1.5s", 1500 * ms},
             {"1h30m", 5400 * s},
             {"2", 2 * s},
             {"0", 0},
             {"10us", 10'000},
             {"10\u00B5s", 10'000},
             {"1d", 86400 * s},
             {"", -1},
             {"ms", -1},
             {"-1s", -1},
             {"1x", -1},
             {"1s2", -1},
             {"nan", -1},
             {"inf", -1},
             {"1e99", -1},
             {"99999999999999999999d", -1},
         }) {
        BOOST_TEST_CONTEXT(tc.text) {
            std::int64_t ns = -1;
            const bool is_read = parse_duration(tc.text, ns);
            BOOST_TEST(is_read == (tc.ns >= 0));
            if (is_read) BOOST_TEST(ns == tc.ns);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
