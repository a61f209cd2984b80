// Counts that begin: a label's first burst shows as a rate, and the first totals after a connection do not.
#include <boost/test/unit_test.hpp>

#include "tests/core/history_lab.hpp"

BOOST_AUTO_TEST_SUITE(core_history_begin)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(a_labels_first_burst_has_a_point_before_it_at_every_resolution) {
    Lab lab;
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.maild.connect();
    lab.pass(1805);
    codes.add("451", 30);
    lab.pass(5);
    BOOST_TEST(lab.shown("m/codes", start_s + 1804, start_s + 1808, 1, "451") == "- 0 30 30 30");
    BOOST_TEST(lab.shown("m/codes", start_s + 1790, start_s + 1810, 10, "451") == "- 0 30");
    lab.pass(1000);
    BOOST_TEST(lab.shown("m/codes", start_s + 1740, start_s + 1860, 60, "451") == "- 0 30");
    BOOST_TEST(lab.shown("m/codes", start_s + 900, start_s + 2700, 900, "451") == "- 0 30");
}

BOOST_AUTO_TEST_CASE(what_was_counted_before_a_connection_is_no_burst) {
    Lab lab;
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.sample();
    codes.add("451", 1000);
    lab.maild.connect();
    lab.pass(3);
    BOOST_TEST(lab.shown("m/codes", start_s, start_s + 3, 1, "451") == "- 1000 1000 1000");
    // Nor is what comes late of it.
    codes.add("452", 1000);
    lab.pass(2);
    BOOST_TEST(lab.shown("m/codes", start_s + 3, start_s + 5, 1, "452") == "- 1000 1000");
}

BOOST_AUTO_TEST_CASE(a_mail_daemon_that_connects_anew_makes_no_burst_of_what_it_counted_meanwhile) {
    Lab lab;
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.maild.connect();
    lab.pass(20);
    lab.maild.breaks();
    codes.add("451", 1000);
    lab.maild.connect();
    lab.pass(2);
    BOOST_TEST(lab.shown("m/codes", start_s + 20, start_s + 22, 1, "451") == "- 1000 1000");
}

BOOST_AUTO_TEST_CASE(a_label_that_earlier_processes_have_used_begins_from_what_they_left) {
    Lab lab;
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.maild.connect();
    codes.add("451", 7);
    lab.pass(3);
    set_ended(lab.state, *lab.state.emitters.all()[0], "said goodbye: exit", lab.now());
    // After a restart of quipud, which knows the total and no history.
    Lab later;
    Family family;
    family.name = "m/codes";
    family.label_name = "code";
    Family* known = later.state.metrics.ensure_family(family);
    later.state.metrics.restore_retired(*later.state.metrics.ensure_cell(*known, "451", 0), 7, false);
    const CounterMap again = later.maild.outbox.counter_map("m/codes", "code", "");
    later.maild.connect();
    later.pass(20);
    again.add("451", 2);
    later.pass(2);
    BOOST_TEST(later.shown("m/codes", start_s + 19, start_s + 22, 1, "451") == "- 7 9 9");
}

BOOST_AUTO_TEST_CASE(a_series_that_waited_for_a_place_makes_no_burst) {
    Lab lab({.series = 60, .ended_after_s = 30});
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.maild.connect();
    for (int i = 0; i < 70; ++i) codes.add("a" + std::to_string(i));
    lab.pass(20);
    codes.add("late", 1000);
    lab.pass(10);
    BOOST_TEST(lab.shown("m/codes", start_s + 19, start_s + 22, 1, "late") == "no history");
    BOOST_TEST(lab.state.history.counts().refused_series > 0u);
}

BOOST_AUTO_TEST_CASE(a_gap_before_it_stays_a_gap) {
    Lab lab;
    const CounterMap codes = lab.maild.outbox.counter_map("m/codes", "code", "");
    lab.maild.connect();
    lab.pass(20);
    lab.time_s += 3;  // nobody took a sample
    lab.steady_s += 3;
    codes.add("451", 30);
    lab.pass(2);
    BOOST_TEST(lab.shown("m/codes", start_s + 19, start_s + 25, 1, "451") == "- - - - - 30 30");
}

BOOST_AUTO_TEST_SUITE_END()
