#include "daemon/pages/dashboard.hpp"

#include "daemon/core/history_feed.hpp"
#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_tiles)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::string_view replies = "chasquid/smtpIn/responseCodeCount";

// The tile of that name, as served.
std::string tile(World& world, std::string_view label) {
    const std::string body = world.get("/").body;
    const std::size_t at = body.find("<span class=\"label\">" + std::string(label) + "</span>");
    BOOST_REQUIRE(at != std::string::npos);
    const std::size_t begin = body.rfind("<li class=\"tile", at);
    return body.substr(begin, body.find("</li>", at) - begin);
}

std::string value(std::string_view text) {
    return "<span class=\"value\">" + std::string(text) + "</span>";
}

std::string total(std::string_view text) {
    return "<span class=\"total\">" + std::string(text) + "</span>";
}

// A second later, with a point of history.
void tick(World& world, HistoryFeed& feed) {
    world.now.wall_ns += 1000 * ms;
    world.now.steady_ns += 1000 * ms;
    feed.sample(world.state, world.now);
}

}  // namespace

BOOST_AUTO_TEST_CASE(totals_come_from_the_mail_variables) {
    World world;
    auto maild = world.connect();
    maild->counters("chasquid/smtpIn/tlsCount", "status", {{"plain", 1}, {"tls", 1233}});
    maild->counter("chasquid/queue/dsnQueued", 3);
    maild->counters("chasquid/queue/deliverAttempts", "recipient_type", {{"email:local", 4}, {"pipe", 1}});
    maild->counters(replies, "code", {{"250", 36}, {"451", 2}, {"500", 3}, {"550", 2}});
    BOOST_TEST(has(tile(world, "Messages in"), total("1\u00A0234 in all")));
    BOOST_TEST(has(tile(world, "Delivery attempts"), total("5 in all")));
    BOOST_TEST(has(tile(world, "Bounces (DSN)"), total("3 in all")));
    BOOST_TEST(has(tile(world, "SMTP errors 4xx"), total("2 in all")));
    BOOST_TEST(has(tile(world, "SMTP errors 5xx"), total("5 in all")));
    BOOST_TEST(has(tile(world, "TLS in"), value("99.9\u00A0%")));
    BOOST_TEST(has(tile(world, "TLS in"), total("1\u00A0233 of 1\u00A0234")));
    BOOST_TEST(has(tile(world, "STS passes"), total("none so far")));
}

BOOST_AUTO_TEST_CASE(what_is_no_counter_counts_nothing) {
    World world;
    auto maild = world.connect();
    maild->text("chasquid/queue/dsnQueued", "many");
    BOOST_TEST(has(tile(world, "Bounces (DSN)"), total("0 in all")));
}

BOOST_AUTO_TEST_CASE(rates_are_the_mean_of_the_last_minute) {
    World world;
    auto maild = world.connect();
    HistoryFeed feed;
    const std::uint32_t id = maild->define({.name = "chasquid/smtpIn/tlsCount", .label_name = "status"}, {"tls"});
    maild->say(wire::Deltas{{id}, {100}});  // before anybody looked: no peak
    BOOST_TEST(has(tile(world, "Messages in"), value("\u2013")));
    tick(world, feed);
    for (int i = 0; i < 30; ++i) {
        maild->say(wire::Deltas{{id}, {2}});
        tick(world, feed);
    }
    BOOST_TEST(has(tile(world, "Messages in"), value("2\u00A0/s")));
    for (int i = 0; i < 60; ++i) tick(world, feed);
    BOOST_TEST(has(tile(world, "Messages in"), value("0\u00A0/min")));
    BOOST_TEST(has(tile(world, "Messages in"), total("160 in all")));
}

BOOST_AUTO_TEST_CASE(trouble_is_marked_while_it_happens) {
    World world;
    auto maild = world.connect();
    HistoryFeed feed;
    const std::uint32_t id = maild->define({.name = replies, .label_name = "code"}, {"550"});
    tick(world, feed);
    BOOST_TEST(!has(tile(world, "SMTP errors 5xx"), "trouble\""));
    maild->say(wire::Deltas{{id}, {1}});
    tick(world, feed);
    BOOST_TEST(has(tile(world, "SMTP errors 5xx"), "class=\"tile trouble\""));
    for (int i = 0; i < 61; ++i) tick(world, feed);
    BOOST_TEST(!has(tile(world, "SMTP errors 5xx"), "class=\"tile trouble\""));
}

BOOST_AUTO_TEST_CASE(a_sparkline_has_a_point_each_ten_seconds_and_gaps) {
    World world;
    auto maild = world.connect();
    HistoryFeed feed;
    const std::uint32_t id = maild->define({.name = "maild/queue/length", .kind = Kind::gauge});
    maild->say(wire::Set{{id}, {5}, {}});
    for (int i = 0; i < 40; ++i) tick(world, feed);
    const std::string drawn = tile(world, "In the queue");
    BOOST_TEST(has(drawn, value("5")));
    BOOST_TEST(has(drawn, "L89 1\"/>"));  // the highest stands at the top, the last at the right
    maild->close(world.now);
    for (int i = 0; i < 40; ++i) tick(world, feed);
    const std::string later = tile(world, "In the queue");
    BOOST_TEST(!has(later, "L89 "));
    BOOST_TEST(has(later, "<path d=\"M"));
}

BOOST_AUTO_TEST_CASE(without_a_queue_length_it_says_what_was_put_in_the_queue) {
    World world;
    auto maild = world.connect();
    maild->counter("chasquid/queue/putCount", 7);
    BOOST_TEST(has(tile(world, "Put in the queue"), total("7 in all")));
}

BOOST_AUTO_TEST_CASE(the_slowest_active_trace_is_linked_and_listeners_are_none) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Listen", "127.0.0.1:25", -9'000'000 * ms);
    BOOST_TEST(has(tile(world, "Slowest active trace"), total("none is open")));
    maild->begin(2, "SMTP.Conn", "192.0.2.1:4711", -5000 * ms);
    maild->begin(3, "SMTP.Conn", "192.0.2.2:4711", -1000 * ms);
    const std::string slowest = tile(world, "Slowest active trace");
    BOOST_TEST(has(slowest, value("5\u00A0s")));
    BOOST_TEST(has(slowest, total("SMTP.Conn 192.0.2.1:4711")));
    BOOST_TEST(has(slowest, "href=\"/debug/traces?trace=" + maild->trace_id(2) + "\""));
    BOOST_TEST(has(tile(world, "Active connections"), value("2")));
}

BOOST_AUTO_TEST_CASE(rates_below_one_a_second_are_told_by_the_minute) {
    BOOST_TEST(rate_text(0) == "0\u00A0/min");
    BOOST_TEST(rate_text(0.05) == "3\u00A0/min");
    BOOST_TEST(rate_text(1) == "1\u00A0/s");
    BOOST_TEST(rate_text(1234.5) == "1\u00A0235\u00A0/s");
}

BOOST_AUTO_TEST_SUITE_END()
