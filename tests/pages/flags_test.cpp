#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_flags)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(text_is_laid_out_as_chasquid_does_and_others_follow_in_sections) {
    World world;
    world.state.flags = {{"state_dir", "/var/lib/quipu", false}, {"ingest_socket", "/run/x", true}};
    auto older = world.connect('b', {.program = "older", .pid = 22, .start_wall_ns = 1, .flags = {{"v", "0", false}}});
    auto newer = world.connect(
        'a',
        {.program = "chasquid",
         .version = "1.11",
         .pid = 11,
         .start_wall_ns = 2,
         .flags =
             {{"version", "false", false},
              {"v", "3", true},
              {"config_dir", "/etc/chasquid", true},
              {"alsologtostderr", "false", false},
              {"config_overrides", "", false}}}
    );
    const Response response = world.get("/debug/flags", "*/*");
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(header_text(response, "Vary") == "Accept");
    BOOST_TEST(
        response.body ==
        "-config_dir=/etc/chasquid\n"
        "-v=3\n"
        "\n"
        "-alsologtostderr=false\n"
        "-config_overrides=\n"
        "-version=false\n"
        "\n# older, pid 22, emitter 1, connected\n"
        "\n"
        "-v=0\n"
        "\n# quipud 0.1.0\n"
        "-ingest_socket=/run/x\n"
        "\n"
        "-state_dir=/var/lib/quipu\n"
    );
}

BOOST_AUTO_TEST_CASE(browsers_get_tables) {
    World world;
    world.state.flags = {{"log_level", "info", false}};
    auto maild = world.connect('a', {.version = "1.0", .pid = 11, .flags = {{"v", "3", true}}});
    check_golden("pages/flags.html", world.get("/debug/flags", browser_accept).body);
    BOOST_TEST(world.get("/debug/flags?format=text", browser_accept).content_type == "text/plain; charset=utf-8");
    BOOST_TEST(world.get("/debug/flags?format=json").status == 400U);
}

BOOST_AUTO_TEST_CASE(without_a_mail_daemon_quipuds_own_remain) {
    World world;
    world.state.flags = {{"log_level", "info", false}};
    BOOST_TEST(
        world.get("/debug/flags").body == "# No mail daemon has connected yet.\n\n# quipud 0.1.0\n\n-log_level=info\n"
    );
}

BOOST_AUTO_TEST_CASE(flags_of_an_ended_mail_daemon_stay_readable) {
    World world;
    auto maild = world.connect('a', {.pid = 7, .flags = {{"v", "3", true}}});
    set_ended(world.state, maild->emitter(), "killed", world.now);
    BOOST_TEST(world.get("/debug/flags").body.starts_with("-v=3\n\n"));
    auto other = world.connect('b', {.pid = 8, .flags = {{"v", "4", true}}});
    BOOST_TEST(world.get("/debug/flags").body.starts_with("-v=4\n\n"));
    BOOST_TEST(has(world.get("/debug/flags").body, "\n# maild, pid 7, emitter 1, ended\n-v=3\n"));
}

BOOST_AUTO_TEST_CASE(hostile_flags_are_inert_and_forge_no_line) {
    World world;
    auto maild = world.connect(
        'a', {.program = hostile, .version = hostile, .flags = {{hostile, hostile, true}, {"a", "1\n-forged=1", false}}}
    );
    check_inert_html(world.get("/debug/flags", browser_accept).body);
    BOOST_TEST(!has(world.get("/debug/flags").body, "\n-forged"));
}

BOOST_AUTO_TEST_SUITE_END()
