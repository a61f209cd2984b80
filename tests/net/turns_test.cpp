#include "daemon/net/turns.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
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

BOOST_AUTO_TEST_CASE(a_quick_page_waits_for_one_large_page_at_most_and_each_large_one_comes) {
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
    std::size_t has_come = 0;
    for (const auto& client : large) has_come += client->is_silent() && client->received.empty() ? 0 : 1;
    BOOST_TEST(has_come < askers);
    for (const auto& client : large) BOOST_TEST(read_answer(*client).status == 200U);
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
