// Traces on their way from the emitter's outbox through quipud's session.
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "daemon/core/emitter_session.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/trace_lines.hpp"

BOOST_AUTO_TEST_SUITE(core_session_traces)

using namespace quipu;
using namespace quipu::test;

namespace {

// One trace of each family is open, each hangs in the one before.
void check_tree(const State& state) {
    BOOST_TEST(state.traces.counts().lone_children == 0U);
    const auto open = [&state](std::string_view family) {
        const auto& active = state.traces.families().find(family)->second.active;
        BOOST_REQUIRE(active.size() == 1U);
        return active.front();
    };
    BOOST_REQUIRE(open("parent")->children.size() == 1U);
    BOOST_TEST(open("parent")->children[0] == open("child"));
    BOOST_REQUIRE(open("child")->children.size() == 1U);
    BOOST_TEST(open("child")->children[0] == open("grandchild"));
    BOOST_TEST((open("grandchild")->root == open("parent")->ref));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_trace_arrives_with_its_events_child_link_error_and_exact_latency_count) {
    State state;
    Duct a(state);
    a.connect();
    Trace other = a.outbox.begin_trace("Queue.SendLoop", "id1", 0);
    {
        Trace trace = a.outbox.begin_trace("SMTP.Conn", "192.0.2.1:7", 0);
        trace.printf("-> %s", "MAIL");
        Trace child = trace.child("Queue.Put", "x@y");
        child.event("queued");
        child.finish();
        trace.link(other, "put");
        trace.error("%d no", 550);
        a.push();
        BOOST_TEST(state.traces.active().size() == 2U);
    }
    a.push();
    const TraceFamily& family = state.traces.families().find("SMTP.Conn")->second;
    BOOST_REQUIRE(family.errors.size() == 1U);
    const auto& stored = *family.errors.front();
    BOOST_TEST(stored.title == "192.0.2.1:7");
    BOOST_REQUIRE(stored.notes.first().size() == 4U);
    BOOST_TEST(first_lines(stored)[3].text == "550 no");
    BOOST_TEST(stored.children.at(0)->family == "Queue.Put");
    BOOST_TEST(first_lines(*stored.children.at(0)).at(0).text == "queued");
    const auto& series = state.metrics.find("quipu/emitter/traceSeconds")->series;
    std::uint64_t ended = 0;
    const auto& cells = series.find("SMTP.Conn")->second.histogram().cells;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) ended += cells[i].total;
    BOOST_TEST(ended == 1U);
    BOOST_TEST(cells.back().total > 0U);
}

BOOST_AUTO_TEST_CASE(open_traces_are_announced_again_to_a_new_quipud_and_ended_ones_end_there) {
    State first;
    Duct a(first);
    a.connect();
    Trace listener = a.outbox.begin_trace("SMTP.Listener", "[::]:25", 0);
    Trace request = a.outbox.begin_trace("SMTP.Conn", "peer", 0);
    listener.event("before");
    a.push();
    a.breaks();
    request.event("while away");
    request.finish();
    State second;
    EmitterSession session(second, Peer{1000, 1000, 4711});
    std::string out;
    a.outbox.connected(identity('a'), 1, 1, out);
    a.outbox.push(out);
    BOOST_TEST(session.feed(as_bytes(out), test_now));
    BOOST_REQUIRE(second.traces.active().size() == 1U);
    BOOST_TEST(second.traces.active().front()->title == "[::]:25");
    BOOST_TEST(ended(second.traces.families().find("SMTP.Conn")->second) == 1U);
    BOOST_TEST(second.traces.counts().ignored_events == 0U);
}

BOOST_AUTO_TEST_CASE(a_parent_is_known_before_its_child_also_where_it_has_said_nothing) {
    State state;
    Duct a(state);
    a.connect();
    {
        // Slots that were used are taken again in another order.
        const Trace first = a.outbox.begin_trace("f", "1", 0);
        const Trace second = a.outbox.begin_trace("f", "2", 0);
        const Trace third = a.outbox.begin_trace("f", "3", 0);
    }
    a.push();
    Trace parent = a.outbox.begin_trace("parent", "", 0);
    Trace child = parent.child("child", "");
    Trace grandchild = child.child("grandchild", "");
    grandchild.event("the first of them that says something");
    a.push();
    check_tree(state);
    // The same to a quipud that knows nothing.
    a.breaks();
    State second;
    EmitterSession session(second, Peer{1000, 1000, 4711});
    std::string out;
    a.outbox.connected(identity('a'), 1, 1, out);
    a.outbox.push(out);
    BOOST_TEST(session.feed(as_bytes(out), test_now));
    check_tree(second);
}

