#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

using namespace quipu;
using namespace quipu::test;

namespace {

std::string tile(std::string_view label, std::string_view value) {
    return "<span class=\"label\">" + std::string(label) + "</span> <span class=\"value\">" + std::string(value) +
           "</span>";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pages_index)

BOOST_AUTO_TEST_CASE(first_run_says_how_to_connect_and_links_to_everything) {
    World world;
    const std::string body = world.get("/").body;
    BOOST_TEST(has(body, "No mail daemon has connected yet"));
    BOOST_TEST(has(body, "<code>/run/quipu/ingest.sock</code>"));
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.about.empty() || endpoint.path == "/") continue;
        const std::string path(endpoint.path);
        BOOST_TEST(has(body, "<code>" + path + "</code></a></dt><dd>" + std::string(endpoint.about)));
    }
}

BOOST_AUTO_TEST_CASE(key_numbers_come_from_the_mail_variables) {
    World world;
    auto maild = world.connect(
        'a',
        {.program = "maild",
         .version = "1.0",
         .pid = 4711,
         .start_wall_ns = static_cast<std::uint64_t>(world.now.wall_ns - 60'000 * ms),
         .hostname = "mx1"}
    );
    maild->counter("chasquid/queue/putCount", 1234);
    maild->counter("chasquid/queue/dsnQueued", 3);
    maild->counters("chasquid/queue/deliverAttempts", "recipient_type", {{"email:local", 4}, {"pipe", 1}});
    maild->counters(
        "chasquid/smtpIn/responseCodeCount",
        "code",
        {{"220", 6}, {"250", 36}, {"354", 5}, {"451", 2}, {"500", 3}, {"550", 2}}
    );
    maild->begin(1, "SMTP.Conn", "x", 0);
    maild->begin(2, "SMTP.Conn", "y", 0);
    maild->error(2, "no", 1 * ms);
    maild->end(2, 2 * ms);
    const std::string body = world.get("/").body;
    BOOST_TEST(has(body, tile("Put in the queue", "1\u00A0234")));
    BOOST_TEST(has(body, tile("Delivery attempts", "5")));
    BOOST_TEST(has(body, tile("Bounces (DSN)", "3")));
    BOOST_TEST(has(body, tile("Replies 2xx and 3xx", "47")));
    BOOST_TEST(has(body, tile("Replies 4xx", "2")));
    BOOST_TEST(has(body, tile("Replies 5xx", "5")));
    BOOST_TEST(has(body, tile("Open traces", "1")));
    BOOST_TEST(has(body, tile("Failed traces", "1")));
    BOOST_TEST(!has(body, "No mail daemon has connected yet"));
    check_golden("pages/index.html", body);
}

BOOST_AUTO_TEST_CASE(failed_checks_stand_on_top) {
    World world;
    world.state.health = {{"store", false, "disk full"}, {"ingest", true, "listening"}};
    const std::string body = world.get("/").body;
    BOOST_TEST(has(body, "Check <b>store</b> failed: disk full"));
    BOOST_TEST(!has(body, "<b>ingest</b>"));
}

BOOST_AUTO_TEST_CASE(hostile_words_are_inert) {
    World world;
    world.state.hostname = hostile;
    auto maild = world.connect('a', {.program = hostile, .version = hostile, .hostname = hostile});
    maild->counters("chasquid/smtpIn/responseCodeCount", hostile, {{hostile, 1}}, hostile);
    check_inert_html(world.get("/").body);
}

BOOST_AUTO_TEST_SUITE_END()
