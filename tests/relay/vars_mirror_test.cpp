#include "subprojects/chasquid-relay/vars_mirror.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/mini_quipud.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;

namespace relay_vars_mirror {

namespace {

relay::Snapshot snapshot(std::string_view page) {
    relay::Snapshot out;
    std::vector<std::string> left_out;
    std::string why;
    BOOST_REQUIRE(relay::parse_expvar(page, out, left_out, why));
    return out;
}

std::uint64_t count_of(const State& state, std::string_view name) {
    const Family* family = state.metrics.find(name);
    return family && !family->series.empty() ? family->series.begin()->second.counter().total : 0;
}

struct Fixture {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};
    Emitter emitter{options()};
    std::vector<std::string> said;
    relay::Complaints complaints{
        emitter.counter("left_out", ""), [this](std::string_view line) { said.emplace_back(line); }};
    relay::VarsMirror mirror{emitter, complaints};

    EmitterOptions options() {
        EmitterOptions it;
        it.program = "chasquid";
        it.socket_path = dir.file("ingest.sock");
        it.flush_interval = std::chrono::milliseconds(5);
        return it;
    }

    // Waits until quipud has the family with that kind.
    bool has(std::string_view name, Kind kind) {
        return quipud.wait_for([&](State& state) {
            const Family* family = state.metrics.find(name);
            return family && family->kind == kind;
        });
    }

    bool has_gauge(std::string_view name, std::string_view label, double value) {
        return quipud.wait_for([&](State& state) {
            const Family* family = state.metrics.find(name);
            if (!family || family->kind != Kind::gauge) return false;
            const auto it = family->series.find(label);
            return it != family->series.end() && it->second.gauge().shown == value;
        });
    }
};

}  // namespace

}  // namespace relay_vars_mirror

BOOST_FIXTURE_TEST_SUITE(relay_vars_mirror, Fixture)

BOOST_AUTO_TEST_CASE(known_variables_have_the_vocabularys_kind_label_and_help) {
    mirror.take(snapshot(R"({"chasquid/queue/putCount": 6, "chasquid/sourceDateTimestamp": 1681024768,
        "chasquid/smtpIn/responseCodeCount": {"250": 36}, "chasquid/version": "1.11", "chasquid/smtpOut/tlsCount": {}})"
    ));
    BOOST_TEST(quipud.wait_for([](State& state) {
        const Family* codes = state.metrics.find("chasquid/smtpIn/responseCodeCount");
        return codes && codes->label_name == "code" && !codes->help.empty() && !codes->series.empty() &&
               codes->series.begin()->second.counter().total == 36;
    }));
    BOOST_TEST(has("chasquid/queue/putCount", Kind::counter));
    BOOST_TEST(has_gauge("chasquid/sourceDateTimestamp", "", 1681024768));
    BOOST_TEST(has("chasquid/version", Kind::text));
    BOOST_TEST(has("chasquid/smtpOut/tlsCount", Kind::counter));
}

BOOST_AUTO_TEST_CASE(unknown_variables_are_taken_over_as_what_they_are) {
    mirror.take(snapshot(R"({"chasquid/new": 2, "chasquid/newMap": {"a": 3}, "other": 4, "otherMap": {"b": 5},
        "load": 0.5, "loads": {"c": 0.25}, "deep": {"d": [1]}, "memstats": {"Alloc": 7, "BySize": []}})"));
    BOOST_TEST(quipud.wait_for([](State& state) { return state.metrics.find("memstats") != nullptr; }));
    BOOST_TEST(quipud.count("chasquid/new") == 2U);
    BOOST_TEST(quipud.count("chasquid/newMap", "a") == 3U);
    BOOST_TEST(has_gauge("other", "", 4));
    BOOST_TEST(has_gauge("otherMap", "b", 5));
    BOOST_TEST(has_gauge("load", "", 0.5));
    BOOST_TEST(has_gauge("loads", "c", 0.25));
    BOOST_TEST(quipud.wait_for([](State& state) {
        const Family* deep = state.metrics.find("deep");
        return deep && deep->is_json && deep->series.begin()->second.text().shown == R"({"d":[1]})";
    }));
    mirror.take(snapshot(R"({"other": 1})"));
    BOOST_TEST(has_gauge("other", "", 1));
    BOOST_TEST(said.empty());
}

BOOST_AUTO_TEST_CASE(growth_is_pushed_and_nothing_twice) {
    for (const int total : {1, 1, 5, 9}) {
        mirror.take(snapshot("{\"chasquid/queue/putCount\": " + std::to_string(total) + "}"));
        BOOST_TEST(quipud.wait_for([total](State& state) {
            return count_of(state, "chasquid/queue/putCount") == static_cast<std::uint64_t>(total);
        }));
    }
}

BOOST_AUTO_TEST_CASE(only_a_count_of_the_vocabulary_tells_of_another_run) {
    mirror.take(snapshot(R"({"chasquid/queue/putCount": 6, "chasquid/smtpIn/commandCount": {"EHLO": 2, "QUIT": 1},
        "chasquid/new": 5, "other": 5})"));
    BOOST_TEST(!mirror.has_fallen(snapshot(R"({"chasquid/queue/putCount": 6, "chasquid/new": 1, "other": 1})")));
    BOOST_TEST(mirror.has_fallen(snapshot(R"({"chasquid/queue/putCount": 5})")));
    BOOST_TEST(mirror.has_fallen(snapshot(R"({"chasquid/smtpIn/commandCount": {"EHLO": 1, "QUIT": 1}})")));
    BOOST_TEST(mirror.has_fallen(snapshot(R"({"chasquid/smtpIn/commandCount": {"EHLO": 2}})")));
    BOOST_TEST(!mirror.has_fallen(snapshot(R"({"chasquid/smtpIn/commandCount": {"EHLO": 2, "QUIT": 1, "X": 1}})")));
    BOOST_TEST(!mirror.has_fallen(snapshot("{}")));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_told_once_and_counted) {
    mirror.take(snapshot(R"({"chasquid/new": 5, "chasquid/version": "1"})"));
    for (int i = 0; i < 3; ++i) {
        mirror.take(snapshot(R"({"chasquid/new": 4, "chasquid/version": 7})"));
    }
    BOOST_TEST(said.size() == 2U);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "left_out") == 6; }));
    mirror.take(snapshot("{\"long\": [\"" + std::string(20'000, 'x') + "\"], \"" + std::string(300, 'n') + "\": 1}"));
    BOOST_TEST(said.size() == 4U);
    for (const std::string& line : said) BOOST_TEST(line.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
