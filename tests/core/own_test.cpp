// What quipud publishes of itself: gauges that alerts need.
#include "daemon/core/own.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "daemon/core/state.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(core_own)

using namespace quipu;
using namespace quipu::test;

namespace {

std::map<std::string, double> gauges(State& state, std::string_view name) {
    state.own.refresh(state);
    const Family* family = state.metrics.find(name);
    BOOST_REQUIRE(family);
    BOOST_TEST(family->is_own);
    std::map<std::string, double> values;
    for (const auto& [label, series] : family->series) values[label] = series.gauge().shown;
    return values;
}

using Values = std::map<std::string, double>;

}  // namespace

BOOST_AUTO_TEST_CASE(who_pushes_is_counted_by_life) {
    State state;
    BOOST_TEST((gauges(state, "quipu/ingest/emitters") == Values{{"connected", 0}, {"lost", 0}}));
    Duct one(state);
    Duct two(state, 'b');
    one.connect();
    two.connect();
    BOOST_TEST((gauges(state, "quipu/ingest/emitters") == Values{{"connected", 2}, {"lost", 0}}));
    two.breaks();
    BOOST_TEST((gauges(state, "quipu/ingest/emitters") == Values{{"connected", 1}, {"lost", 1}}));
}

BOOST_AUTO_TEST_CASE(what_stands_beside_a_mail_daemon_does_not_hide_that_it_is_gone) {
    State state;
    Duct relay(state);
    relay.say_as([](Identity& it) { it.is_companion = true; });
    relay.connect();
    BOOST_TEST((gauges(state, "quipu/ingest/emitters") == Values{{"connected", 0}, {"lost", 0}}));
}

BOOST_AUTO_TEST_CASE(open_traces_are_counted_by_family_and_a_family_stays_when_none_is_open) {
    State state;
    Duct maild(state);
    maild.connect();
    BOOST_TEST(gauges(state, "quipu/traces/open").empty());
    Trace first = maild.outbox.begin_trace("SMTP.Conn", "1", 0);
    Trace second = maild.outbox.begin_trace("SMTP.Conn", "2", 0);
    Trace item = maild.outbox.begin_trace("Queue.SendLoop", "3", 0);
    maild.push();
    BOOST_TEST((gauges(state, "quipu/traces/open") == Values{{"Queue.SendLoop", 1}, {"SMTP.Conn", 2}}));
    item.finish();
    maild.push();
    BOOST_TEST((gauges(state, "quipu/traces/open") == Values{{"Queue.SendLoop", 0}, {"SMTP.Conn", 2}}));
}

BOOST_AUTO_TEST_CASE(checks_of_healthz_are_one_or_zero) {
    State state;
    state.health = {{"ingest", true, "listening"}, {"store", false, "no room"}};
    BOOST_TEST((gauges(state, "quipu/health/ok") == Values{{"ingest", 1}, {"store", 0}}));
    state.health[1].is_ok = true;
    BOOST_TEST((gauges(state, "quipu/health/ok") == Values{{"ingest", 1}, {"store", 1}}));
}

BOOST_AUTO_TEST_SUITE_END()
