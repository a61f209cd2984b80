// How values went: the right points at each resolution, gaps where nobody knows, and who has history.
#include "daemon/core/history.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "daemon/core/history_math.hpp"
#include "tests/core/history_lab.hpp"

BOOST_AUTO_TEST_SUITE(core_history)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(every_resolution_has_the_total_as_of_its_points_time) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    // One mail a second: the total is the seconds since the start.
    lab.pass(1800, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 1797, start_s + 1800, 1) == "1797 1798 1799 1800");
    BOOST_TEST(lab.shown("m/mails", start_s + 30, start_s + 59, 10) == "30 40 50");
    BOOST_TEST(lab.shown("m/mails", start_s + 60, start_s + 240, 60) == "60 120 180 240");
    BOOST_TEST(lab.shown("m/mails", start_s, start_s + 1800, 900) == "- 900 1800");
    const HistoryRange range = lab.state.history.range(start_s + 60, start_s + 240, 60);
    BOOST_TEST(lab.state.history.ring(range.tier).time_of(range.first) == start_s + 60);
    // A step that is not over has no point.
    lab.pass(5, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 1790, start_s + 1805, 10) == "1790 1800");
}

BOOST_AUTO_TEST_CASE(each_resolution_reaches_as_far_back_as_it_says_and_is_bounded) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    // Two days, a sample every ten seconds, so that the test is quick; and a whole 15 minutes at the end.
    for (int i = 0; i < 2 * 8640; ++i) {
        lab.time_s += 9;
        lab.steady_s += 9;
        lab.pass(1, [&] { mails.add(); });
    }
    lab.pass(1000, [&] { mails.add(); });
    const History& history = lab.state.history;
    const std::int64_t end_s = lab.time_s;
    const auto reach = [&](std::size_t tier) {
        const HistoryRing& ring = history.ring(tier);
        return end_s - ring.time_of(ring.first_window() * block_points - 1);
    };
    const std::array<std::int64_t, 4> promised = {900, 7200, 86400, 2 * 86400};
    for (std::size_t tier = 0; tier < history_tier_count; ++tier) {
        BOOST_TEST_CONTEXT("tier " << tier) {
            BOOST_TEST(reach(tier) >= promised[tier]);
            BOOST_TEST(history.ring(tier).windows().size() <= history.ring(tier).points() / block_points + 1);
        }
    }
    BOOST_TEST(history.ring(0).has_forgotten());
    BOOST_TEST(!history.ring(3).has_forgotten());
    // The finest that reaches back.
    const auto step = [&](std::int64_t ago) { return history.ring(history.range(end_s - ago, end_s).tier).step_s(); };
    BOOST_TEST(step(900) == 1);
    BOOST_TEST(step(7200) == 10);
    BOOST_TEST(step(86400) == 60);
    BOOST_TEST(step(2 * 86400 + 900) == 900);
    BOOST_TEST(step(30 * 86400) == 900);
}

BOOST_AUTO_TEST_CASE(a_young_history_is_shown_whole_at_its_finest_however_far_back_is_asked) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(100, [&] { mails.add(); });
    const HistoryRange range = lab.state.history.range(lab.time_s - 30 * 86400, lab.time_s);
    BOOST_TEST(lab.state.history.ring(range.tier).step_s() == 1);
    BOOST_TEST(range.count == 100);
}

BOOST_AUTO_TEST_CASE(a_gauge_is_its_value_and_its_mean_at_coarser_steps) {
    Lab lab;
    const Gauge length = lab.maild.outbox.gauge("m/length", "", "", Merge::sum);
    lab.maild.connect();
    double value = 0;
    lab.pass(60, [&] { length.set(++value); });
    BOOST_TEST(lab.shown("m/length", start_s + 59, start_s + 60, 1) == "59 60");
    BOOST_TEST(lab.shown("m/length", start_s + 10, start_s + 30, 10) == "5.5 15.5 25.5");
    BOOST_TEST(lab.shown("m/length", start_s + 60, start_s + 60, 60) == "30.5");
    length.set(std::numeric_limits<double>::quiet_NaN());
    lab.pass(2);
    BOOST_TEST(lab.shown("m/length", start_s + 60, start_s + 62, 1) == "60 - -");
}

