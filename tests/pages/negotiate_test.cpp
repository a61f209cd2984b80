#include "daemon/pages/negotiate.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

BOOST_AUTO_TEST_SUITE(pages_negotiate)

using namespace quipu;

namespace {

struct Case {
    std::string_view header;
    bool is_wanted;
};

}  // namespace

BOOST_AUTO_TEST_CASE(openmetrics_is_for_those_who_ask_for_it) {
    for (const Case& tc : std::vector<Case>{
             {"", false},
             {"*/*", false},
             {"text/plain", false},
             {"application/openmetrics-text", true},
             {"application/openmetrics-text;version=1.0.0", true},
             {"application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", true},
             {"Application/OpenMetrics-Text", true},
             {"application/openmetrics-text;version=0.0.1", false},
             {"application/openmetrics-text;q=0", false},
             {"application/openmetrics-text;q=0.2,text/plain;q=0.5", false},
             {"application/openmetrics-text;q=0.5,text/plain;q=0.5", true},
             {"application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;version=0.0.1;q=0.5,"
              "text/plain;version=0.0.4;q=0.25,*/*;q=0.1",
              true},
             {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
              "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.1",
              true},
             {"text/html,*/*;q=0.8", false},
             {"application/openmetrics-text;q=oops", false},
             {"application/openmetrics-text;note=\"a,b;q=0\"", true},
         }) {
        BOOST_TEST_CONTEXT(tc.header) {
            BOOST_TEST(prefers_openmetrics(tc.header) == tc.is_wanted);
        }
    }
}

BOOST_AUTO_TEST_CASE(html_is_for_browsers) {
    for (const Case& tc : std::vector<Case>{
             {"", false},
             {"*/*", false},
             {"text/*", false},
             {"text/html", true},
             {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
             {"text/html;q=0.5,text/plain", false},
             {"text/plain;q=0.5,text/html;q=0.5", true},
             {"text/html;q=0", false},
         }) {
        BOOST_TEST_CONTEXT(tc.header) {
            BOOST_TEST(prefers_html(tc.header) == tc.is_wanted);
        }
    }
}

BOOST_AUTO_TEST_CASE(gzip_is_sent_only_where_it_is_accepted) {
    for (const Case& tc : std::vector<Case>{
             {"", false},
             {"gzip", true},
             {"GZIP", true},
             {"deflate, gzip;q=0.5, br", true},
             {"gzip;q=0", false},
             {"gzip; q=0.000", false},
             {"identity", false},
             {"*", true},
             {"*;q=0", false},
             {"gzip;q=0, *", false},
             {"*;q=0, gzip", true},
             {"gzippy", false},
             {"gzip;q=2", false},
         }) {
        BOOST_TEST_CONTEXT(tc.header) {
            BOOST_TEST(accepts_gzip(tc.header) == tc.is_wanted);
        }
    }
}

BOOST_AUTO_TEST_CASE(format_parameter_wins_over_accept) {
    Request request{.accept = "text/html"};
    BOOST_TEST((wanted_form(request, Form::text) == Form::html));
    request.parameters = {{"format", "json"}};
    BOOST_TEST((wanted_form(request, Form::text) == Form::json));
    request.parameters = {{"format", "yaml"}};
    BOOST_TEST((wanted_form(request, Form::text) == std::nullopt));
    request.parameters = {{"format", ""}};
    request.accept = "";
    BOOST_TEST((wanted_form(request, Form::text) == Form::text));
}

BOOST_AUTO_TEST_SUITE_END()
