#include "daemon/pages/target.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

BOOST_AUTO_TEST_SUITE(pages_target)

using namespace quipu;

BOOST_AUTO_TEST_CASE(path_and_parameters_are_decoded_in_order) {
    Target target;
    BOOST_REQUIRE(parse_target("/a%20b+c?x=1+2&y=%3D%26&x=3&flag&=v", target));
    BOOST_TEST(target.authority == "");
    BOOST_TEST(target.path == "/a b+c");
    BOOST_REQUIRE(target.parameters.size() == 5U);
    BOOST_TEST((target.parameters[0] == std::pair<std::string, std::string>("x", "1 2")));
    BOOST_TEST((target.parameters[1] == std::pair<std::string, std::string>("y", "=&")));
    BOOST_TEST((target.parameters[2] == std::pair<std::string, std::string>("x", "3")));
    BOOST_TEST((target.parameters[3] == std::pair<std::string, std::string>("flag", "")));
    BOOST_TEST((target.parameters[4] == std::pair<std::string, std::string>("", "v")));
}

BOOST_AUTO_TEST_CASE(absolute_form_is_taken_apart) {
    Target target;
    BOOST_REQUIRE(parse_target("http://127.0.0.1:1099/metrics?a=b", target));
    BOOST_TEST(target.authority == "127.0.0.1:1099");
    BOOST_TEST(target.path == "/metrics");
    BOOST_REQUIRE(parse_target("HTTP://evil.example", target));
    BOOST_TEST(target.authority == "evil.example");
    BOOST_TEST(target.path == "/");
    BOOST_REQUIRE(parse_target("http://host?x=1", target));
    BOOST_TEST(target.authority == "host");
    BOOST_TEST(target.parameters.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decoded_is_refused) {
    Target target;
    for (const std::string_view wrong :
         {"",
          "*",
          "relative",
          "/%",
          "/%4",
          "/%zz",
          "/%00",
          "/?a=%0",
          "/?a=%00",
          "/?%zz=1",
          "http://",
          "http:///x",
          "host:1099"}) {
        BOOST_TEST_CONTEXT(wrong) {
            BOOST_TEST(!parse_target(wrong, target));
        }
    }
    BOOST_TEST(!parse_target(std::string_view("/a\0b", 4), target));
}

BOOST_AUTO_TEST_CASE(parameters_are_bounded) {
    std::string query = "/?a";
    for (int i = 1; i < 64; ++i) query += "&a";
    Target target;
    BOOST_TEST(parse_target(query, target));
    BOOST_TEST(!parse_target(query + "&a", target));
}

BOOST_AUTO_TEST_CASE(links_carry_any_text) {
    BOOST_TEST(Link("/debug/traces").text() == "/debug/traces");
    BOOST_TEST(Link("/d").with("fam", "a&b=\"<").with("b", -1).text() == "/d?fam=a%26b%3D%22%3C&b=-1");
}

BOOST_AUTO_TEST_SUITE_END()
