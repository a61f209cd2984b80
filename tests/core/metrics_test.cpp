#include "daemon/core/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "proto/limits.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(core_metrics)

using namespace quipu;

namespace {

// One instance's view: define families and series, push deltas.
struct Instance {
    Metrics& metrics;
    InstanceMetrics who;
    ConnectionIds ids;

    Errc define(wire::Family family, std::vector<std::string_view> labels) {
        wire::Define define;
        family.id = static_cast<std::uint32_t>(ids.families.size() + 1);
        define.families.push_back(family);
        auto next = static_cast<std::uint32_t>(ids.targets.size() + 1);
        for (const std::string_view label : labels) {
            define.series.push_back({next, family.id, label});
            next += family.kind == Kind::histogram ? static_cast<std::uint32_t>(family.bounds.size() + 2) : 1;
        }
        return metrics.define(who, ids, define);
    }

    Errc add(std::vector<std::uint32_t> series, std::vector<std::int64_t> deltas) {
        return metrics.apply(who, ids, wire::Deltas{std::move(series), std::move(deltas)});
    }

    Errc set(std::uint32_t id, double value) {
        wire::Set set;
        set.gauge_ids = {id};
        set.gauge_values = {value};
        return metrics.apply(who, ids, set);
    }

    Errc set_text(std::uint32_t id, std::string_view value) {
        wire::Set set;
        set.texts = {{id, value}};
        return metrics.apply(who, ids, set);
    }

    void reconnect() {
        ids = {};
        metrics.set_aside(who);
    }
};

wire::Family counter(std::string_view name) {
    wire::Family family;
    family.name = name;
    return family;
}

wire::Family counter_map(std::string_view name) {
    wire::Family family = counter(name);
    family.label_name = "command";
    return family;
}

wire::Family gauge(std::string_view name, wire::Merge merge) {
    wire::Family family = counter(name);
    family.kind = Kind::gauge;
    family.merge = merge;
    return family;
}

std::uint64_t total(const Metrics& metrics, std::string_view name, std::string_view label = {}) {
    return metrics.find(name)->series.find(label)->second.counter().total;
}

double shown(const Metrics& metrics, std::string_view name) {
    return metrics.find(name)->series.find("")->second.gauge().shown;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_declared_counter_stands_at_zero) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 0U);
}

BOOST_AUTO_TEST_CASE(a_map_without_labels_is_there_and_empty) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter_map("m/map"), {}) == Errc::ok);
    BOOST_REQUIRE(metrics.find("m/map"));
    BOOST_TEST(metrics.find("m/map")->series.empty());
}

BOOST_AUTO_TEST_CASE(deltas_of_two_instances_add_up) {
    Metrics metrics;
    Instance a{metrics};
    Instance b{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(b.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {5'000'000'000}) == Errc::ok);
    BOOST_TEST(b.add({1, 1}, {2, 1}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 5'000'000'003U);
}

BOOST_AUTO_TEST_CASE(a_total_never_steps_back_while_an_instance_says_it_again) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {1000}) == Errc::ok);
    a.reconnect();
    BOOST_TEST(total(metrics, "m/x") == 1000U);
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {400}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 1000U);
    BOOST_TEST(a.add({1}, {603}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 1003U);
}

BOOST_AUTO_TEST_CASE(an_ended_instance_leaves_its_counts_for_good) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {7}) == Errc::ok);
    metrics.retire(a.who);
    Instance b{metrics};
    BOOST_TEST(b.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(b.add({1}, {1}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 8U);
    BOOST_TEST(metrics.find("m/x")->series.find("")->second.counter().retired == 7U);
}

BOOST_AUTO_TEST_CASE(an_instance_taken_for_ended_that_comes_back_is_not_counted_twice) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {7}) == Errc::ok);
    metrics.retire(a.who);
    metrics.revive(a.who);
    a.reconnect();
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {9}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 9U);
    metrics.retire(a.who);
    BOOST_TEST(total(metrics, "m/x") == 9U);
}

