#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_health)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(one_line_a_check_and_200_while_all_are_ok) {
    World world;
    world.state.health = {{"ingest", true, "listening on /run/x"}, {"store", true, ""}};
    const Response response = world.get("/healthz");
    BOOST_TEST(response.status == 200U);
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(
        response.body == "ok serving quipud 0.1.0\nok emitters 0 connected\nok ingest listening on /run/x\nok store\n"
    );
}

BOOST_AUTO_TEST_CASE(a_failed_check_is_503) {
    World world;
    auto maild = world.connect();
    world.state.health = {{"store", false, "disk\nfull"}};
    const Response response = world.get("/healthz");
    BOOST_TEST(response.status == 503U);
    BOOST_TEST(has(response.body, "\nok emitters 1 connected\nfailed store disk\u240Afull\n"));
}

BOOST_AUTO_TEST_SUITE_END()
