#include "daemon/core/traces.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/support/printers.hpp"
#include "tests/support/trace_lines.hpp"

BOOST_AUTO_TEST_SUITE(core_traces)

using namespace quipu;
using test::first_lines;
using test::last_lines;
using wire::TraceEventKind;

namespace {

constexpr std::int64_t base = 1'700'000'000'000'000'000;
constexpr std::int64_t ms = 1'000'000;

// One emitter process whose clock stands `base` behind wall time.
struct Source {
    Traces& traces;
    TraceOrigin origin;
    Now now{0, base};

    explicit Source(Traces& the_traces, std::uint64_t instance = 1) : traces(the_traces) {
        origin.instance = instance;
        origin.program = "maild";
        origin.wall_minus_steady_ns = base;
    }

    void say(wire::TraceEvent event) {
        wire::TraceEvents events;
        events.events.push_back(event);
        traces.apply(origin, events, now);
    }

    void begin(std::uint64_t id, std::string_view family, std::string_view title, std::uint64_t parent = 0) {
        say(
            {.trace = id,
             .kind = TraceEventKind::begin,
             .steady_ns = at,
             .text = title,
             .family = family,
             .other = parent}
        );
    }

    void note(std::uint64_t id, std::string_view text) {
        say({.trace = id, .kind = TraceEventKind::event, .steady_ns = ++at, .text = text});
    }

    void error(std::uint64_t id, std::string_view text) {
        say({.trace = id, .kind = TraceEventKind::error, .steady_ns = ++at, .text = text});
    }

    void end(std::uint64_t id) { say({.trace = id, .kind = TraceEventKind::end, .steady_ns = at}); }

    const TraceRecord* find(std::uint64_t id) { return traces.find({origin.instance, id}); }