BOOST_AUTO_TEST_CASE(totals_are_exact_to_the_last_of_64_bits) {
    Lab lab;
    const Counter large = lab.maild.outbox.counter("m/large", "", "");
    lab.maild.connect();
    large.add(std::uint64_t{1} << 62);
    lab.maild.push();
    large.add(std::uint64_t{1} << 62);
    lab.maild.push();
    lab.pass(130, [&] { large.add(); });
    BOOST_TEST(lab.shown("m/large", start_s + 1, start_s + 2, 1) == "9223372036854775809 9223372036854775810");
    BOOST_TEST(lab.shown("m/large", start_s + 120, start_s + 120, 60) == "9223372036854775928");
}

BOOST_AUTO_TEST_CASE(a_mail_daemon_that_is_gone_leaves_a_gap_and_the_total_goes_on_after_it) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(10, [&] { mails.add(); });
    lab.maild.breaks();
    for (int i = 0; i < 5; ++i) {
        ++lab.time_s;
        ++lab.steady_s;
        mails.add(10);
        lab.sample();
    }
    lab.maild.connect();
    lab.pass(5, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 9, start_s + 17, 1) == "9 10 - - - - - 61 62");
    // What happened meanwhile is in the coarser total, and in no rate at one second.
    BOOST_TEST(lab.shown("m/mails", start_s + 10, start_s + 20, 10) == "10 65");
    HistoryValues values;
    lab.state.history.read(
        *lab.state.history.find("m/mails", ""), lab.state.history.range(start_s + 9, start_s + 17, 1), values
    );
    std::string text;
    for (const double rate : rates(values, 1)) text += std::isnan(rate) ? "- " : std::to_string(int(rate)) + " ";
    BOOST_TEST(text == "1 - - - - - - 1 ");
    BOOST_TEST(rate_now(lab.state.history, *lab.state.history.find("m/mails", ""), 60).value() == 1.0);
}

