#include <algorithm>
#include <set>

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_table)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(every_endpoint_answers_with_the_common_headers) {
    World world;
    for (const Endpoint& endpoint : endpoints()) {
        BOOST_TEST_CONTEXT(endpoint.path) {
            const Response response = world.get(endpoint.path);
            BOOST_TEST(!response.body.empty());
            BOOST_TEST(!response.content_type.empty());
            BOOST_TEST(header_text(response, "X-Content-Type-Options") == "nosniff");
            BOOST_TEST(header_text(response, "Referrer-Policy") == "no-referrer");
            BOOST_TEST(header_text(response, "Cache-Control") == "no-store");
            BOOST_TEST(header_text(response, "X-Frame-Options") == "DENY");
            BOOST_TEST(header_text(response, "Cross-Origin-Resource-Policy") == "same-origin");
            const std::string policy = header_text(response, "Content-Security-Policy");
            BOOST_TEST(policy.starts_with("default-src 'none'"));
            BOOST_TEST(!has(policy, "unsafe"));
            std::set<std::string> names;
            for (const auto& [name, value] : response.headers) BOOST_TEST(names.insert(name).second);
        }
    }
}

BOOST_AUTO_TEST_CASE(head_is_answered_as_get) {
    World world;
    for (const Endpoint& endpoint : endpoints()) {
        BOOST_TEST_CONTEXT(endpoint.path) {
            const Request get{.target = endpoint.path, .accept = browser_accept, .accept_encoding = "gzip"};
            Request head = get;
            head.method = Method::head;
            const Response to_get = world.get(get);
            const Response to_head = world.get(head);
            BOOST_TEST(to_head.status == to_get.status);
            BOOST_TEST(to_head.content_type == to_get.content_type);
            BOOST_TEST(to_head.body.size() == to_get.body.size());
            BOOST_TEST((to_head.headers == to_get.headers));
        }
    }
}

BOOST_AUTO_TEST_CASE(other_methods_are_refused_everywhere) {
    World world;
    for (const Endpoint& endpoint : endpoints()) {
        const Response response = world.get(Request{.method = Method::other, .target = endpoint.path});
        BOOST_TEST(response.status == 405U);
        BOOST_TEST(header_text(response, "Allow") == (endpoint.takes_post ? "GET, HEAD, POST" : "GET, HEAD"));
        const Response post = world.get(Request{.method = Method::post, .target = endpoint.path});
        BOOST_TEST((post.status != 405U) == endpoint.takes_post);
    }
    BOOST_TEST(world.get(Request{.method = Method::other, .target = "/none"}).status == 404U);
}

BOOST_AUTO_TEST_CASE(unknown_paths_are_404_and_nothing_of_them_comes_back) {
    World world;
    for (const std::string_view target :
         {"/\"><script>alert(1)</script>",
          "/%0d%0aX:1",
          "/%22%3E%3Cscript%3E",
          "/debug",
          "/debug/vars/",
          "//metrics",
          "/metrics%2f",
          "/style.css/..",
          "/%E2%80%AE",
          "/debug/traces/x",
          "/debug/pprofx"}) {
        BOOST_TEST_CONTEXT(target) {
            const Response response = world.get(target, browser_accept);
            BOOST_TEST(response.status == 404U);
            BOOST_TEST(response.body == "There is no such page; the list of pages is at /.\n");
            BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
        }
    }
}

BOOST_AUTO_TEST_CASE(targets_that_cannot_be_decoded_are_400) {
    World world;
    for (const std::string_view target : {"/%", "/%zz", "/%00", "/debug/vars?a=%0", "*", "example.com:80"}) {
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(world.get(target).status == 400U);
        }
    }
}

BOOST_AUTO_TEST_CASE(percent_encoded_paths_name_the_same_page) {
    World world;
    BOOST_TEST(world.get("/%64ebug/vars?x=1").content_type == "application/json; charset=utf-8");
    BOOST_TEST(world.get("http://localhost/healthz").status == 200U);
}

