#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_index)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(first_run_says_how_to_connect_and_links_to_everything) {
    World world;
    world.state.flags = {{"ingest_mode", "0660", false}};
    const std::string body = world.get("/").body;
    BOOST_TEST(has(body, "No mail daemon has ever connected"));
    BOOST_TEST(has(body, "quipud listens on <code>/run/quipu/ingest.sock</code>, mode <code>0660</code>"));
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.about.empty() || endpoint.path == "/") continue;
        const std::string path(endpoint.path);
        BOOST_TEST(has(body, "<code>" + path + "</code></a></dt><dd>" + std::string(endpoint.about)));
    }
}

BOOST_AUTO_TEST_CASE(it_names_what_runs_and_its_golden_form_has_all_parts) {
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
    BOOST_TEST(!has(body, "No mail daemon has ever connected"));
    BOOST_TEST(has(body, "<b><bdi>maild</bdi></b> <bdi>1.0</bdi> on <bdi>mx1</bdi>, pid 4711, up "));
    check_golden("pages/index.html", body);
}

BOOST_AUTO_TEST_CASE(when_the_last_mail_daemon_has_gone_it_says_so) {
    World world;
    auto maild = world.connect();
    maild->close(world.now);
    const std::string body = world.get("/").body;
    BOOST_TEST(has(body, "No mail daemon is connected now"));
    BOOST_TEST(!has(body, "has ever connected"));
}

BOOST_AUTO_TEST_CASE(the_range_in_the_address_is_marked) {
    World world;
    const auto is_marked = [&](std::string_view target, std::string_view range) {
        return has(world.get(target).body, "data-range=\"" + std::string(range) + "\" aria-current=\"true\"");
    };
    BOOST_TEST(is_marked("/", "15m"));
    BOOST_TEST(is_marked("/?range=7d", "7d"));
    BOOST_TEST(is_marked("/?range=7x", "15m"));
    BOOST_TEST(!has(world.get("/?from=1&to=2").body, "aria-current=\"true\""));
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
