#include "daemon/pages/guard.hpp"

#include <vector>

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_guard)

using namespace quipu;
using namespace quipu::test;

namespace {

unsigned status(Request request, const std::vector<std::string>& allowed = {}) {
    World world;
    world.state.allowed_hosts = allowed;
    if (request.target.empty()) request.target = "/healthz";
    // Not through World: it would put in a Host.
    return std::get<Response>(dispatch(world.state, request, world.now)).status;
}

}  // namespace

BOOST_AUTO_TEST_CASE(host_must_be_an_address_a_loopback_name_or_a_configured_one) {
    struct Case {
        std::string_view host;
        bool is_allowed;
    };

    const std::vector<std::string> names = {"mx.example"};
    for (const Case& tc : std::vector<Case>{
             {"localhost", true},
             {"localhost:1099", true},
             {"LOCALHOST.", true},
             {"LocalHost.:1099", true},
             {"quipu.localhost", true},
             {"127.0.0.1", true},
             {"127.0.0.1:other", false},
             {"127.0.0.1:1", true},
             {"[::1]", true},
             {"[::1]:1099", true},
             {"192.0.2.7:1099", true},
             {"mx.example", true},
             {"MX.Example:443", true},
             {"evil.example", false},
             {"sub.mx.example", false},
             {"xlocalhost", false},
             {"localhost.evil.example", false},
             {"127.0.0.1.evil.example", false},
             {"127.1", false},
             {"0x7f000001", false},
             {"2130706433", false},
             {"::1", false},
             {"[::1", false},
             {"[::1]x", false},
             {"[evil]", false},
             {"", false},
             {"mx.example.", true},
             {"mx.example..", false},
             {"localhost..", false},
             {"mx.example:99999999", false},
             {"user@mx.example", false},
             {"mx.example/", false},
             {"[::1%25lo]", false},
             {"[::ffff:127.0.0.1]:80", true},
             {"[127.0.0.1]", false},
             {"[::1]:80:80", false},
             {std::string_view("127.0.0.1\0.evil.example", 23), false},
             {"127.0.0.1 ", false},
             {" localhost", false},
             {"0127.0.0.1", false},
             {"%6cocalhost", false},
             {":80", false},
             {".", false},
             {"localhost:80:80", false},
             {"localhost@evil.example", false},
             {"localhost, evil.example", false},
         }) {
        BOOST_TEST_CONTEXT(tc.host) {
            BOOST_TEST(is_allowed_host(tc.host, names) == tc.is_allowed);
        }
    }
    BOOST_TEST(!is_allowed_host("mx.example", {}));
}

BOOST_AUTO_TEST_CASE(rebound_names_are_refused) {
    BOOST_TEST(status({.host = "evil.example"}) == 403U);
    BOOST_TEST(status({.host = "evil.example:1099"}) == 403U);
    BOOST_TEST(status({.host = "mx.example"}, {"mx.example"}) == 200U);
    BOOST_TEST(status({.host = "127.0.0.1:1099"}) == 200U);
}

BOOST_AUTO_TEST_CASE(host_may_lack_only_in_http_1_0) {
    BOOST_TEST(status({}) == 400U);
    BOOST_TEST(status({.is_http_1_0 = true}) == 200U);
}

BOOST_AUTO_TEST_CASE(authority_of_an_absolute_target_counts_too) {
    BOOST_TEST(status({.target = "http://evil.example/healthz", .host = "localhost"}) == 403U);
    BOOST_TEST(status({.target = "http://localhost:1099/healthz", .host = "evil.example"}) == 403U);
    BOOST_TEST(status({.target = "http://localhost:1099/healthz", .host = "localhost:1099"}) == 200U);
}

BOOST_AUTO_TEST_CASE(other_sites_may_link_here_and_nothing_else) {
    const auto from = [](std::string_view site, std::string_view mode = {}, std::string_view dest = {}) {
        return status({.host = "localhost", .sec_fetch_site = site, .sec_fetch_mode = mode, .sec_fetch_dest = dest});
    };
    BOOST_TEST(from("") == 200U);
    BOOST_TEST(from("none", "navigate", "document") == 200U);
    BOOST_TEST(from("same-origin", "cors", "empty") == 200U);
    BOOST_TEST(from("cross-site", "navigate", "document") == 200U);
    BOOST_TEST(from("cross-site") == 403U);
    BOOST_TEST(from("cross-site", "no-cors", "image") == 403U);
    BOOST_TEST(from("cross-site", "navigate", "iframe") == 403U);
    BOOST_TEST(from("same-site", "cors", "empty") == 403U);  // another port of this machine is another origin
}

BOOST_AUTO_TEST_CASE(origin_must_be_our_own) {
    const auto from = [](std::string_view origin) { return status({.host = "localhost:1099", .origin = origin}); };
    BOOST_TEST(from("http://localhost:1099") == 200U);
    BOOST_TEST(from("http://localhost:8080") == 403U);
    BOOST_TEST(from("https://evil.example") == 403U);
    BOOST_TEST(from("null") == 403U);
}

BOOST_AUTO_TEST_CASE(refused_before_anything_else_is_told) {
    BOOST_TEST(status({.method = Method::other, .target = "/", .host = "evil.example"}) == 403U);
    BOOST_TEST(status({.target = "/no/such/page", .host = "evil.example"}) == 403U);
}

BOOST_AUTO_TEST_SUITE_END()
