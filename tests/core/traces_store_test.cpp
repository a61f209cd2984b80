// Traces on their way to the store and back: nothing but values in between.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>

#include "daemon/core/state.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/trace_lines.hpp"

BOOST_AUTO_TEST_SUITE(core_traces_store)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::uint64_t instance = 0x6161616161616161;  // of the emitter 'a'

// What a store would hold.
struct Shelf {
    std::map<std::pair<std::uint64_t, std::uint64_t>, DurableTrace> traces;
    std::map<std::pair<std::string, std::size_t>, DurableTraceCount> counts;
    std::size_t written = 0;

    void commit(State& state, std::int64_t later_ns = 0) {
        Now now = test_now;
        now.wall_ns += later_ns;
        const Changes changes = take_changes(state, Book::store, now);
        for (const TraceRef& ref : changes.forgotten_traces) traces.erase({ref.instance, ref.number});
        for (const DurableTrace& row : changes.traces) traces[{row.ref.instance, row.ref.number}] = row;
        for (const DurableTraceCount& row : changes.trace_counts) counts[{row.family, row.bucket}] = row;
        written += changes.traces.size();
        instances = changes.instances.empty() ? instances : changes.instances;
    }

    [[nodiscard]] Saved saved() const {
        Saved all;
        all.instances = instances;
        for (const auto& [key, row] : traces) all.traces.push_back(row);
        for (const auto& [key, row] : counts) all.trace_counts.push_back(row);
        return all;
    }

    std::vector<DurableInstance> instances;
};

// Raw events of one emitter; its clock is the wall.
class Speaker {
public:
    explicit Speaker(Traces& traces, std::uint64_t first_half = instance) : traces_(traces) {
        origin.instance = first_half;
        origin.program = "maild";
    }

    void say(
        std::uint64_t number,
        wire::TraceEventKind kind,
        std::int64_t at_ns,
        std::string_view text = {},
        std::uint64_t other = 0,
        std::string_view family = "F"
    ) {
        wire::TraceEvents events;
        wire::TraceEvent& event = events.events.emplace_back();
        event.trace = number;
        event.kind = kind;
        event.steady_ns = static_cast<std::uint64_t>(test_now.wall_ns + at_ns);
        event.text = text;
        event.other = other;
        event.family = family;
        traces_.apply(origin, events, test_now);
    }

    void begin(std::uint64_t number, std::int64_t at_ns = 0, std::uint64_t parent = 0) {
        say(number, wire::TraceEventKind::begin, at_ns, "title " + std::to_string(number), parent);
    }

    void end(std::uint64_t number, std::int64_t at_ns) { say(number, wire::TraceEventKind::end, at_ns); }

    TraceOrigin origin;

private:
    Traces& traces_;
};

std::vector<std::uint64_t> numbers(const std::deque<TraceRecord*>& ring) {
    std::vector<std::uint64_t> all;
    for (const TraceRecord* trace : ring) all.push_back(trace->ref.number);
    return all;
}

const TraceFamily& family(const State& state, std::string_view name = "F") {
    return state.traces.families().find(name)->second;
}

constexpr std::int64_t ms = 1'000'000;

