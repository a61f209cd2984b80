#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_config)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(newest_configuration_comes_first_as_it_is) {
    World world;
    world.state.flags = {{"log_level", "info", false}};
    auto older = world.connect('b', {.program = "older", .pid = 22, .start_wall_ns = 1, .config_text = "a: 1"});
    auto newer = world.connect(
        'a', {.pid = 11, .start_wall_ns = 2, .config_text = "hostname: \"testserver\"\nmax_data_size_mb: 50\n"}
    );
    const Response response = world.get("/debug/config");
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(
        response.body ==
        "hostname: \"testserver\"\n"
        "max_data_size_mb: 50\n"
        "\n# older, pid 22, emitter 1, connected\n"
        "a: 1\n"
        "\n# quipud 0.1.0\n"
        "log_level = info\n"
    );
}

BOOST_AUTO_TEST_CASE(browsers_get_sections) {
    World world;
    world.state.flags = {{"log_level", "info", false}};
    auto maild = world.connect('a', {.version = "1.0", .pid = 11, .config_text = "hostname: \"x\"\n"});
    check_golden("pages/config.html", world.get("/debug/config", browser_accept).body);
}

BOOST_AUTO_TEST_CASE(hostile_configuration_is_inert) {
    World world;
    auto maild = world.connect('a', {.program = hostile, .config_text = hostile});
    check_inert_html(world.get("/debug/config", browser_accept).body);
    BOOST_TEST(!has(world.get("/debug/config").body, "\u202E"));
    BOOST_TEST(world.get("/debug/config?format=json").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