BOOST_AUTO_TEST_CASE(restarts_are_marked_with_who_and_when) {
    Lab lab;
    lab.maild.say_as([&](Identity& it) { it.start_wall_ns = (start_s - 1) * 1'000'000'000; });
    lab.maild.connect();
    lab.pass(3);
    set_ended(lab.state, *lab.state.emitters.all()[0], "said goodbye: exit", lab.now());
    lab.maild.breaks();
    for (int i = 0; i < 2; ++i) {
        ++lab.time_s;
        ++lab.steady_s;
        lab.sample();
    }
    Duct second(lab.state, 'b');
    second.connect();
    lab.sample();
    const auto& marks = lab.state.history.marks();
    BOOST_REQUIRE(marks.size() == 4u);
    BOOST_TEST(marks[0].time_s == start_s - 1);
    BOOST_TEST(marks[0].what == "maild 1.0 started, pid 4711");
    BOOST_TEST(marks[1].kind == "quipud");
    BOOST_TEST(marks[2].time_s == start_s + 3);
    BOOST_TEST(marks[2].what == "maild 1.0 ended, pid 4711: said goodbye: exit");
    // It has run since 2020: only its connection is new.
    BOOST_TEST(marks[3].kind == "connected");
    BOOST_TEST(marks[3].time_s == lab.time_s);
}

BOOST_AUTO_TEST_CASE(marks_are_bounded) {
    History history({.marks = 3});
    for (int i = 1; i <= 5; ++i) history.mark(i, "started", "x");
    BOOST_REQUIRE(history.marks().size() == 3u);
    BOOST_TEST(history.marks()[0].time_s == 3);
}

BOOST_AUTO_TEST_CASE(a_second_sample_in_the_same_second_does_nothing) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(2, [&] { mails.add(); });
    mails.add(100);
    lab.maild.push();
    lab.sample();
    BOOST_TEST(lab.shown("m/mails", start_s + 1, start_s + 3, 1) == "1 2");
}

BOOST_AUTO_TEST_CASE(a_clock_set_forward_leaves_a_gap_and_forgets_nothing) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(65, [&] { mails.add(); });
    lab.time_s += 3600;
    lab.pass(65, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 64, start_s + 68, 1) == "64 65 - - -");
    BOOST_TEST(lab.shown("m/mails", start_s + 3600 + 66, start_s + 3600 + 67, 1) == "66 67");
    BOOST_TEST(lab.shown("m/mails", start_s + 60, start_s + 180, 60) == "60 65 -");
    BOOST_TEST(lab.state.history.counts().clock_steps == 1u);
    BOOST_TEST(lab.state.history.marks().back().what == "the clock was set forward by 3600 s, or the machine slept");
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_takes_the_points_after_the_new_time_with_it) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(150, [&] { mails.add(); });
    lab.time_s -= 100;  // 50 after the start
    lab.pass(20, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 49, start_s + 53, 1) == "49 50 151 152 153");
    BOOST_TEST(lab.shown("m/mails", start_s + 10, start_s + 70, 10) == "10 20 30 40 50 160 170");
    BOOST_TEST(lab.shown("m/mails", start_s + 60, start_s + 180, 60) == "160");
    BOOST_TEST(lab.state.history.last_s() == start_s + 70);
    BOOST_TEST(lab.state.history.marks().back().kind == "clock");
    BOOST_TEST(lab.state.history.counts().clock_steps == 1u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_wrong_by_years_for_a_while_costs_no_history) {
    Lab lab;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(1000, [&] { mails.add(); });
    const std::int64_t years = 10 * 365 * 86400LL;
    lab.time_s += years;
    lab.pass(100, [&] { mails.add(); });
    lab.time_s -= years;
    lab.pass(10, [&] { mails.add(); });
    BOOST_TEST(lab.shown("m/mails", start_s + 998, start_s + 1000, 1) == "998 999 1000");
    BOOST_TEST(lab.shown("m/mails", start_s + 1101, start_s + 1103, 1) == "1101 1102 1103");
    BOOST_TEST(lab.shown("m/mails", start_s + 900, start_s + 1000, 60) == "900 960");
    BOOST_TEST(
        lab.state.history.ring(3).last_window() <= lab.state.history.ring(3).index_of(lab.time_s) / block_points
    );
}

BOOST_AUTO_TEST_CASE(before_1970_nothing_is_taken) {
    Lab lab;
    lab.maild.connect();
    lab.time_s = -5;
    lab.pass(3);
    BOOST_TEST(lab.state.history.last_s() == 0);
}

BOOST_AUTO_TEST_CASE(histograms_have_all_their_cells_and_quantiles_follow) {
    const std::vector<double> bounds = {1, 2, 4};
    using Counts = std::vector<std::uint64_t>;
    BOOST_TEST(quantile(bounds, Counts{4, 0, 0, 0}, 0.5) == 0.5);
    BOOST_TEST(quantile(bounds, Counts{1, 1, 2, 0}, 0.5) == 2.0);
    BOOST_TEST(quantile(bounds, Counts{1, 1, 2, 0}, 0.75) == 3.0);
    BOOST_TEST(quantile(bounds, Counts{0, 0, 0, 7}, 0.99) == 4.0);
    BOOST_TEST(quantile(bounds, Counts{1, 0, 0, 1}, 1) == 4.0);
    BOOST_TEST(quantile(bounds, Counts{0, 2, 0, 0}, 0) == 1.0);
    BOOST_TEST(std::isnan(quantile(bounds, Counts{0, 0, 0, 0}, 0.5)));
    BOOST_TEST(growth(5, 7) == 2u);
    BOOST_TEST(growth(5, 3) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