// The outbox reads the clock itself.
Now real_now() {
    using namespace std::chrono;
    const auto steady = duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
    return {steady, test_now.wall_ns + steady};
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_kept_comes_back_where_it_was) {
    State first;
    Speaker a(first.traces);
    for (std::uint64_t i = 1; i <= 25; ++i) {
        a.begin(i);
        a.say(i, wire::TraceEventKind::event, 1, "event of " + std::to_string(i));
        if (i == 3) a.say(i, wire::TraceEventKind::error, 2, "no");
        a.end(i, i % 2 == 0 ? 20 * ms : 1 * ms);
    }
    a.begin(100);
    a.begin(101, 0, 100);
    a.say(101, wire::TraceEventKind::link, 1, "see", 25);
    a.end(101, 1 * ms);
    a.end(100, 5000 * ms);
    Shelf shelf;
    shelf.commit(first);

    State second;
    restore(second, shelf.saved(), test_now);
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        BOOST_TEST_CONTEXT("bucket " << bucket) {
            const auto expected = numbers(family(first).buckets[bucket]);
            BOOST_TEST(numbers(family(second).buckets[bucket]) == expected, boost::test_tools::per_element());
            BOOST_TEST(family(second).ended_count[bucket] == family(first).ended_count[bucket]);
            BOOST_TEST((family(second).exemplars[bucket].ref == family(first).exemplars[bucket].ref));
        }
    }
    BOOST_TEST(numbers(family(second).errors) == (std::vector<std::uint64_t>{3}), boost::test_tools::per_element());
    BOOST_TEST(family(second).error_count == 1U);
    // What was read has no room for more lines; what came in may have a little.
    BOOST_TEST(second.traces.bytes() <= first.traces.bytes());
    BOOST_TEST(second.traces.bytes() >= first.traces.bytes() * 8 / 9);
    const TraceRecord* parent = second.traces.find({instance, 100});
    BOOST_REQUIRE(parent);
    BOOST_TEST(parent->title == "title 100");
    BOOST_TEST(parent->program == "maild");
    BOOST_TEST(parent->end_wall_ns - parent->begin_wall_ns == 5000 * ms);
    BOOST_REQUIRE_EQUAL(parent->children.size(), 1U);
    const auto of_parent = first_lines(*parent);
    BOOST_REQUIRE_EQUAL(of_parent.size(), 1U);
    BOOST_TEST((of_parent[0].kind == TraceNoteKind::child));
    BOOST_TEST(of_parent[0].other == 101U);
    const TraceRecord& child = *parent->children[0];
    BOOST_TEST(child.ref.number == 101U);
    const auto of_child = first_lines(child);
    BOOST_REQUIRE_EQUAL(of_child.size(), 1U);
    BOOST_TEST((of_child[0].kind == TraceNoteKind::link));
    BOOST_TEST(of_child[0].other == 25U);
    BOOST_TEST(of_child[0].text == "see");
    BOOST_TEST(of_child[0].wall_ns == test_now.wall_ns + 1);
    // Nothing is written for having been read.
    BOOST_TEST(!second.traces.has_changes());
}

BOOST_AUTO_TEST_CASE(a_childs_row_stays_as_long_as_its_parent_is_kept_and_both_go_together) {
    State state(Limits{.traces = {.kept_per_bucket = 1}});
    Speaker a(state.traces);
    a.begin(1);
    a.begin(2, 0, 1);
    a.end(2, 1 * ms);
    a.end(1, 20 * ms);
    a.begin(3);
    a.end(3, 1 * ms);  // takes the child's place
    Shelf shelf;
    shelf.commit(state);
    BOOST_TEST(shelf.traces.size() == 3U);
    State second(Limits{.traces = {.kept_per_bucket = 1}});
    restore(second, shelf.saved(), test_now);
    BOOST_REQUIRE(second.traces.find({instance, 2}));
    Speaker b(second.traces);
    b.begin(4);
    b.end(4, 20 * ms);  // takes the parent's
    shelf.commit(second);
    BOOST_TEST(shelf.traces.size() == 2U);
    BOOST_TEST(shelf.traces.contains({instance, 3}));
    BOOST_TEST(shelf.traces.contains({instance, 4}));
}

BOOST_AUTO_TEST_CASE(what_comes_and_goes_between_two_commits_is_never_written) {
    State state;
    Speaker a(state.traces);
    Shelf shelf;
    for (int commit = 0; commit < 10; ++commit) {
        for (std::uint64_t i = 1; i <= 1000; ++i) {
            const std::uint64_t number = static_cast<std::uint64_t>(commit) * 1000 + i;
            a.begin(number);
            a.end(number, 1 * ms);
        }
        shelf.commit(state);
        BOOST_TEST(shelf.traces.size() == 10U);
    }
    BOOST_TEST(shelf.written == 100U);
}

