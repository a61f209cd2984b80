#include "daemon/pages/traces_merge.hpp"

#include <map>

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_traces_merge)

using namespace quipu;
using namespace quipu::test;

namespace {

const TraceRecord& trace(const World& world, const Speaker& maild, std::uint64_t number) {
    const TraceRecord* found = world.state.traces.find({maild.emitter().traces.instance, number});
    BOOST_REQUIRE(found);
    return *found;
}

// "0 event a | 1 child b" and so on: depth, kind, text or count.
std::string summary(const std::vector<TraceLine>& lines) {
    std::string out;
    for (const TraceLine& line : lines) {
        if (!out.empty()) out += " | ";
        out += std::to_string(line.depth) + " " + std::string(word_for(line.what));
        if (line.count > 0) out += " " + std::to_string(line.count);
        if (!line.text.empty()) out += " " + std::string(line.text);
        if (line.is_seen_already) out += " (seen)";
    }
    return out;
}

std::string merged(const World& world, const Speaker& maild, std::uint64_t number) {
    return summary(merged_lines(world.state.traces, trace(world, maild, number), 100).lines);
}

}  // namespace

BOOST_AUTO_TEST_CASE(own_events_come_in_order_with_the_end) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "peer", 0);
    maild->event(1, "one", 1 * ms);
    maild->error(1, "two", 2 * ms);
    BOOST_TEST(merged(world, *maild, 1) == "0 event one | 0 error two");
    maild->end(1, 3 * ms);
    BOOST_TEST(merged(world, *maild, 1) == "0 event one | 0 error two | 0 end");
}

BOOST_AUTO_TEST_CASE(children_and_links_are_merged_by_time) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "peer", 0);
    maild->begin(2, "Queue.Put", "a@b", 2 * ms, 1);
    maild->begin(3, "Queue.SendLoop", "id", 3 * ms);
    maild->link(2, 3, "queued", 4 * ms);
    maild->event(3, "sending", 5 * ms);
    maild->event(1, "250 ok", 6 * ms);
    maild->end(2, 7 * ms);
    BOOST_TEST(
        merged(world, *maild, 1) == "0 child Queue.Put a@b | 1 link queued | 2 event sending | 0 event 250 ok | 1 end"
    );
}

BOOST_AUTO_TEST_CASE(cycles_of_links_show_each_event_once) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    maild->begin(2, "B", "b", 0);
    maild->link(1, 2, "to b", 1 * ms);
    maild->link(2, 1, "to a", 2 * ms);
    maild->link(1, 1, "to myself", 3 * ms);
    BOOST_TEST(merged(world, *maild, 1) == "0 link to b | 1 link to a (seen) | 0 link to myself (seen)");
    BOOST_TEST(merged(world, *maild, 2) == "1 link to b (seen) | 0 link to a | 1 link to myself (seen)");
}

BOOST_AUTO_TEST_CASE(links_to_what_is_not_kept_stay_lines) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    maild->link(1, 99, "gone", 1 * ms);
    const auto lines = own_lines(world.state.traces, trace(world, *maild, 1));
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines[0].other_trace == nullptr);
    BOOST_TEST(to_string(lines[0].other) == maild->trace_id(99));
}

BOOST_AUTO_TEST_CASE(gaps_stand_where_events_are_missing_with_their_number) {
    Limits limits;
    limits.traces.events_per_trace = 6;
    World world(limits);
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    maild->event(1, "1", 1 * ms);
    maild->event(1, "2", 2 * ms, 7);
    for (int i = 3; i <= 10; ++i) maild->event(1, std::to_string(i), i * ms);
    maild->trace_event({.trace = 1, .kind = wire::TraceEventKind::end, .dropped_before = 5}, 11 * ms);
    BOOST_TEST(
        merged(world, *maild, 1) ==
        "0 event 1 | 0 lost 7 | 0 event 2 | 0 cut 4 | 0 event 7 | 0 event 8 | 0 event 9 | 0 event 10 | "
        "0 lost 5 | 0 end"
    );
}

BOOST_AUTO_TEST_CASE(orphaned_traces_say_why) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    maild->event(1, "last words", 1 * ms);
    set_ended(world.state, maild->emitter(), "killed by signal 9", world.now);
    const auto lines = own_lines(world.state.traces, trace(world, *maild, 1));
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST((lines[1].what == TraceLine::What::orphaned));
    BOOST_TEST(!lines[1].text.empty());
}

BOOST_AUTO_TEST_CASE(traces_beyond_the_limit_are_counted) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    for (std::uint64_t i = 2; i <= 11; ++i) maild->begin(i, "B", "b", 1 * ms, 1);
    const MergedTrace all = merged_lines(world.state.traces, trace(world, *maild, 1), 100);
    BOOST_TEST(all.left_out == 0U);
    BOOST_TEST(all.lines.size() == 10U);
    BOOST_TEST(merged_lines(world.state.traces, trace(world, *maild, 1), 4).left_out == 7U);
}

BOOST_AUTO_TEST_CASE(deep_chains_do_not_exhaust_the_stack) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    for (std::uint64_t i = 2; i <= 15000; ++i) maild->begin(i, "A", "a", 1 * ms, i - 1);
    const MergedTrace all = merged_lines(world.state.traces, trace(world, *maild, 1), 20000);
    BOOST_TEST(all.lines.size() == 14999U);
    BOOST_TEST(all.lines.back().depth == 14998U);
}

BOOST_AUTO_TEST_SUITE_END()