BOOST_AUTO_TEST_CASE(growth_beyond_the_largest_count_is_refused_and_no_total_steps_back) {
    constexpr std::int64_t half = std::numeric_limits<std::int64_t>::max();  // 2^63 - 1
    Metrics metrics;
    Instance a{metrics};
    Instance b{metrics};
    BOOST_REQUIRE(a.define(counter("c"), {""}) == Errc::ok);
    BOOST_REQUIRE(b.define(counter("c"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 1}, {half, half}) == Errc::ok);
    const auto total = [&metrics] { return metrics.find("c")->series.at("").counter().total; };
    BOOST_TEST(total() == 2 * static_cast<std::uint64_t>(half));
    BOOST_TEST(a.add({1, 1}, {2, 1}) == Errc::ok);
    BOOST_TEST(total() == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(b.add({1}, {1}) == Errc::ok);
    BOOST_TEST(total() == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(metrics.counts().refused_deltas == 2U);
    a.reconnect();
    BOOST_REQUIRE(a.define(counter("c"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 1}, {half, half}) == Errc::ok);
    BOOST_TEST(total() == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(metrics.counts().refused_deltas == 2U);
}

BOOST_AUTO_TEST_CASE(a_negative_delta_is_refused_on_a_counter_and_counted_and_taken_on_a_gauge) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.define(gauge("m/g", wire::Merge::sum), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 2, 1}, {5, -1, -1}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 5U);
    BOOST_TEST(metrics.counts().refused_deltas == 1U);
    BOOST_TEST(shown(metrics, "m/g") == -1.0);
}

BOOST_AUTO_TEST_CASE(a_message_with_one_unknown_id_changes_nothing) {
    Metrics metrics;
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 2}, {5, 5}) == Errc::id_unknown);
    BOOST_TEST(a.add({1, 0}, {5, 5}) == Errc::id_unknown);
    BOOST_TEST(total(metrics, "m/x") == 0U);
}

