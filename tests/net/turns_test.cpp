#include "daemon/net/turns.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/net_fixture.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(net_turns)

using namespace quipu;
using namespace quipu::test;

namespace {

// So many series that a page of them takes its time.
std::string many_series(std::uint32_t count) {
    const std::string label(200, 'x');
    std::vector<std::string> labels;
    for (std::uint32_t i = 0; i < count; ++i) labels.push_back(std::to_string(i) + label);
    std::string frames;
    wire::Family family;
    family.id = 1;
    family.name = "test/many";
    family.label_name = "label";
    wire::Define define;
    define.families = {family};
    for (std::uint32_t i = 0; i < count; ++i) {
        define.series.push_back({i + 1, 1, labels[i]});
        if (define.series.size() < 2000 && i + 1 < count) continue;
        frames += RawEmitter::frame(define);
        define = {};
    }
    return frames;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_quick_page_is_answered_while_large_ones_are_made_and_each_of_those_comes_whole) {
    constexpr std::size_t askers = 8;
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(many_series(20000));
    BOOST_REQUIRE(edge.run_until([&] { return edge.state.metrics.series_count() >= 20000; }));
    std::vector<std::unique_ptr<Client>> large;
    for (std::size_t i = 0; i < askers; ++i) {
        large.push_back(std::make_unique<Client>(edge, edge.connect_http()));
        large.back()->send(get_request("/debug/vars"));
    }
    Client quick(edge, edge.connect_http());
    quick.send(get_request("/healthz"));
    BOOST_TEST(read_answer(quick).status == 200U);
    const std::uint64_t made = edge.count("quipu/http/requests");
    BOOST_TEST(made == askers + 1);  // all were heard
    for (const auto& client : large) {
        const HttpAnswer answer = read_answer(*client);
        BOOST_TEST(answer.status == 200U);
        BOOST_TEST(answer.body.size() > 20000U * 200U);
        BOOST_TEST(answer.body.ends_with("}\n"));
    }
}

BOOST_AUTO_TEST_CASE(steps_are_made_in_turn_and_everybody_else_comes_in_between) {
    const TempDir dir;
    Edge edge(dir);
    Turns turns(edge.io);
    std::string order;
    const auto make = [](Turns& its, std::string& into, char name) -> asio::awaitable<void> {
        const bool never = false;
        for (int i = 0; i < 3; ++i) {
            co_await its.step(never);
            into += name;
        }
    };
    const auto look_around = [](asio::io_context& io, std::string& into) -> asio::awaitable<void> {
        while (std::count(into.begin(), into.end(), '.') < 40) {
            co_await asio::post(io, asio::use_awaitable);
            into += '.';
        }
    };
    asio::co_spawn(edge.io, look_around(edge.io, order), asio::detached);
    for (const char name : {'a', 'b', 'c'}) asio::co_spawn(edge.io, make(turns, order, name), asio::detached);
    BOOST_REQUIRE(edge.run_until([&] { return std::count(order.begin(), order.end(), '.') == 40; }));
    std::string steps;
    bool has_been_around = true;
    for (const char c : order) {
        if (c != '.') {
            BOOST_TEST(has_been_around);
            steps += c;
        }
        has_been_around = c == '.';
    }
    BOOST_TEST(steps == "abcabcabc");
}

BOOST_AUTO_TEST_CASE(who_has_gone_makes_no_step) {
    const TempDir dir;
    Edge edge(dir);
    Turns turns(edge.io);
    std::string order;
    bool is_over = true;
    const auto make = [](Turns& its, const bool& its_end, std::string& into, char name) -> asio::awaitable<void> {
        co_await its.step(its_end);
        into += name;
    };
    const bool never = false;
    asio::co_spawn(edge.io, make(turns, is_over, order, 'x'), asio::detached);
    asio::co_spawn(edge.io, make(turns, never, order, 'a'), asio::detached);
    asio::co_spawn(edge.io, make(turns, never, order, 'b'), asio::detached);
    BOOST_REQUIRE(edge.run_until([&] { return order.size() == 3; }));
    std::erase(order, 'x');
    BOOST_TEST(order == "ab");
}

BOOST_AUTO_TEST_CASE(who_has_gone_while_waiting_takes_no_turn) {
    const TempDir dir;
    Edge edge(dir);
    bool is_over = false;
    Turns turns(edge.io);
    std::vector<int> order;
    const auto take = [](Turns& its, const bool& its_end, std::vector<int>& into, int n) -> asio::awaitable<void> {
        co_await its.wait(its_end);
        into.push_back(n);
    };
    const bool never = false;
    turns.made_since(read_clocks().steady_ns - 20'000'000);  // a page took 20 ms: a rest
    asio::co_spawn(edge.io, take(turns, never, order, 1), asio::detached);
    asio::co_spawn(edge.io, take(turns, is_over, order, 2), asio::detached);
    asio::co_spawn(edge.io, take(turns, never, order, 3), asio::detached);
    edge.run_dry();
    BOOST_TEST(order.empty());
    is_over = true;
    BOOST_TEST(edge.run_until([&] { return order.size() == 3; }));
    std::erase(order, 2);
    BOOST_TEST(order == (std::vector<int>{1, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(at_the_end_nobody_waits) {
    const TempDir dir;
    Edge edge(dir);
    Turns turns(edge.io);
    turns.made_since(read_clocks().steady_ns - 200'000'000);
    turns.stop();
    bool has_come = false;
    const auto take = [](Turns& its, bool& came) -> asio::awaitable<void> {
        const bool never = false;
        co_await its.wait(never);
        came = true;
    };
    asio::co_spawn(edge.io, take(turns, has_come), asio::detached);
    edge.run_dry();
    BOOST_TEST(has_come);
}

BOOST_AUTO_TEST_SUITE_END()
