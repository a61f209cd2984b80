#include "daemon/pages/steps.hpp"

#include <string>

#include "daemon/pages/gzip.hpp"
#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_steps)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::uint32_t many = 20'000;

std::string label(std::uint32_t i) {
    std::string text = std::to_string(i);
    return "name-" + std::string(6 - text.size(), '0') + text;
}

void speak_of(Speaker& maild, std::uint32_t count) {
    std::vector<std::pair<std::string, std::int64_t>> rows;
    for (std::uint32_t i = 0; i < count; ++i) rows.emplace_back(label(i), i);
    std::vector<std::pair<std::string_view, std::int64_t>> views(rows.begin(), rows.end());
    maild.counters("test/many", "name", views);
    maild.counter("test/one", 7);
}

std::unique_ptr<PageWork> in_steps(World& world, std::string_view target) {
    PageResult result = world.ask(Request{.target = target});
    BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<PageWork>>(result));
    return std::get<std::unique_ptr<PageWork>>(std::move(result));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_page_of_many_variables_is_made_in_small_steps_and_is_whole) {
    World world;
    auto maild = world.connect();
    speak_of(*maild, many);
    for (const std::string_view target : {"/debug/vars", "/metrics"}) {
        const auto work = in_steps(world, target);
        std::optional<Response> head = work->head(world.state, {}, world.now);
        BOOST_REQUIRE(head);
        BOOST_TEST(head->status == 200U);
        BOOST_TEST(head->body.size() < 2 * piece_bytes);
        std::size_t steps = 0;
        bool has_more = true;
        for (; has_more; ++steps) {
            const std::size_t had = head->body.size();
            has_more = work->more(world.state, head->body);
            BOOST_TEST(head->body.size() - had < piece_bytes + 4096);
        }
        BOOST_TEST(steps > 5U);
        const std::string& body = head->body;
        for (const std::uint32_t i : {0U, 1U, many / 2, many - 1}) {
            const std::string entry = target == "/metrics"
                                          ? "test_many_total{name=\"" + label(i) + "\"} " + std::to_string(i) + "\n"
                                          : "\"" + label(i) + "\": " + std::to_string(i);
            BOOST_TEST(body.find(entry) != std::string::npos, entry);
        }
    }
    const boost::json::value json = parse_json(world.get("/debug/vars").body);
    BOOST_TEST(json.at("test/many").as_object().size() == many);
    BOOST_TEST(json.at("test/one") == 7);
}

BOOST_AUTO_TEST_CASE(what_comes_between_two_steps_does_not_spoil_the_page) {
    World world;
    auto maild = world.connect();
    speak_of(*maild, many);
    const auto work = in_steps(world, "/debug/vars");
    std::optional<Response> head = work->head(world.state, {}, world.now);
    BOOST_REQUIRE(work->more(world.state, head->body));
    auto other = world.connect('b');
    other->counters("test/many", "name", {{"name-0000005", 1}, {"zzz", 2}, {std::string_view("\xff"), 3}});
    other->counter("test/aaa", 1);
    other->counter("test/zzz", 1);
    while (work->more(world.state, head->body)) continue;
    const boost::json::value json = parse_json(head->body);
    const boost::json::object& entries = json.at("test/many").as_object();
    BOOST_TEST(entries.at(label(0)) == 0);
    BOOST_TEST(entries.at(label(many - 1)) == many - 1);
    BOOST_TEST(json.at("test/one") == 7);
}

BOOST_AUTO_TEST_CASE(a_short_page_is_made_at_once) {
    World world;
    auto maild = world.connect();
    speak_of(*maild, 100);
    BOOST_TEST(std::holds_alternative<Response>(world.ask(Request{.target = "/debug/vars"})));
    BOOST_TEST(std::holds_alternative<Response>(world.ask(Request{.target = "/metrics"})));
}

BOOST_AUTO_TEST_CASE(squeezed_in_steps_it_is_one_whole_stream) {
    World world;
    auto maild = world.connect();
    speak_of(*maild, many);
    const std::string plain = world.get("/metrics").body;
    const Response packed = world.get(Request{.target = "/metrics", .accept_encoding = "gzip"});
    const auto unpacked = gunzip(packed.body, plain.size() + 1);
    BOOST_REQUIRE(unpacked);
    BOOST_TEST((*unpacked == plain));
    BOOST_TEST(packed.body.size() < plain.size() / 3);
}

BOOST_AUTO_TEST_SUITE_END()