BOOST_AUTO_TEST_CASE(an_open_trace_is_written_once_it_is_a_second_old_and_again_when_it_says_more) {
    State state;
    Speaker a(state.traces);
    Shelf shelf;
    a.begin(1);
    shelf.commit(state, 999 * ms);
    BOOST_TEST(shelf.traces.empty());
    shelf.commit(state, 1000 * ms);
    BOOST_TEST(shelf.written == 1U);
    shelf.commit(state, 2000 * ms);
    BOOST_TEST(shelf.written == 1U);
    a.say(1, wire::TraceEventKind::event, 1, "more");
    shelf.commit(state, 3000 * ms);
    BOOST_TEST(shelf.written == 2U);
}

BOOST_AUTO_TEST_CASE(an_open_trace_goes_on_after_a_restart_with_a_note_of_the_gap) {
    Shelf shelf;
    State first;
    Outbox outbox({.program = "maild"});
    EmitterSession before(first, Peer{1000, 1000, 0});
    std::string out;
    outbox.connected(
        identity('a'),
        static_cast<std::uint64_t>(real_now().wall_ns),
        static_cast<std::uint64_t>(real_now().steady_ns),
        out
    );
    Trace listener = outbox.begin_trace("SMTP.Listener", "[::]:25", 0);
    Trace young = outbox.begin_trace("SMTP.Conn", "peer", 0);
    Trace ends_meanwhile = outbox.begin_trace("SMTP.Conn", "other", 0);
    listener.event("before");
    young.event("lost with quipud");
    outbox.push(out);
    BOOST_TEST(before.feed(as_bytes(out), real_now()));
    shelf.commit(first, 1'000'000'000'000 * ms);
    BOOST_REQUIRE_EQUAL(shelf.traces.size(), 3U);
    // As if it had been too young to be written.
    for (auto it = shelf.traces.begin(); it != shelf.traces.end();) {
        it = it->second.title == "peer" ? shelf.traces.erase(it) : std::next(it);
    }
    ends_meanwhile.finish();

    State second;
    restore(second, shelf.saved(), test_now);
    BOOST_TEST(second.traces.active().size() == 2U);
    EmitterSession session(second, Peer{1000, 1000, 4711});
    out.clear();
    outbox.connected(
        identity('a'),
        static_cast<std::uint64_t>(real_now().wall_ns),
        static_cast<std::uint64_t>(real_now().steady_ns),
        out
    );
    outbox.push(out);
    listener.event("after");
    outbox.push(out);
    BOOST_TEST(session.feed(as_bytes(out), real_now()));
    BOOST_REQUIRE_EQUAL(second.traces.active().size(), 2U);
    const TraceRecord* goes_on = nullptr;
    const TraceRecord* anew = nullptr;
    for (const TraceRecord* trace : second.traces.active()) (trace->title == "peer" ? anew : goes_on) = trace;
    BOOST_REQUIRE(goes_on && anew);
    BOOST_REQUIRE_EQUAL(goes_on->notes.first().size(), 3U);
    std::map<std::string, int> texts;
    for (const TraceNote& note : goes_on->notes.first()) ++texts[std::string(note.text)];
    BOOST_TEST(texts["before"] == 1);
    BOOST_TEST(texts["after"] == 1);
    BOOST_TEST(texts["quipud was restarted; events of the last moments before may be missing"] == 1);
    BOOST_REQUIRE_EQUAL(anew->notes.first().size(), 1U);
    BOOST_TEST(first_lines(*anew)[0].text == "quipud was restarted; what this trace had said before is not kept");
    // The one that ended while quipud was away has ended, by its own end.
    std::size_t ended = 0;
    for (const auto& bucket : family(second, "SMTP.Conn").buckets) ended += bucket.size();
    BOOST_TEST(ended == 1U);
}

