#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_emitters)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(never_connected_says_what_to_check) {
    World world;
    const std::string body = world.get("/debug/emitters").body;
    BOOST_TEST(has(body, "No mail daemon has ever connected"));
    BOOST_TEST(has(body, "<code>/run/quipu/ingest.sock</code>"));
}

BOOST_AUTO_TEST_CASE(each_emitter_shows_who_it_is_and_how_it_lives) {
    World world;
    const auto hello = [&world](std::uint32_t pid) {
        return wire::Hello{
            .program = "maild",
            .version = "1.0",
            .pid = pid,
            .start_wall_ns = static_cast<std::uint64_t>(world.now.wall_ns - 60'000 * ms),
            .hostname = "mx1",
            .cmdline = {"maild", "--hostname=mx1"},
            .topics = {"queue"}};
    };
    auto first = world.connect('a', hello(11));
    auto second = world.connect('b', hello(22));
    first->counter("c", 1);
    world.now.wall_ns += 5000 * ms;
    set_ended(world.state, second->emitter(), "killed by signal 9", world.now);
    world.now.wall_ns += 5000 * ms;
    check_golden("pages/emitters.html", world.get("/debug/emitters").body);
    const auto emitters = parse_json(world.get("/debug/emitters?format=json").body).at("emitters").as_array();
    BOOST_REQUIRE(emitters.size() == 2U);
    BOOST_TEST(emitters[0].at("life").as_string() == "connected");
    BOOST_TEST(emitters[0].at("pid").to_number<int>() == 11);
    BOOST_TEST(emitters[0].at("instance").as_string() == "61616161616161616161616161616161");
    BOOST_TEST(emitters[0].at("series").to_number<int>() == 1);
    BOOST_TEST(emitters[1].at("life").as_string() == "ended");
    BOOST_TEST(emitters[1].at("how").as_string() == "killed by signal 9");
    BOOST_TEST(emitters[1].at("life_since").as_string() == "2026-11-25T02:04:15.937945941Z");
    BOOST_TEST(emitters[1].at("cmdline").at(1).as_string() == "--hostname=mx1");
}

BOOST_AUTO_TEST_CASE(while_nobody_is_connected_the_page_says_what_to_check) {
    World world;
    world.state.ingest.access = {
        {"/run/quipu/ingest.sock", "0660", "quipu", "mail", 990, 8},
        {std::string(hostile), "0750", std::string(hostile), std::string(hostile), 990, 990}};
    world.state.ingest.users = {"mail", "4711"};
    std::string body = world.get("/debug/emitters").body;
    BOOST_TEST(has(body, "No mail daemon has ever connected"));
    BOOST_TEST(has(body, "<code>/run/quipu/ingest.sock</code>: mode 0660, owner quipu, group mail"));
    BOOST_TEST(has(body, "mail, 4711"));
    BOOST_TEST(!has(body, "Refused because"));
    check_inert_html(body);
    {
        auto maild = world.connect('a');
        BOOST_TEST(!has(world.get("/debug/emitters").body, "What to check"));
        set_lost(world.state, maild->emitter(), "the connection broke", world.now);
    }
    world.state.own.refused_users.total = 3;
    world.state.ingest.last_refused_uid = 65534;
    body = world.get("/debug/emitters").body;
    BOOST_TEST(has(body, "No mail daemon is connected just now"));
    BOOST_TEST(has(body, "3 connections, the last by uid 65534"));
    const auto json = parse_json(world.get("/debug/emitters?format=json").body);
    BOOST_TEST(json.at("access").at(0).at("mode").as_string() == "0660");
    BOOST_TEST(json.at("access").at(0).at("group").as_string() == "mail");
    BOOST_TEST(json.at("users").at(1).as_string() == "4711");
    BOOST_TEST(json.at("refused_users").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(hostile_hello_is_inert) {
    World world;
    auto maild = world.connect(
        'a', {.program = hostile, .version = hostile, .hostname = hostile, .cmdline = {hostile}, .topics = {hostile}}
    );
    check_inert_html(world.get("/debug/emitters").body);
    set_lost(world.state, maild->emitter(), hostile, world.now);
    check_inert_html(world.get("/debug/emitters").body);
    parse_json(world.get("/debug/emitters?format=json").body);
    BOOST_TEST(world.get("/debug/emitters?format=text").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
