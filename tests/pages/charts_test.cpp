#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_charts)

using namespace quipu;
using namespace quipu::test;

namespace {

// The chart of that title, as served.
std::string chart(const std::string& body, const std::string& title) {
    for (const std::string& mark :
         {">" + title + "</a> <span class=\"at", "<figcaption>" + title + " <span class=\"at"}) {
        const std::size_t at = body.find(mark);
        if (at == std::string::npos) continue;
        const std::size_t begin = body.rfind("<figure", at);
        return body.substr(begin, body.find("</figure>", at) - begin);
    }
    return {};
}

std::string row(const std::string& line, const std::string& now, const std::string& total) {
    return "<bdi>" + line + "</bdi></th><td class=\"number\">" + now + "</td><td class=\"number\">" + total + "</td>";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_usual_charts_are_there_before_anything_was_counted) {
    World world;
    const std::string body = world.get("/").body;
    for (const char* title : {"Commands", "Response codes", "Delivery attempts", "Errors"}) {
        BOOST_TEST_CONTEXT(title) {
            BOOST_TEST(has(chart(body, title), "<figure class=\"chart\" data-spec=\"{"));
        }
    }
    BOOST_TEST(has(chart(body, "Commands"), "nothing has been counted yet"));
}

BOOST_AUTO_TEST_CASE(each_has_a_table_of_totals_the_largest_first) {
    World world;
    auto maild = world.connect();
    maild->counters("chasquid/smtpIn/responseCodeCount", "code", {{"220", 6}, {"250", 1036}, {"451", 2}, {"554", 3}});
    const std::string body = world.get("/").body;
    const std::string codes = chart(body, "Response codes");
    BOOST_TEST(has(codes, row("250", "\u2013", "1\u00A0036")));
    BOOST_TEST(codes.find("<bdi>250<") < codes.find("<bdi>220<"));
    BOOST_TEST(has(chart(body, "Errors"), row("4xx replies", "\u2013", "2")));
    BOOST_TEST(has(chart(body, "Errors"), row("5xx replies", "\u2013", "3")));
}

BOOST_AUTO_TEST_CASE(a_table_has_twelve_rows_and_says_how_many_more) {
    World world;
    auto maild = world.connect();
    std::vector<std::string> names;
    for (int i = 0; i < 15; ++i) names.push_back("V" + std::to_string(i));
    std::vector<std::pair<std::string_view, std::int64_t>> values;
    for (int i = 0; i < 15; ++i) values.emplace_back(names[static_cast<std::size_t>(i)], i + 1);
    maild->counters("chasquid/smtpIn/commandCount", "command", values);
    const std::string commands = chart(world.get("/").body, "Commands");
    BOOST_TEST(has(commands, "and 3 more"));
    BOOST_TEST(has(commands, "<bdi>V14<"));
    BOOST_TEST(!has(commands, "<bdi>V2<"));
}

BOOST_AUTO_TEST_CASE(queue_gauges_and_latencies_get_charts_of_their_own) {
    World world;
    auto maild = world.connect();
    maild->gauge("maild/queue/length", 3);
    maild->histogram(
        {.name = "quipu/emitter/traceSeconds",
         .kind = Kind::histogram,
         .unit = "seconds",
         .label_name = "family",
         .bounds = {1},
         .sum_unit = 1e-9},
        "SMTP.Conn",
        {3, 1, 8'000'000'000}
    );
    const std::string body = world.get("/").body;
    BOOST_TEST(has(chart(body, "Queue length"), row("waiting", "3", "")));
    BOOST_TEST(
        has(chart(body, "Latency of SMTP.Conn"),
            row("SMTP.Conn",
                "\u2300\u00A0"
                "2\u00A0s",
                "4"))
    );
}

BOOST_AUTO_TEST_CASE(any_variable_can_be_added_whole_or_by_label) {
    World world;
    auto maild = world.connect();
    maild->counters("a:b", "l", {{"x:y", 1}, {"z", 2}});
    const std::string body = world.get("/?range=1h&add=a:b&add=a%3Ab%3Ax%3Ay&add=a:b&add=none").body;
    const std::string whole = chart(body, "a:b");
    BOOST_TEST(has(whole, row("x:y", "\u2013", "1")));
    BOOST_TEST(has(whole, row("z", "\u2013", "2")));
    const std::string single = chart(body, "a:b:x:y");
    BOOST_TEST(has(single, row("x:y", "\u2013", "1")));
    BOOST_TEST(!has(single, "<bdi>z<"));
    BOOST_TEST(has(single, "href=\"/?range=1h&amp;add=a%3Ab&amp;add=a%3Ab&amp;add=none\" aria-label=\"Remove a:b:x:y\"")
    );
    BOOST_TEST(has(chart(body, "none"), "nothing has been counted yet"));
    BOOST_TEST(has(body, "<a href=\"/?range=30d&amp;add=a%3Ab&amp;"));
}

BOOST_AUTO_TEST_CASE(twenty_charts_can_be_added_at_most) {
    World world;
    std::string target = "/?";
    for (int i = 0; i < 30; ++i) target += "add=v" + std::to_string(i) + "&";
    const std::string body = world.get(target).body;
    BOOST_TEST(!chart(body, "v19").empty());
    BOOST_TEST(chart(body, "v20").empty());
}

BOOST_AUTO_TEST_CASE(hostile_words_are_inert) {
    World world;
    auto maild = world.connect();
    maild->counters("chasquid/smtpIn/commandCount", hostile, {{hostile, 1}}, hostile);
    maild->gauge(std::string(hostile) + "/queue/length", 1);
    std::string target = "/?add=";
    for (const char c : hostile) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        target += '%';
        target += digits[static_cast<unsigned char>(c) >> 4];
        target += digits[static_cast<unsigned char>(c) & 15];
    }
    check_inert_html(world.get(target).body);
}

BOOST_AUTO_TEST_SUITE_END()
