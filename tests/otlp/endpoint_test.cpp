#include "daemon/otlp/endpoint.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(otlp_endpoint)

using namespace quipu;

BOOST_AUTO_TEST_CASE(urls_are_taken_apart) {
    const std::vector<std::pair<std::string_view, OtlpEndpoint>> cases = {
        {"http://127.0.0.1:4318", {false, "127.0.0.1", "4318", "/v1/traces"}},
        {"http://collector", {false, "collector", "4318", "/v1/traces"}},
        {"http://collector/", {false, "collector", "4318", "/v1/traces"}},
        {"https://otlp.example.org:443/v1/traces", {true, "otlp.example.org", "443", "/v1/traces"}},
        {"https://example.org/otlp/", {true, "example.org", "4318", "/otlp/v1/traces"}},
        {"https://example.org/otlp/v1/traces", {true, "example.org", "4318", "/otlp/v1/traces"}},
        {"http://[2001:db8::1]:1/x", {false, "2001:db8::1", "1", "/x/v1/traces"}},
        {"http://[::1]", {false, "::1", "4318", "/v1/traces"}},
    };
    for (const auto& [url, expected] : cases) {
        BOOST_TEST_CONTEXT(url) {
            const OtlpEndpoint endpoint = parse_otlp_endpoint(url);
            BOOST_TEST(endpoint.is_tls == expected.is_tls);
            BOOST_TEST(endpoint.host == expected.host);
            BOOST_TEST(endpoint.port == expected.port);
            BOOST_TEST(endpoint.target == expected.target);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_authority_has_brackets_where_it_needs_them) {
    BOOST_TEST(parse_otlp_endpoint("http://[::1]:4318").authority() == "[::1]:4318");
    BOOST_TEST(parse_otlp_endpoint("http://collector").authority() == "collector:4318");
}

BOOST_AUTO_TEST_CASE(what_is_no_url_is_refused_with_a_reason) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"collector:4318", "neither http:// nor https://"},
        {"grpc://collector:4317", "neither http:// nor https://"},
        {"", "neither http:// nor https://"},
        {"http://", "there is no host"},
        {"http://:4318", "there is no host"},
        {"http://a b", "is no host"},
        {"http://" + std::string(254, 'a'), "is no host"},
        {"http://collector:", "'' is no port"},
        {"http://collector:0", "'0' is no port"},
        {"http://collector:65536", "'65536' is no port"},
        {"http://collector:4318x", "'4318x' is no port"},
        {"http://[::1", "lacks its ']'"},
        {"http://[::1]4318", "is no port"},
        {"http://[g h]", "is no address"},
        {"http://collector/a?b=c", "is no plain path"},
        {"http://collector?b", "is no plain path"},
        {"http://collector/a\r\nX: y", "is no plain path"},
    };
    for (const auto& [url, reason] : cases) {
        BOOST_TEST_CONTEXT(url) {
            const auto has_reason = [&reason = reason](const std::invalid_argument& wrong) {
                return std::string_view(wrong.what()).find(reason) != std::string_view::npos;
            };
            BOOST_CHECK_EXCEPTION(parse_otlp_endpoint(url), std::invalid_argument, has_reason);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_password_in_the_url_is_refused_and_not_repeated) {
    try {
        (void)parse_otlp_endpoint("https://anna:geheim@collector:4318");
        BOOST_ERROR("was taken");
    } catch (const std::invalid_argument& wrong) {
        BOOST_TEST(std::string_view(wrong.what()).find("geheim") == std::string_view::npos);
        BOOST_TEST(std::string_view(wrong.what()).find("user or password") != std::string_view::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
