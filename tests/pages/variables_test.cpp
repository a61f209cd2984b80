#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_variables)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(each_kind_is_told_for_people) {
    World world;
    auto maild = world.connect();
    maild->counter("chasquid/queue/putCount", 1234567, "envelopes put in the queue");
    maild->gauge("maild/queue/length", 2.5);
    maild->text("chasquid/version", "1.11");
    maild->histogram(
        {.name = "t",
         .kind = Kind::histogram,
         .unit = "seconds",
         .label_name = "family",
         .bounds = {1, 2},
         .sum_unit = 0.5},
        "SMTP.Conn",
        {1, 2, 1, 10}
    );
    const std::string body = world.get("/debug/variables").body;
    BOOST_TEST(
        has(body, "<td class=\"number\">1\u00A0234\u00A0567</td><td class=\"quiet\"><bdi>envelopes put in the queue")
    );
    BOOST_TEST(has(body, "<td class=\"quiet\">gauge</td><td class=\"number\">2.5</td>"));
    BOOST_TEST(has(body, "<td class=\"quiet\">text</td><td class=\"text\">1.11</td>"));
    BOOST_TEST(has(body, "<td class=\"number\">4 times, on average 1.25 seconds</td>"));
    BOOST_TEST(has(body, "<span class=\"quiet\"><bdi>family</bdi></span> <bdi>SMTP.Conn</bdi>"));
}

BOOST_AUTO_TEST_CASE(a_name_leads_to_its_chart) {
    World world;
    auto maild = world.connect();
    maild->counters("a/b", "code", {{"2 50", 1}});
    maild->text("c", "x");
    const std::string body = world.get("/debug/variables").body;
    BOOST_TEST(has(body, "<a href=\"/?add=a%2Fb%3A2%2050#charts\""));
    BOOST_TEST(has(body, "<th scope=\"row\"><bdi>c</bdi></th>"));
}

BOOST_AUTO_TEST_CASE(words_find_names_labels_and_help) {
    World world;
    auto maild = world.connect();
    maild->counter("alpha", 1, "first");
    maild->counters("omikron", "code", {{"250", 1}});
    for (const std::string_view target : {"/debug/variables?q=OMIKRON", "/debug/variables?q=250"}) {
        BOOST_TEST_CONTEXT(target) {
            const std::string body = world.get(target).body;
            BOOST_TEST(has(body, "<p>1 of "));
            BOOST_TEST(has(body, "<bdi>omikron</bdi>"));
            BOOST_TEST(!has(body, "<bdi>alpha</bdi>"));
        }
    }
    BOOST_TEST(has(world.get("/debug/variables?q=FIRST").body, "<bdi>alpha</bdi>"));
}

BOOST_AUTO_TEST_CASE(long_lists_come_in_pages) {
    World world;
    auto maild = world.connect();
    for (int i = 0; i < 1100; ++i) maild->counter("v" + std::to_string(i), 1);
    const std::string body = world.get("/debug/variables?q=v1").body;
    BOOST_TEST(!has(body, "page 1 of"));
    const std::string first = world.get("/debug/variables").body;
    BOOST_TEST(has(first, "page 1 of 2"));
    BOOST_TEST(has(first, "href=\"/debug/variables?page=2\""));
    BOOST_TEST(world.get("/debug/variables?page=x").status == 400U);
}

BOOST_AUTO_TEST_CASE(hostile_words_are_inert) {
    World world;
    auto maild = world.connect();
    maild->counters(hostile, hostile, {{hostile, 1}}, hostile);
    maild->text("t", hostile);
    check_inert_html(world.get("/debug/variables").body);
}

BOOST_AUTO_TEST_SUITE_END()
