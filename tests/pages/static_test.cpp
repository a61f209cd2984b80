#include "daemon/pages/static.hpp"

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_static)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(a_link_names_the_version_and_that_one_may_be_kept) {
    World world;
    const std::string link = static_link("style.css");
    BOOST_TEST(link.starts_with("/static/style.css?v="));
    BOOST_TEST(link.size() == std::string_view("/static/style.css?v=").size() + 16);
    const Response response = world.get(link);
    BOOST_TEST(response.status == 200U);
    BOOST_TEST(response.content_type == "text/css; charset=utf-8");
    BOOST_TEST(header_text(response, "Cache-Control") == "private, max-age=31536000, immutable");
    BOOST_TEST(header_text(response, "X-Content-Type-Options") == "nosniff");
    BOOST_TEST(has(response.body, "prefers-color-scheme"));
}

BOOST_AUTO_TEST_CASE(without_the_present_version_nothing_is_kept) {
    World world;
    for (const std::string_view target :
         {"/static/style.css",
          "/static/style.css?v=",
          "/static/style.css?v=0123456789abcdef",
          "/static/style.css?v=s"}) {
        BOOST_TEST_CONTEXT(target) {
            const Response response = world.get(target);
            BOOST_TEST(response.status == 200U);
            BOOST_TEST(header_text(response, "Cache-Control") == "no-cache");
        }
    }
}

BOOST_AUTO_TEST_CASE(it_is_squeezed_for_those_who_accept_that) {
    World world;
    const std::string link = static_link("page.js");
    const Response plain = world.get(Request{.target = link});
    const Response squeezed = world.get(Request{.target = link, .accept_encoding = "gzip"});
    BOOST_TEST(header_text(plain, "Content-Encoding") == "(none)");
    BOOST_TEST(header_text(squeezed, "Content-Encoding") == "gzip");
    BOOST_TEST(header_text(squeezed, "Vary") == "Accept-Encoding");
    BOOST_TEST(squeezed.body.size() < plain.body.size() / 2);
    BOOST_TEST(squeezed.body.starts_with("\x1f\x8b"));
}

BOOST_AUTO_TEST_CASE(other_names_are_not_there) {
    World world;
    for (const std::string_view target :
         {"/static/", "/static/none.js", "/static/../etc/passwd", "/static/style.css/x"}) {
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(world.get(target).status == 404U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
