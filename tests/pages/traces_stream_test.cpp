// The live tail: what a follower gets, and what it is told it did not get.
#include "daemon/pages/traces_stream.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_traces_stream)

using namespace quipu;
using namespace quipu::test;

namespace {

PageStream follow(World& world, std::string_view target, std::string_view last_event_id = {}) {
    Request request;
    request.target = target;
    request.host = "127.0.0.1:1099";
    request.last_event_id = last_event_id;
    PageResult result = dispatch(world.state, request, world.now);
    BOOST_REQUIRE(std::holds_alternative<PageStream>(result));
    return std::get<PageStream>(std::move(result));
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

std::string last_id(std::string_view news) {
    const std::size_t at = news.rfind("id: ");
    return std::string(news.substr(at + 4, news.find('\n', at) - at - 4));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_follower_gets_what_happens_from_then_on) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "before", 0);
    PageStream stream = follow(world, "/debug/traces/stream");
    BOOST_TEST(stream.head.content_type == "text/event-stream; charset=utf-8");
    BOOST_TEST(stream.next(world.state, world.now).empty());
    maild->begin(2, "SMTP.Conn", "<script>alert(1)</script>\n\ndata: x", 0);
    maild->trace_event({.trace = 2, .kind = wire::TraceEventKind::error, .text = "550 no"}, ms);
    maild->trace_event({.trace = 2, .kind = wire::TraceEventKind::end}, 2 * ms);
    const std::string news = stream.next(world.state, world.now);
    BOOST_TEST(count(news, "\ndata: ") == 3U);
    BOOST_TEST(count(news, "<script>") == 0U);
    BOOST_TEST(count(news, "\"kind\":\"error\"") == 1U);
    BOOST_TEST(count(news, "\"seconds\":0.002") == 1U);
    BOOST_TEST(stream.next(world.state, world.now).empty());
}

BOOST_AUTO_TEST_CASE(the_pages_filters_hold_for_the_stream) {
    struct Case {
        const char* target;
        std::size_t expected;
    };

    for (const Case& tc : {
             Case{"/debug/traces/stream", 6},
             Case{"/debug/traces/stream?fam=Queue.Put", 2},
             Case{"/debug/traces/stream?fam=Not.Yet", 0},
             Case{"/debug/traces/stream?q=EHLO", 1},
             Case{"/debug/traces/stream?err=1", 2},
             Case{"/debug/traces/stream?b=0&all=false", 1},
             Case{"/debug/traces/stream?b=2", 1},
             Case{"/debug/traces/stream?b=-1", 4},
             Case{"/debug/traces/stream?min=15ms", 2},
         }) {
        BOOST_TEST_CONTEXT(tc.target) {
            World world;
            auto maild = world.connect();
            PageStream stream = follow(world, tc.target);
            maild->begin(1, "SMTP.Conn", "peer", 0);
            maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::event, .text = "-> ehlo x"}, ms);
            maild->begin(2, "Queue.Put", "item", 0);
            maild->trace_event({.trace = 2, .kind = wire::TraceEventKind::end}, ms);
            maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::error, .text = "550"}, 20 * ms);
            maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::end}, 20 * ms);
            BOOST_TEST(count(stream.next(world.state, world.now), "\ndata: ") == tc.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_follower_that_comes_back_goes_on_where_it_was) {
    World world;
    auto maild = world.connect();
    PageStream first = follow(world, "/debug/traces/stream");
    maild->begin(1, "f", "one", 0);
    const std::string seen = last_id(first.next(world.state, world.now));
    maild->begin(2, "f", "two", 0);
    PageStream second = follow(world, "/debug/traces/stream", seen);
    const std::string news = second.next(world.state, world.now);
    BOOST_TEST(count(news, "\ndata: ") == 1U);
    BOOST_TEST(count(news, "\"title\":\"two\"") == 1U);
    for (const char* stale : {"", "1-1", "nonsense", "-", "99999999999999999999-1"}) {
        BOOST_TEST_CONTEXT(stale) {
            PageStream anew = follow(world, "/debug/traces/stream", stale);
            BOOST_TEST(anew.next(world.state, world.now).empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_slow_follower_is_told_how_many_lines_it_lost) {
    World world;
    auto maild = world.connect();
    PageStream stream = follow(world, "/debug/traces/stream");
    maild->begin(1, "f", "t", 0);
    for (int i = 0; i < 6000; ++i) {
        maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::event, .text = "x"}, i);
    }
    const std::string news = stream.next(world.state, world.now);
    BOOST_TEST(news.starts_with("event: lost\ndata: {\"lost\":1001}\n\n"));
    BOOST_TEST(news.size() < 70'000U);
}

BOOST_AUTO_TEST_CASE(who_cannot_keep_a_connection_asks_again_and_again) {
    World world;
    auto maild = world.connect();
    const auto ask = [&world](const std::string& target) {
        Request request;
        request.target = target;
        request.host = "127.0.0.1:1099";
        return boost::json::parse(std::get<Response>(dispatch(world.state, request, world.now)).body);
    };
    const auto first = ask("/debug/traces/stream?format=json");
    BOOST_TEST(first.at("lines").as_array().empty());
    maild->begin(1, "f", "one", 0);
    const std::string last(first.at("last").as_string().c_str());
    const auto second = ask("/debug/traces/stream?format=json&after=" + last);
    BOOST_REQUIRE(second.at("lines").as_array().size() == 1U);
    BOOST_TEST(second.at("lines").at(0).at("title").as_string() == "one");
    BOOST_TEST(second.at("lost").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(the_live_page_shows_the_latest_without_a_script) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "peer", 0);
    maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::event, .text = "<b>older"}, ms);
    maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::error, .text = "newer"}, 2 * ms);
    maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::end}, 3 * ms);
    Request request;
    request.target = "/debug/traces/live";
    request.host = "127.0.0.1:1099";
    const std::string body = std::get<Response>(dispatch(world.state, request, world.now)).body;
    BOOST_TEST(body.find("<bdi>newer</bdi>") < body.find("&lt;b&gt;older"));
    BOOST_TEST(count(body, "<bdi>newer</bdi>") == 1U);
}

BOOST_AUTO_TEST_CASE(the_live_page_shortens_long_texts_and_links_to_the_whole) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", std::string(4000, 't'), 0);
    maild->event(1, std::string(4000, 'x'), ms);
    const std::string page = world.get("/debug/traces/live", browser_accept).body;
    BOOST_TEST(has(page, std::string(300, 'x') + "...<"));
    BOOST_TEST(!has(page, std::string(301, 'x')));
    BOOST_TEST(!has(page, std::string(301, 't')));
    BOOST_TEST(has(page, "href=\"/debug/traces?trace=" + maild->trace_id(1) + "\""));
    BOOST_TEST(has(world.get("/debug/traces?trace=" + maild->trace_id(1), browser_accept).body, std::string(4000, 'x'))
    );
}

BOOST_AUTO_TEST_SUITE_END()