    std::uint64_t at = 1;
};

std::size_t kept(const Traces& traces, std::string_view family) {
    std::size_t count = 0;
    for (const auto& bucket : traces.families().find(family)->second.buckets) count += bucket.size();
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_trace_goes_from_active_to_the_bucket_of_its_duration) {
    Traces traces;
    Source a(traces);
    a.begin(7, "SMTP.Conn", "192.0.2.1:99");
    a.note(7, "-> EHLO x");
    BOOST_REQUIRE(a.find(7));
    BOOST_TEST(a.find(7)->is_open());
    BOOST_TEST(traces.active().size() == 1U);
    a.at += 60 * ms;
    a.end(7);
    BOOST_TEST(traces.active().empty());
    const TraceFamily& family = traces.families().find("SMTP.Conn")->second;
    BOOST_REQUIRE(family.buckets[3].size() == 1U);
    BOOST_TEST(family.buckets[3].front()->title == "192.0.2.1:99");
    BOOST_TEST(first_lines(*family.buckets[3].front()).at(0).text == "-> EHLO x");
    BOOST_TEST(family.ended_count[3] == 1U);
    BOOST_TEST(family.errors.empty());
}

BOOST_AUTO_TEST_CASE(buckets_begin_at_their_bounds) {
    for (std::size_t i = 0; i < bucket_count; ++i) {
        BOOST_TEST(bucket_of(bucket_floor_ns[i]) == i);
        if (i > 0) BOOST_TEST(bucket_of(bucket_floor_ns[i] - 1) == i - 1);
    }
    BOOST_TEST(bucket_of(-5) == 0U);
}

BOOST_AUTO_TEST_CASE(a_failed_trace_is_kept_among_the_errors_beside_its_bucket) {
    Traces traces({.kept_per_bucket = 1, .kept_errors = 5});
    Source a(traces);
    a.begin(1, "f", "bad");
    a.error(1, "550 no");
    a.end(1);
    for (std::uint64_t id = 2; id < 10; ++id) {
        a.begin(id, "f", "good");
        a.end(id);
    }
    const TraceFamily& family = traces.families().find("f")->second;
    BOOST_REQUIRE(family.errors.size() == 1U);
    BOOST_TEST(family.errors.front()->title == "bad");
    BOOST_TEST(family.buckets[0].front()->title == "good");
    BOOST_TEST(a.find(1) != nullptr);
    BOOST_TEST(a.find(2) == nullptr);
}

BOOST_AUTO_TEST_CASE(an_event_storm_keeps_the_first_third_and_the_last_two_thirds_and_counts_the_gap) {
    Traces traces({.events_per_trace = 30});
    Source a(traces);
    a.begin(1, "f", "t");
    for (int i = 0; i < 1000; ++i) a.note(1, std::to_string(i));
    const TraceRecord& trace = *a.find(1);
    const auto first = first_lines(trace);
    const auto last = last_lines(trace);
    BOOST_REQUIRE(first.size() == 10U);
    BOOST_REQUIRE(last.size() == 20U);
    BOOST_TEST(first.back().text == "9");
    BOOST_TEST(last.front().text == "980");
    BOOST_TEST(last.back().text == "999");
    BOOST_TEST(trace.cut == 970U);
    BOOST_TEST(traces.counts().cut_events == 970U);
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_counted_and_ignored) {
    struct Case {
        const char* name;
        void (*feed)(Source&);
    };

    for (const Case& tc : {
             Case{"event of an unknown trace", [](Source& a) { a.note(9, "x"); }},
             Case{"end of an unknown trace", [](Source& a) { a.end(9); }},
             Case{"double end", [](Source& a) { a.end(2); }},
             Case{"event after the end", [](Source& a) { a.note(2, "x"); }},
             Case{"id used again while open", [](Source& a) { a.begin(1, "f", "again"); }},
             Case{"id used again after the end", [](Source& a) { a.begin(2, "f", "again"); }},
         }) {
        BOOST_TEST_CONTEXT(tc.name) {
            Traces traces;
            Source a(traces);
            a.begin(1, "f", "open");
            a.begin(2, "f", "ended");
            a.end(2);
            tc.feed(a);
            BOOST_TEST(traces.counts().ignored_events == 1U);
            BOOST_TEST(a.find(1)->title == "open");
            BOOST_TEST(a.find(2)->title == "ended");
            BOOST_TEST(kept(traces, "f") == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_million_traces_never_ended_stay_within_the_bound_and_the_oldest_are_orphaned) {
    Traces traces({.active = 1000});
    Source a(traces);
    for (std::uint64_t id = 1; id <= 1'000'000; ++id) a.begin(id, "f", "t");
    BOOST_TEST(traces.active().size() == 1000U);
    BOOST_TEST(traces.active().front()->ref.number == 999'001U);
    BOOST_TEST(traces.counts().evicted_active == 999'000U);
    BOOST_TEST(traces.bytes() < 2'000'000U);
    a.traces.orphan_all(a.origin, "maild ended", a.now);
    while (traces.is_orphaning()) traces.orphan_some();
    BOOST_TEST(traces.active().empty());
    BOOST_TEST(a.origin.open.empty());
    BOOST_TEST(kept(traces, "f") == 10U);
    BOOST_TEST(a.find(1'000'000)->orphaned.substr(0, 11) == "maild ended");
}

BOOST_AUTO_TEST_CASE(many_open_traces_of_one_that_ended_are_orphaned_in_steps) {
    Traces traces({.active = 20'000, .kept_orphans = 3000});
    Source a(traces, 1);
    Source b(traces, 2);
    for (std::uint64_t id = 1; id <= 10'000; ++id) a.begin(id, "f", "t");
    b.begin(1, "f", "of another");
    a.now.wall_ns += 5 * ms;
    {
        TraceOrigin over = std::move(a.origin);  // its record goes with the mail daemon's, before all is done
        traces.orphan_all(over, "maild ended", a.now);
        BOOST_TEST(over.open.empty());
    }
    a.origin = {.instance = 1, .wall_minus_steady_ns = base};
    std::size_t left = traces.active().size();
    BOOST_TEST(left > 9000U);
    std::size_t steps = 1;
    for (; traces.is_orphaning(); ++steps) {
        const std::size_t before = traces.active().size();
        traces.orphan_some();
        BOOST_TEST(before - traces.active().size() <= 1000U);
        // It goes on meanwhile: what comes for one that is over is ignored, and the bounds hold.
        if (steps == 3) a.note(9'999, "too late");
        if (steps == 4) {
            for (std::uint64_t id = 2; id <= 13'000; ++id) b.begin(id, "g", "t");
            BOOST_TEST(traces.active().size() <= 20'000U);
        }
    }
    BOOST_TEST(steps >= 10U);
    BOOST_TEST(traces.active().size() == 13'000U);
    BOOST_TEST(traces.counts().evicted_active > 0U);
    BOOST_TEST(traces.counts().ignored_events == 1U);
    BOOST_REQUIRE(traces.orphans().size() == 3000U);
    BOOST_TEST(traces.orphans().front()->ref.number == 7001U);
    BOOST_TEST(traces.orphans().back()->ref.number == 10'000U);
    BOOST_TEST(a.find(10'000)->end_wall_ns == a.now.wall_ns);
    BOOST_TEST(a.find(10'000)->orphaned == "maild ended");
}

BOOST_AUTO_TEST_CASE(what_was_open_when_a_mail_daemon_ended_stays_readable) {
    Traces traces({.kept_per_bucket = 1, .kept_orphans = 50});
    Source a(traces, 1);
    Source b(traces, 2);
    for (std::uint64_t id = 1; id <= 100; ++id) a.begin(id, "f", std::to_string(id));
    b.begin(7, "f", "of another");
    a.now.wall_ns += 5 * ms;
    traces.orphan_all(a.origin, "maild ended: killed", a.now);
    BOOST_REQUIRE(traces.orphans().size() == 50U);
    BOOST_TEST(traces.orphans().front()->title == "51");
    BOOST_TEST(traces.orphans().back()->title == "100");
    BOOST_TEST(a.find(60)->orphaned == "maild ended: killed");
    BOOST_TEST(a.find(60)->end_wall_ns == a.now.wall_ns);
    BOOST_TEST(a.find(50) == nullptr);
    BOOST_TEST(b.find(7)->is_open());
}

BOOST_AUTO_TEST_CASE(all_traces_together_stay_within_their_bytes) {
    Traces traces({.total_bytes = 100'000});
    Source a(traces);
    const std::string text(4000, 'x');
    for (std::uint64_t id = 1; id <= 500; ++id) {
        a.begin(id, "f" + std::to_string(id % 50), "t");
        for (int i = 0; i < 10; ++i) a.note(id, text);
        if (id % 2 == 0) a.end(id);
        BOOST_REQUIRE(traces.bytes() <= 100'000U);
    }
    BOOST_TEST(traces.counts().evicted_bytes > 0U);
    BOOST_TEST(traces.counts().evicted_bytes < 500U);  // each trace is given up once
}

BOOST_AUTO_TEST_CASE(families_beyond_the_cap_become_other) {
    Traces traces({.families = 3});
    Source a(traces);
    for (std::uint64_t id = 1; id <= 100; ++id) a.begin(id, "family" + std::to_string(id), "t");
    BOOST_TEST(traces.families().size() == 4U);
    BOOST_TEST(traces.families().find("(other)")->second.active.size() == 97U);
    BOOST_TEST(traces.counts().folded_families == 97U);
}

BOOST_AUTO_TEST_CASE(a_child_is_kept_by_its_parent_and_goes_with_it) {
    Traces traces({.kept_per_bucket = 1});
    Source a(traces);
    a.begin(1, "parent", "p");
    a.begin(2, "child", "c", 1);
    a.end(2);
    a.begin(3, "child", "other");
    a.end(3);  // pushes 2 out of its bucket
    BOOST_REQUIRE(a.find(2));
    BOOST_REQUIRE(a.find(1)->children.size() == 1U);
    BOOST_TEST(a.find(1)->children[0]->title == "c");
    BOOST_TEST((first_lines(*a.find(1)).at(0).kind == TraceNoteKind::child));
    a.end(1);
    a.begin(4, "parent", "next");
    a.end(4);  // pushes 1 out
    BOOST_TEST(a.find(1) == nullptr);
    BOOST_TEST(a.find(2) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_child_of_itself_or_of_nobody_stands_alone) {
    Traces traces;
    Source a(traces);
    a.begin(1, "f", "self", 1);
    a.begin(2, "f", "lost", 77);
    BOOST_TEST(traces.counts().lone_children == 2U);
    BOOST_TEST(a.find(1)->children.empty());
    a.end(1);
    a.end(2);
    BOOST_TEST(kept(traces, "f") == 2U);
}

BOOST_AUTO_TEST_CASE(a_chain_of_many_children_is_let_go_without_recursion) {
    Traces traces({.active = 200'000, .kept_per_bucket = 1, .total_bytes = 1'000'000'000});
    Source a(traces);
    for (std::uint64_t id = 1; id <= 100'000; ++id) a.begin(id, "f", "t", id - 1);
    for (std::uint64_t id = 100'000; id >= 1; --id) a.end(id);
    a.begin(200'000, "f", "last");
    a.end(200'000);
    BOOST_TEST(a.find(1) == nullptr);
    BOOST_TEST(traces.bytes() < 2000U);
}

BOOST_AUTO_TEST_CASE(after_a_new_connection_traces_not_announced_again_are_orphaned) {
    Traces traces;
    Source a(traces);
    a.begin(1, "f", "still open");
    a.begin(2, "f", "ended while away");
    Traces::resume(a.origin);
    wire::TraceEvents events;
    events.events.push_back(
        {.trace = 1,
         .kind = TraceEventKind::begin,
         .steady_ns = 1,
         .text = "still open",
         .family = "f",
         .dropped_before = 3,
         .resumed = true}
    );
    events.all_active_announced = true;
    traces.apply(a.origin, events, a.now);
    BOOST_TEST(a.find(1)->is_open());
    BOOST_TEST(a.find(1)->cut == 3U);
    BOOST_TEST(!a.find(2)->is_open());
    BOOST_TEST(!a.find(2)->orphaned.empty());
    BOOST_TEST(traces.counts().ignored_events == 0U);
}

BOOST_AUTO_TEST_CASE(two_instances_with_the_same_trace_numbers_do_not_meet) {
    Traces traces;
    Source a(traces, 1);
    Source b(traces, 2);
    a.begin(5, "f", "of a");
    b.begin(5, "f", "of b");
    a.end(5);
    BOOST_TEST(a.find(5)->title == "of a");
    BOOST_TEST(b.find(5)->is_open());
}

BOOST_AUTO_TEST_CASE(texts_are_cut_at_their_bound_and_marked) {
    Traces traces({.event_bytes = 10});
    Source a(traces);
    a.begin(1, "f", "t");
    a.note(1, "0123456789");
    a.note(1, "0123456789x");
    BOOST_TEST(first_lines(*a.find(1)).at(0).text == "0123456789");
    BOOST_TEST(first_lines(*a.find(1)).at(1).text == "0123456...");
    BOOST_TEST(traces.counts().cut_texts == 1U);
}

BOOST_AUTO_TEST_CASE(any_clock_value_gives_a_time_and_a_duration_without_overflow) {
    Traces traces;
    Source a(traces);
    a.at = ~std::uint64_t{0};
    a.begin(1, "f", "t");
    a.at = 0;
    a.end(1);
    a.at = 0x7fffffffffffffffULL;
    a.begin(2, "f", "t");
    a.at = 1;
    a.end(2);
    BOOST_TEST(a.find(1)->duration_ns(a.now) >= 0);
    BOOST_TEST(a.find(2)->duration_ns(a.now) >= 0);
}

BOOST_AUTO_TEST_CASE(refs_print_and_parse_as_32_hex_digits) {
    const TraceRef ref{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
    BOOST_TEST(to_string(ref) == "0123456789abcdeffedcba9876543210");
    TraceRef parsed;
    BOOST_TEST(parse(to_string(ref), parsed));
    BOOST_TEST((parsed == ref));
    for (const char* bad :
         {"",
          "12",
          "0123456789ABCDEFfedcba9876543210",
          "0123456789abcdeffedcba987654321g",
          "0123456789abcdeffedcba98765432100"}) {
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!parse(bad, parsed));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_tail_records_only_while_somebody_follows_and_a_while_after) {
    Traces traces;
    Source a(traces);
    a.begin(1, "f", "before");
    BOOST_TEST(traces.tail().end() == 1U);
    traces.tail().follow(a.now);
    a.begin(2, "f", "seen");
    a.error(2, "550 no");
    a.end(2);
    BOOST_REQUIRE(traces.tail().end() == 4U);
    BOOST_TEST((traces.tail().line(1).kind == TailKind::begin));
    BOOST_TEST(traces.tail().line(2).text == "550 no");
    BOOST_TEST(traces.tail().line(2).is_error);
    BOOST_TEST((traces.tail().line(3).kind == TailKind::end));
    BOOST_TEST(traces.tail().line(3).trace == to_string({1, 2}));
    a.now.steady_ns += 61'000'000'000;
    a.begin(3, "f", "nobody follows");
    traces.tail().forget_if_idle(a.now);
    BOOST_TEST(traces.tail().first() == 4U);
    BOOST_TEST(traces.tail().end() == 4U);
}

BOOST_AUTO_TEST_CASE(a_slow_follower_finds_the_oldest_lines_gone_and_their_number_known) {
    TraceTail tail({.lines = 10});
    TraceRecord trace;
    for (int i = 0; i < 25; ++i) tail.append(TailKind::event, trace, i, std::to_string(i));
    BOOST_TEST(tail.first() == 16U);
    BOOST_TEST(tail.end() == 26U);
    BOOST_TEST(tail.line(16).text == "15");
    TraceTail small({.lines = 1000, .bytes = 1000});
    for (int i = 0; i < 25; ++i) small.append(TailKind::event, trace, i, std::string(200, 'x'));
    BOOST_TEST(small.end() - small.first() < 5U);
}

BOOST_AUTO_TEST_CASE(an_exemplar_is_the_newest_trace_of_its_histogram_bucket) {
    Traces traces;
    Source a(traces);
    a.at = 1;
    a.begin(1, "f", "exactly on the bound");
    a.at = 1 + 5 * ms;
    a.end(1);
    a.begin(2, "f", "above it");
    a.at += 5 * ms + 1;
    a.end(2);
    const auto& exemplars = traces.families().find("f")->second.exemplars;
    BOOST_TEST(exemplars[0].ref.number == 1U);
    BOOST_TEST(exemplars[1].ref.number == 2U);
    BOOST_TEST(exemplars[2].ref.number == 0U);
}

BOOST_AUTO_TEST_CASE(notes_that_come_out_of_order_stand_in_the_order_of_time) {
    for (const std::uint32_t limit : {30U, 3U}) {
        Traces traces({.events_per_trace = limit});
        Source a(traces);
        a.begin(1, "f", "t");
        a.note(1, "filler");
        for (const std::uint64_t at : {100U, 50U, 75U}) {
            a.say({.trace = 1, .kind = TraceEventKind::event, .steady_ns = at, .text = std::to_string(at)});
        }
        const TraceRecord& trace = *a.find(1);
        std::vector<std::int64_t> times;
        for (const TraceNote& note : trace.notes.first()) times.push_back(note.wall_ns);
        for (const TraceNote& note : trace.notes.last()) times.push_back(note.wall_ns);
        BOOST_TEST(std::is_sorted(times.begin(), times.end()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