BOOST_AUTO_TEST_CASE(families_stand_in_order_however_they_came) {
    Metrics metrics;
    metrics.own_counter("quipu/z", "");
    Instance a{metrics};
    for (const char* name : {"m/z", "a", "zz", "m/", "m/z", "\xff", "Z"}) {
        BOOST_TEST(a.define(counter(name), {""}) == Errc::ok);
    }
    metrics.own_counter("quipu/a", "");
    metrics.own_counter("quipu/z", "");
    std::vector<std::string> names;
    for (const Family* family : metrics.in_order()) {
        names.push_back(family->name);
        BOOST_TEST(family == metrics.find(family->name));
    }
    const std::vector<std::string> wanted = {"Z", "a", "m/", "m/z", "quipu/a", "quipu/z", "zz", "\xff"};
    BOOST_TEST(names == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ids_must_be_dense_and_new) {
    Metrics metrics;
    Instance a{metrics};
    wire::Define define;
    define.families = {counter("m/x")};
    define.families[0].id = 2;
    BOOST_TEST(metrics.define(a.who, a.ids, define) == Errc::bad_id);
    define.families[0].id = 1;
    define.series = {{2, 1, ""}};
    BOOST_TEST(metrics.define(a.who, a.ids, define) == Errc::bad_id);
    BOOST_TEST(metrics.families().empty());
    define.series = {{1, 2, ""}};
    BOOST_TEST(metrics.define(a.who, a.ids, define) == Errc::id_unknown);
    define.series = {{1, 1, ""}};
    BOOST_TEST(metrics.define(a.who, a.ids, define) == Errc::ok);
    BOOST_TEST(metrics.define(a.who, a.ids, define) == Errc::id_redefined);
}

BOOST_AUTO_TEST_CASE(a_family_of_another_kind_is_refused_and_its_values_are_dropped_and_counted) {
    Metrics metrics;
    Instance a{metrics};
    Instance b{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(b.define(gauge("m/x", wire::Merge::sum), {""}) == Errc::ok);
    BOOST_TEST(metrics.counts().refused_families == 1U);
    BOOST_TEST(b.set(1, 4.0) == Errc::ok);
    BOOST_TEST(metrics.counts().dropped_values == 1U);
    BOOST_TEST(a.add({1}, {3}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 3U);
}

BOOST_AUTO_TEST_CASE(quipuds_own_names_are_not_for_emitters) {
    Metrics metrics;
    Cell& own = metrics.own_counter("quipu/ingest/frames", "frames");
    Instance a{metrics};
    BOOST_TEST(a.define(counter("quipu/ingest/frames"), {""}) == Errc::ok);
    BOOST_TEST(a.define(counter("quipu/other"), {""}) == Errc::ok);
    BOOST_TEST(a.define(counter("quipu/emitter/droppedEvents"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 2, 3}, {9, 9, 9}) == Errc::ok);
    BOOST_TEST(own.total == 0U);
    BOOST_TEST(!metrics.find("quipu/other"));
    BOOST_TEST(total(metrics, "quipu/emitter/droppedEvents") == 9U);
}

BOOST_AUTO_TEST_CASE(labels_beyond_the_cap_fold_into_other_with_an_exact_sum) {
    Metrics metrics({.families = 10, .series = 1000, .labels_per_family = 3});
    Instance a{metrics};
    BOOST_TEST(a.define(counter_map("m/map"), {"a", "b", "c", "d", "e"}) == Errc::ok);
    BOOST_TEST(a.add({1, 2, 3, 4, 5}, {1, 1, 1, 10, 20}) == Errc::ok);
    BOOST_TEST(metrics.find("m/map")->series.size() == 4U);
    BOOST_TEST(total(metrics, "m/map", "(other)") == 30U);
    BOOST_TEST(metrics.find("m/map")->folded == 2U);
    BOOST_TEST(metrics.counts().folded_series == 2U);
    // The folded ones stay exact over a reconnect too.
    a.reconnect();
    BOOST_TEST(a.define(counter_map("m/map"), {"a", "b", "c", "d", "e"}) == Errc::ok);
    BOOST_TEST(a.add({4, 5}, {11, 22}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/map", "(other)") == 33U);
}

BOOST_AUTO_TEST_CASE(gauges_merge_as_their_family_says) {
    struct Case {
        const char* name;
        wire::Merge merge;
        double expected;
        double after_b_ended;
    };

    for (const Case& tc : {
             Case{"sum", wire::Merge::sum, 7, 5},
             Case{"max", wire::Merge::max, 5, 5},
             Case{"min", wire::Merge::min, 2, 5},
             Case{"last", wire::Merge::last, 2, 5},
         }) {
        BOOST_TEST_CONTEXT(tc.name) {
            Metrics metrics;
            Instance a{metrics};
            Instance b{metrics};
            a.who.start_wall_ns = 1;
            b.who.start_wall_ns = 2;
            BOOST_TEST(a.define(gauge("m/g", tc.merge), {""}) == Errc::ok);
            BOOST_TEST(b.define(gauge("m/g", tc.merge), {""}) == Errc::ok);
            BOOST_TEST(a.set(1, 5) == Errc::ok);
            BOOST_TEST(b.set(1, 2) == Errc::ok);
            BOOST_TEST(shown(metrics, "m/g") == tc.expected);
            metrics.retire(b.who);
            BOOST_TEST(shown(metrics, "m/g") == tc.after_b_ended);
            metrics.retire(a.who);
            BOOST_TEST(shown(metrics, "m/g") == (tc.merge == wire::Merge::sum ? 0.0 : 5.0));
            BOOST_TEST(metrics.find("m/g")->series.find("")->second.gauge().is_stale);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_text_of_the_youngest_instance_is_shown_and_stays_after_it) {
    Metrics metrics;
    Instance old{metrics};
    Instance young{metrics};
    old.who.start_wall_ns = 1;
    young.who.start_wall_ns = 2;
    wire::Family family = counter("m/version");
    family.kind = Kind::text;
    BOOST_TEST(young.define(family, {""}) == Errc::ok);
    BOOST_TEST(old.define(family, {""}) == Errc::ok);
    BOOST_TEST(young.set_text(1, "2.0") == Errc::ok);
    BOOST_TEST(old.set_text(1, "1.0") == Errc::ok);
    const auto& text = metrics.find("m/version")->series.find("")->second.text();
    BOOST_TEST(text.shown == "2.0");
    metrics.retire(young.who);
    BOOST_TEST(text.shown == "1.0");
    metrics.retire(old.who);
    BOOST_TEST(text.shown == "1.0");
    BOOST_TEST(text.is_stale);
}

BOOST_AUTO_TEST_CASE(a_histogram_takes_an_id_for_each_bucket_infinity_and_the_sum) {
    Metrics metrics;
    Instance a{metrics};
    wire::Family family = counter_map("m/seconds");
    family.kind = Kind::histogram;
    family.bounds = {0.1, 1};
    family.sum_unit = 1e-9;
    BOOST_TEST(a.define(family, {"x", "y"}) == Errc::ok);
    BOOST_TEST(a.add({5, 7, 8}, {1, 2, 3'000'000'000}) == Errc::ok);
    const auto& cells = metrics.find("m/seconds")->series.find("y")->second.histogram().cells;
    BOOST_REQUIRE(cells.size() == 4U);
    BOOST_TEST(cells[0].total == 1U);
    BOOST_TEST(cells[1].total == 0U);
    BOOST_TEST(cells[2].total == 2U);
    BOOST_TEST(cells[3].total == 3'000'000'000U);
}

BOOST_AUTO_TEST_CASE(setting_a_counter_or_adding_to_a_text_is_a_kind_mismatch) {
    Metrics metrics;
    Instance a{metrics};
    wire::Family text = counter("m/t");
    text.kind = Kind::text;
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.define(text, {""}) == Errc::ok);
    BOOST_TEST(a.set(1, 1) == Errc::kind_mismatch);
    BOOST_TEST(a.set_text(1, "x") == Errc::kind_mismatch);
    BOOST_TEST(a.add({2}, {1}) == Errc::kind_mismatch);
}

BOOST_AUTO_TEST_CASE(series_beyond_the_total_are_refused_where_there_is_no_label_to_fold_into) {
    Metrics metrics({.families = 10, .series = 1, .labels_per_family = 10});
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.define(counter("m/y"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1, 2}, {1, 1}) == Errc::ok);
    BOOST_TEST(metrics.counts().refused_series == 1U);
    BOOST_TEST(metrics.counts().dropped_values == 1U);
}

BOOST_AUTO_TEST_CASE(where_nobody_keeps_anything_totals_are_the_same_and_no_change_is_noted) {
    Metrics metrics;
    metrics.keep_nothing();
    Instance a{metrics};
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {5}) == Errc::ok);
    metrics.retire(a.who);
    BOOST_TEST(total(metrics, "m/x") == 5U);
    metrics.revive(a.who);
    a.reconnect();
    BOOST_TEST(a.define(counter("m/x"), {""}) == Errc::ok);
    BOOST_TEST(a.add({1}, {7}) == Errc::ok);
    BOOST_TEST(total(metrics, "m/x") == 7U);
    for (const Book book : all_books) {
        BOOST_TEST(Metrics::take_counts(a.who, book).empty());
        BOOST_TEST(metrics.take_retired(book).empty());
    }
}

// There may be hundreds of thousands of them; DESIGN.md tells what one costs.
BOOST_AUTO_TEST_CASE(what_there_is_of_each_series_is_small) {
    BOOST_TEST(sizeof(SeriesByLabel::value_type) <= 72U);
    BOOST_TEST(sizeof(Count) <= 32U);
    BOOST_TEST(sizeof(IdTarget) <= 16U);
}

BOOST_AUTO_TEST_SUITE_END()