BOOST_AUTO_TEST_CASE(navigation_is_made_of_the_list) {
    World world;
    const std::string body = world.get("/debug/emitters", browser_accept).body;
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.title.empty()) continue;
        BOOST_TEST(has(body, "<a href=\"" + std::string(endpoint.path) + "\""));
    }
    BOOST_TEST(has(body, "<a href=\"/debug/emitters\" aria-current=\"page\">Emitters</a>"));
}

BOOST_AUTO_TEST_CASE(a_page_that_is_switched_off_is_gone_with_all_below_it) {
    World world;
    auto maild = world.connect('a', {.cmdline = {"maild", "--secretive"}});
    BOOST_TEST(has(world.get("/debug/vars").body, "--secretive"));
    world.state.disabled_pages = {"traces", "flags", "queue"};
    for (const std::string_view target :
         {"/debug/traces",
          "/debug/traces/live",
          "/debug/traces/stream",
          "/debug/traces?format=json",
          "/debug/flags",
          "/debug/queue",
          "/debug/%74races/stream"}) {
        BOOST_TEST_CONTEXT(target) {
            const Response response = world.get(target, browser_accept);
            BOOST_TEST(response.status == 403U);
            BOOST_TEST(response.body == "This page is switched off here (quipud's flag disable).\n");
        }
    }
    for (const std::string_view target : {"/", "/debug/emitters", "/debug/vars", "/debug/config"}) {
        const Response response = world.get(target, browser_accept);
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(response.status == 200U);
            BOOST_TEST(!has(response.body, "href=\"/debug/traces"));
            BOOST_TEST(!has(response.body, "href=\"/debug/flags"));
            BOOST_TEST(!has(response.body, "href=\"/debug/queue"));
            BOOST_TEST(!has(response.body, "--secretive"));
        }
    }
    BOOST_TEST(has(world.get("/", browser_accept).body, "href=\"/debug/config\""));
}

BOOST_AUTO_TEST_CASE(pages_are_switched_by_names_made_of_their_paths) {
    BOOST_TEST(page_name("/") == "index");
    BOOST_TEST(page_name("/metrics") == "metrics");
    BOOST_TEST(page_name("/debug/traces/stream") == "traces");
    BOOST_TEST(page_name("/debug/pprof/") == "pprof");
    BOOST_TEST(page_name("/style.css") == "");
    const auto names = page_names();
    BOOST_TEST((std::set<std::string_view>(names.begin(), names.end()).size() == names.size()));
    BOOST_TEST((std::find(names.begin(), names.end(), "config") != names.end()));
}

BOOST_AUTO_TEST_CASE(pages_that_ask_get_the_common_headers_too) {
    World world;
    auto maild = world.connect('a', {.topics = {"queue"}});
    const Response response = world.get("/debug/queue", "", {Reply{.emitter = maild->emitter().number}});
    BOOST_TEST(response.status == 200U);
    BOOST_TEST(header_text(response, "X-Content-Type-Options") == "nosniff");
}

BOOST_AUTO_TEST_CASE(hostile_parameters_stay_inert_on_every_page) {
    World world;
    auto maild = world.connect('a', {.topics = {"queue"}});
    maild->begin(1, "SMTP.Conn", "x", 0);
    for (const std::string_view name :
         {"q", "fam", "b", "min", "err", "trace", "ref", "page", "format", "lat", "all"}) {
        for (const Endpoint& endpoint : endpoints()) {
            std::string target(endpoint.path);
            target.append("?").append(name).append("=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE%01%FF%0d%0a");
            if (name != "fam") target += "&fam=SMTP.Conn";
            BOOST_TEST_CONTEXT(target) {
                PageResult result = world.ask(Request{.target = target, .accept = browser_accept});
                if (auto* ask = std::get_if<PageAsk>(&result)) {
                    const Request request{
                        .target = target,
                        .accept = browser_accept,
                        .parameters = {{std::string(name), std::string(hostile)}}};
                    result = world.finish(*ask, request, {Reply{.emitter = 1}});
                }
                const auto* stream = std::get_if<PageStream>(&result);
                const Response& response = stream ? stream->head : std::get<Response>(result);
                check_inert_html(response.body);
                for (const auto& [key, value] : response.headers) BOOST_TEST(!has(value, "script>"));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