BOOST_AUTO_TEST_CASE(an_open_trace_of_a_mail_daemon_that_is_gone_is_among_the_orphans) {
    Shelf shelf;
    State first;
    Speaker a(first.traces);
    a.begin(1);
    shelf.commit(first, 1000 * ms);
    State second;
    restore(second, shelf.saved(), test_now);  // no such instance on record
    BOOST_TEST(second.traces.active().empty());
    BOOST_TEST(numbers(second.traces.orphans()) == (std::vector<std::uint64_t>{1}), boost::test_tools::per_element());
    BOOST_TEST(second.traces.orphans()[0]->orphaned == "its mail daemon ended while quipud was away");
    // And stays there.
    shelf.commit(second);
    State third;
    restore(third, shelf.saved(), test_now);
    BOOST_TEST(numbers(third.traces.orphans()) == (std::vector<std::uint64_t>{1}), boost::test_tools::per_element());
    BOOST_TEST(!third.traces.has_changes());
}

BOOST_AUTO_TEST_CASE(beyond_the_bytes_for_the_file_the_oldest_ended_stay_in_memory_only) {
    State state(Limits{.traces = {.kept_per_bucket = 1000, .stored_bytes = 100'000}});
    Speaker a(state.traces);
    Shelf shelf;
    a.begin(1);  // open
    const std::string text(1000, 'x');
    for (std::uint64_t i = 2; i <= 500; ++i) {
        a.begin(i);
        a.say(i, wire::TraceEventKind::event, 1, text);
        a.end(i, 1 * ms);
        if (i % 100 == 0) shelf.commit(state, 5000 * ms);
    }
    shelf.commit(state, 5000 * ms);
    std::size_t bytes = 0;
    for (const auto& [key, row] : shelf.traces) {
        for (const TraceNote& note : row.notes.first()) bytes += note.text.size();
    }
    BOOST_TEST(bytes <= 100'000U);
    BOOST_TEST(shelf.traces.size() > 40U);
    BOOST_TEST(shelf.traces.contains({instance, 1}));
    BOOST_TEST(shelf.traces.contains({instance, 500}));
    BOOST_TEST(!shelf.traces.contains({instance, 2}));
    BOOST_TEST(state.traces.find({instance, 2}) != nullptr);
    BOOST_TEST(state.traces.counts().left_unstored == 500 - shelf.traces.size());
}

BOOST_AUTO_TEST_CASE(a_failed_commit_of_traces_is_made_up_for_by_the_next) {
    State state(Limits{.traces = {.kept_per_bucket = 1}});
    Speaker a(state.traces);
    Shelf shelf;
    a.begin(1);
    a.end(1, 1 * ms);
    shelf.commit(state);
    a.begin(2);
    a.end(2, 1 * ms);
    mark_all_changed(state, take_changes(state, Book::store, test_now));  // the store says no
    shelf.commit(state);
    BOOST_TEST(shelf.traces.size() == 1U);
    BOOST_TEST(shelf.traces.contains({instance, 2}));
}

// Whatever a file says: no cycle, no crash, and bounds hold.
BOOST_AUTO_TEST_CASE(traces_that_contradict_each_other_do_no_harm) {
    Saved saved;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        DurableTrace& row = saved.traces.emplace_back();
        row.ref = {instance, i};
        row.parent = i % 3 + 1;  // 1 under 2 under 3 under 1: only the last can be
        row.place = 7;
        row.family = "F";
        row.begin_wall_ns = 5;
        row.end_wall_ns = -1;
    }
    saved.traces.push_back(saved.traces[0]);  // twice
    saved.trace_counts = {{"F", 4711, 1}, {"F", 0, 3}};
    State state;
    restore(state, saved, test_now);
    std::size_t children = 0;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        const TraceRecord* trace = state.traces.find({instance, i});
        BOOST_REQUIRE(trace);
        children += trace->children.size();
    }
    BOOST_TEST(children == 1U);
    BOOST_TEST(family(state).ended_count[0] == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
