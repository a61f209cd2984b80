// Who has history where there are more series than places, and what all of it costs.
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "tests/core/history_lab.hpp"

BOOST_AUTO_TEST_SUITE(core_history_slots)

using namespace quipu;
using namespace quipu::test;

namespace {

// Places that quipud's own counters take.
std::uint32_t own_places() {
    Lab lab;
    lab.sample();
    return static_cast<std::uint32_t>(lab.state.history.series().size());
}

// And those that every emitter library has of itself.
std::uint32_t base_places() {
    Lab lab;
    lab.maild.connect();
    lab.pass(1);
    return static_cast<std::uint32_t>(lab.state.history.series().size());
}

std::string label(int i) {
    return "label" + std::to_string(1000 + i);
}

bool has_history(const Lab& lab, std::string_view name, std::string_view of = {}) {
    return lab.state.history.find(name, of) != nullptr;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_1001st_series_has_no_history_and_is_counted) {
    Lab lab;
    const std::uint32_t own = own_places();
    std::vector<Counter> counters;
    for (int i = 0; i < 1000; ++i) counters.push_back(lab.maild.outbox.counter("m/c" + label(i), "", ""));
    lab.maild.connect();
    lab.pass(2, [&] { counters[0].add(); });
    // quipud's own gave their places.
    const std::set<std::string> kept = [&] {
        std::set<std::string> names;
        for (const auto& [key, series] : lab.state.history.series()) names.insert(key.name);
        return names;
    }();
    BOOST_TEST(kept.size() == 1000u);
    for (int i = 0; i < 1000; ++i) BOOST_TEST(kept.contains("m/c" + label(i)));
    const std::uint64_t before = lab.state.history.counts().refused_series;
    BOOST_TEST(before >= own);
    const Counter late = lab.maild.outbox.counter("m/late", "", "");
    lab.pass(2, [&] { late.add(); });
    BOOST_TEST(!has_history(lab, "m/late"));
    BOOST_TEST(lab.state.history.counts().refused_series == before + 1);
    lab.pass(130);
    BOOST_TEST(lab.state.history.counts().refused_series == before + 1);  // looked at again, not counted again
    BOOST_TEST(count_of(lab.state, "quipu/history/refusedSeries") == before + 1);
}

BOOST_AUTO_TEST_CASE(the_vocabulary_takes_the_place_of_the_last_that_came) {
    Lab lab({.series = base_places() + 3});
    const Counter first = lab.maild.outbox.counter("m/first", "", "");
    lab.maild.connect();
    lab.pass(1, [&] { first.add(); });
    const Counter second = lab.maild.outbox.counter("m/second", "", "");
    const Counter third = lab.maild.outbox.counter("m/third", "", "");
    lab.pass(1, [&] { second.add(), third.add(); });
    std::vector<Counter> documented;
    for (std::uint32_t i = 0; i < own_places() + 2; ++i) {
        documented.push_back(lab.maild.outbox.counter("chasquid/c" + std::to_string(i), "", ""));
    }
    lab.pass(1);
    // First quipud's own go, then the last that came.
    BOOST_TEST(!has_history(lab, "quipu/ingest/frames"));
    BOOST_TEST(has_history(lab, "m/first"));
    BOOST_TEST(!has_history(lab, "m/second"));
    BOOST_TEST(!has_history(lab, "m/third"));
    for (std::uint32_t i = 0; i < own_places() + 2; ++i) BOOST_TEST(has_history(lab, "chasquid/c" + std::to_string(i)));
    BOOST_TEST(lab.state.history.counts().given_up_series == own_places() + 2);
}

BOOST_AUTO_TEST_CASE(labels_that_strangers_choose_push_nobody_out) {
    Lab lab({.series = base_places() + 150, .labels_per_family = 100});
    CounterMap commands = lab.maild.outbox.counter_map("chasquid/smtpIn/commandCount", "command", "");
    lab.maild.connect();
    for (int i = 0; i < 150; ++i) commands.add(label(i));
    lab.pass(1);
    BOOST_TEST(has_history(lab, "chasquid/smtpIn/commandCount", label(149)));  // there is room
    const Counter mine = lab.maild.outbox.counter("m/mine", "", "");
    lab.pass(1, [&] { mine.add(); });
    BOOST_TEST(has_history(lab, "m/mine"));
    BOOST_TEST(!has_history(lab, "chasquid/smtpIn/commandCount", label(149)));  // the last beyond 100
    BOOST_TEST(has_history(lab, "chasquid/smtpIn/commandCount", label(0)));
    for (int i = 150; i < 400; ++i) commands.add(label(i));
    lab.pass(1);
    BOOST_TEST(has_history(lab, "m/mine"));
    BOOST_TEST(has_history(lab, "quipu/ingest/frames"));
}

BOOST_AUTO_TEST_CASE(a_series_that_ended_gives_its_place_to_one_that_waits) {
    Lab lab({.series = base_places() - own_places() + 1, .ended_after_s = 900});
    const Counter old = lab.maild.outbox.counter("chasquid/old", "", "");
    lab.maild.connect();
    lab.pass(5, [&] { old.add(); });
    set_ended(lab.state, *lab.state.emitters.all()[0], "said goodbye: exit", lab.now());
    lab.maild.breaks();
    Duct second(lab.state, 'b');
    const Counter fresh = second.outbox.counter("m/fresh", "", "");
    second.connect();
    const auto pass = [&](int seconds) {
        for (int i = 0; i < seconds; ++i) {
            ++lab.time_s;
            ++lab.steady_s;
            fresh.add();
            second.push();
            lab.sample();
        }
    };
    pass(60);
    BOOST_TEST(has_history(lab, "chasquid/old"));
    BOOST_TEST(!has_history(lab, "m/fresh"));
    pass(910);
    BOOST_TEST(!has_history(lab, "chasquid/old"));
    BOOST_TEST(has_history(lab, "m/fresh"));
    // And for good: its family is still known, but nobody pushes it.
    pass(70);
    BOOST_TEST(has_history(lab, "m/fresh"));
    // The place has nothing left of the one before.
    BOOST_TEST(lab.shown("m/fresh", lab.time_s - 1, lab.time_s, 1) == "1039 1040");
    BOOST_TEST(lab.shown("m/fresh", start_s + 1, start_s + 3, 1).find_first_of("0123456789") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_histogram_has_all_its_cells_or_none) {
    Metrics metrics;
    InstanceMetrics who;
    ConnectionIds ids;
    const std::vector<double> bounds = {1, 2};
    wire::Define define;
    define.families.push_back(
        {.id = 1, .name = "m/h", .kind = Kind::histogram, .label_name = "l", .bounds = {bounds.begin(), bounds.end()}}
    );
    define.families.push_back({.id = 2, .name = "m/plain", .kind = Kind::counter});
    define.series.push_back({1, 1, "a"});
    define.series.push_back({5, 1, "b"});
    define.series.push_back({9, 2, ""});
    BOOST_REQUIRE(metrics.define(who, ids, define) == Errc::ok);
    History history({.series = 7});
    const InstanceMetrics* const connected = &who;
    history.sample(metrics, {{&connected, 1}, true}, {1'000'000'000, start_s * 1'000'000'000});
    for (const std::uint32_t cell : {0U, 1U, 2U, 3U}) {
        BOOST_TEST((history.find("m/h", "a", cell) != nullptr));
        BOOST_TEST((history.find("m/h", "b", cell) == nullptr));
    }
    BOOST_TEST((history.find("m/plain", "") != nullptr));
    BOOST_TEST(history.counts().refused_series == 4u);
}

BOOST_AUTO_TEST_CASE(no_history_at_all_where_none_is_wanted) {
    Lab lab({.series = 0});
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.maild.connect();
    lab.pass(3, [&] { mails.add(); });
    BOOST_TEST(lab.state.history.series().empty());
    BOOST_TEST(lab.state.history.last_s() == 0);
    BOOST_TEST(lab.state.history.range(start_s, lab.time_s).count == 0);
}

// At worst: every point differs from the one before in all its bits.
BOOST_AUTO_TEST_CASE(a_thousand_wild_series_for_a_month_stay_within_64_mib) {
    constexpr std::uint32_t count = 1000;
    HistoryRing rings[] = {HistoryRing(1, 900), HistoryRing(10, 720), HistoryRing(60, 1440), HistoryRing(900, 2880)};
    std::vector<std::uint32_t> ids(count);
    for (std::uint32_t i = 0; i < count; ++i) ids[i] = i + 1'000'000;
    std::mt19937_64 random(1);
    std::size_t bytes = 0;
    std::size_t most = 0;
    for (HistoryRing& ring : rings) {
        const std::int64_t windows = ring.points() / block_points + 2;  // one more than it keeps
        for (std::int64_t window = 0; window < windows; ++window) {
            ring.open(window, ids);
            for (std::uint32_t slot = 0; slot < count; ++slot) {
                for (int i = 0; i < block_points; ++i) ring.set(slot, window * block_points + i, true, random());
            }
        }
        BOOST_TEST(ring.has_forgotten());
        bytes += ring.cost_bytes();
        most += ring.most_bytes(count);
    }
    BOOST_TEST(bytes < most);
    BOOST_TEST(History({.series = count}).most_bytes() < std::size_t{64} * 1024 * 1024);
    BOOST_TEST(bytes > std::size_t{40} * 1024 * 1024);  // the test does fill it
}

BOOST_AUTO_TEST_SUITE_END()
