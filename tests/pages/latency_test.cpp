#include "daemon/pages/latency.hpp"

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_latency)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(ends_are_counted_where_nothing_better_is_known) {
    World world;
    auto maild = world.connect();
    std::uint64_t number = 0;
    for (const std::int64_t duration : {std::int64_t{0}, 4 * ms, 5 * ms, 20'000 * ms}) {
        maild->begin(++number, "SMTP.Conn", "x", 0);
        maild->end(number, duration);
    }
    const Latency latency = latency_of(world.state, "SMTP.Conn");
    BOOST_TEST(!latency.is_exact);
    BOOST_TEST(latency.count == 4U);
    BOOST_TEST(latency.average_ns == -1);
    BOOST_REQUIRE(latency.rows.size() == bucket_count);
    BOOST_TEST(latency.rows[0].count == 2U);
    BOOST_TEST(latency.rows[0].percent == 50.0);
    BOOST_TEST(latency.rows[1].count == 1U);
    BOOST_TEST(latency.rows[1].from_ns == 5 * ms);
    BOOST_TEST(latency.rows[1].to_ns == 10 * ms);
    BOOST_TEST(latency.rows[7].count == 1U);
    BOOST_TEST(latency.rows[7].to_ns == -1);
    BOOST_TEST(latency.rows[7].percent_so_far == 100.0);
}

BOOST_AUTO_TEST_CASE(exact_histogram_of_the_mail_daemon_is_preferred) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "x", 0);
    maild->end(1, 0);
    maild->histogram(
        {.name = "quipu/emitter/traceSeconds",
         .kind = Kind::histogram,
         .label_name = "family",
         .bounds = {0.005, 1},
         .sum_unit = 1e-9},
        "SMTP.Conn",
        {6, 3, 1, 5'000'000'000}
    );
    const Latency latency = latency_of(world.state, "SMTP.Conn");
    BOOST_TEST(latency.is_exact);
    BOOST_TEST(latency.count == 10U);
    BOOST_TEST(latency.average_ns == 500 * ms);
    BOOST_REQUIRE(latency.rows.size() == 3U);
    BOOST_TEST(latency.rows[0].to_ns == 5 * ms);
    BOOST_TEST(latency.rows[1].from_ns == 5 * ms);
    BOOST_TEST(latency.rows[1].percent_so_far == 90.0);
    BOOST_TEST(latency.rows[2].from_ns == 1000 * ms);
    BOOST_TEST(latency.rows[2].to_ns == -1);
}

BOOST_AUTO_TEST_CASE(families_without_ends_have_rows_of_zero) {
    World world;
    BOOST_TEST(latency_of(world.state, "none").rows.empty());
    auto maild = world.connect();
    maild->begin(1, "Open", "x", 0);
    const Latency latency = latency_of(world.state, "Open");
    BOOST_TEST(latency.count == 0U);
    BOOST_TEST(latency.rows.size() == bucket_count);
    BOOST_TEST(latency.rows[3].percent == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