BOOST_AUTO_TEST_CASE(an_emitter_asked_for_less_still_sends_failed_and_slow_traces_whole) {
    State state;
    Duct a(state);
    a.connect();
    std::string tune;
    wire::append_frame_of(tune, wire::Tune{0, {{"SMTP.Conn", 0, 1}}});
    const auto tell = [&a](const std::string& frame) { BOOST_TEST(a.outbox.take(as_bytes(frame)) == Errc::ok); };
    a.push();
    std::string none_slow;
    wire::append_frame_of(none_slow, wire::Tune{0, {{"SMTP.Conn", 0, 0}}});
    tell(none_slow);
    {
        Trace dull = a.outbox.begin_trace("SMTP.Conn", "dull", 0);
        dull.event("nothing special");
        Trace other = a.outbox.begin_trace("Queue.Put", "other family", 0);
    }
    a.push();
    BOOST_TEST(!state.traces.families().contains("SMTP.Conn"));
    BOOST_TEST(state.traces.families().contains("Queue.Put"));
    BOOST_TEST(count_of(state, "quipu/emitter/sampledOutTraces") == 1U);
    {
        Trace failing = a.outbox.begin_trace("SMTP.Conn", "failing", 0);
        failing.event("first");
        a.push();
        BOOST_TEST(!state.traces.families().contains("SMTP.Conn"));
        failing.error("550 no");
        failing.event("last");
    }
    a.push();
    const TraceFamily& family = state.traces.families().find("SMTP.Conn")->second;
    BOOST_REQUIRE(family.errors.size() == 1U);
    BOOST_TEST(family.errors.front()->title == "failing");
    const auto lines = first_lines(*family.errors.front());
    BOOST_REQUIRE(lines.size() == 3U);
    BOOST_TEST(lines[0].text == "first");
    BOOST_TEST(lines[2].text == "last");
    tell(tune);  // from now on every trace of at least 1 ns is slow
    {
        Trace slow = a.outbox.begin_trace("SMTP.Conn", "slow", 0);
        slow.event("whole");
    }
    a.push();
    BOOST_TEST(ended(family) == 2U);
    // Every one of them is in the exact histogram.
    const auto& cells =
        state.metrics.find("quipu/emitter/traceSeconds")->series.find("SMTP.Conn")->second.histogram().cells;
    const auto sum = [](std::uint64_t total, const Cell& cell) { return total + cell.total; };
    BOOST_TEST(std::accumulate(cells.begin(), cells.begin() + bucket_count, std::uint64_t{0}, sum) == 3U);
}

BOOST_AUTO_TEST_CASE(too_many_trace_events_make_quipud_ask_for_less_and_calm_for_more) {
    Limits limits;
    limits.sampler.events_per_second = 1000;
    State state(limits);
    Duct a(state);
    a.connect();
    Now now = test_now;
    const auto second = [&](int traces) {
        for (int i = 0; i < traces; ++i) {
            Trace trace = a.outbox.begin_trace("busy", "t", 0);
            trace.event("x");
        }
        Trace rare = a.outbox.begin_trace("rare", "t", 0);
        rare.finish();
        a.push();
        now.steady_ns += 1'000'000'000;
        tune_sampling(state, now);
        a.deliver({});
    };
    second(0);
    BOOST_TEST(state.traces.sampler().per_mille("busy") == 1000U);
    for (int i = 0; i < 3; ++i) second(4000);
    BOOST_TEST(state.traces.sampler().per_mille("busy") < 500U);
    BOOST_TEST(state.traces.sampler().per_mille("rare") == 1000U);
    BOOST_TEST(count_of(state, "quipu/emitter/sampledOutTraces") > 0U);
    for (int i = 0; i < 100; ++i) second(0);
    BOOST_TEST(state.traces.sampler().per_mille("busy") == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
