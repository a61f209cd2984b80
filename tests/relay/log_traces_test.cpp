#include "subprojects/chasquid-relay/log_traces.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/mini_quipud.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_lines.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace relay_log_traces {

namespace {

struct Fixture {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};
    Emitter emitter{options()};
    relay::LogTraces traces{emitter};
    TraceTime begun = TraceTime::clock::now() - 1h;
    relay::LogTraces::Steady read = std::chrono::steady_clock::now();

    EmitterOptions options() {
        EmitterOptions it;
        it.program = "relay";
        it.socket_path = dir.file("ingest.sock");
        it.flush_interval = 5ms;
        return it;
    }

    // A line, with the time on it; it is read as it is written.
    void line(std::chrono::milliseconds at, std::string_view text) { traces.take(text, begun + at, read + at); }

    // Waits until so many traces of that family have ended, and calls look(the newest ended one) under quipud's lock.
    template <typename Look>
    void ended(std::string_view family, std::size_t count, Look look) {
        bool was_there = false;
        BOOST_TEST(quipud.wait_for([&](State& state) {
            const auto it = state.traces.families().find(family);
            if (it == state.traces.families().end()) return false;
            std::size_t all = 0;
            const TraceRecord* newest = nullptr;
            for (const auto& bucket : it->second.buckets) {
                all += bucket.size();
                for (const TraceRecord* trace : bucket) {
                    if (!newest || trace->place > newest->place) newest = trace;
                }
            }
            if (all < count) return false;
            if (!std::exchange(was_there, true)) look(*newest);
            return true;
        }));
    }

    static std::int64_t ms(std::int64_t duration_ns) { return (duration_ns + 500'000) / 1'000'000; }
};

std::vector<std::string> texts(const TraceRecord& trace) {
    std::vector<std::string> out;
    for (const TraceNote& note : trace.notes.first()) out.emplace_back(note.text);
    return out;
}

}  // namespace

}  // namespace relay_log_traces

BOOST_FIXTURE_TEST_SUITE(relay_log_traces, Fixture)

BOOST_AUTO_TEST_CASE(a_connection_is_a_trace_from_its_first_line_to_its_last) {
    line(0ms, "SMTP.Conn 192.0.2.1:7: Connected, mode: SMTP");
    line(40ms, "SMTP.Conn 192.0.2.1:7: -> EHLO x");
    line(60ms, "SMTP.Conn 192.0.2.1:7: error: RCPT failed: 550  no");
    line(120ms, "SMTP.Conn 192.0.2.1:7: -> QUIT ");
    BOOST_TEST(traces.open_count() == 1U);
    traces.expire(read + 120ms);
    BOOST_TEST(traces.open_count() == 1U);
    traces.expire(read + 1200ms);
    BOOST_TEST(traces.open_count() == 0U);
    ended("SMTP.Conn", 1, [](const TraceRecord& trace) {
        BOOST_TEST(trace.is_inferred);
        BOOST_TEST(trace.is_error);
        BOOST_TEST(trace.title == "192.0.2.1:7");
        BOOST_TEST(ms(trace.duration_ns({})) == 120);
        const std::vector<std::string> expected{
            "Connected, mode: SMTP", "-> EHLO x", "RCPT failed: 550  no", "-> QUIT "};
        BOOST_TEST(texts(trace) == expected, boost::test_tools::per_element());
        BOOST_TEST((first_lines(trace).at(2).kind == TraceNoteKind::error));
    });
}

BOOST_AUTO_TEST_CASE(a_title_that_comes_again_is_another_trace) {
    line(0ms, "SMTP.Conn p:7: Connected, mode: SMTP");
    line(10ms, "SMTP.Conn p:7: -> EHLO x");
    line(500ms, "SMTP.Conn p:7: Connected, mode: SMTP");
    BOOST_TEST(traces.open_count() == 1U);
    ended("SMTP.Conn", 1, [](const TraceRecord& trace) { BOOST_TEST(ms(trace.duration_ns({})) == 10); });
}

BOOST_AUTO_TEST_CASE(a_queue_item_lasts_until_all_is_done_and_holds_its_deliveries) {
    line(0ms, "SMTP.Conn p:7: Connected, mode: SMTP");
    line(10ms, "SMTP.Conn p:7: Queued from a@x to [u@x] - ID7");
    line(11ms, "Queue.SendLoop ID7: from a@x");
    line(12ms, "Queue.SendLoop ID7: u@x sending");
    line(13ms, "Courier.MDA u@x: a@x -> u@x");
    line(20ms, "Courier.MDA u@x: delivered");
    line(21ms, "Queue.SendLoop ID7: u@x sent");
    traces.expire(read + 1h);
    BOOST_TEST(traces.open_count() == 1U);  // the item, which may wait for hours
    line(1h, "Queue.SendLoop ID7: all done");
    BOOST_TEST(traces.open_count() == 0U);
    ended("Courier.MDA", 1, [](const TraceRecord& trace) {
        BOOST_TEST(ms(trace.duration_ns({})) == 7);
        BOOST_TEST(trace.parent.number != 0U);
    });
    ended("Queue.SendLoop", 1, [](const TraceRecord& trace) {
        BOOST_REQUIRE(trace.children.size() == 1U);
        BOOST_TEST(trace.children[0]->family == "Courier.MDA");
    });
    ended("SMTP.Conn", 1, [](const TraceRecord& trace) {
        const auto lines = first_lines(trace);
        BOOST_REQUIRE(!lines.empty());
        BOOST_TEST((lines.back().kind == TraceNoteKind::link));
        BOOST_TEST(lines.back().text == "queued");
    });
}

BOOST_AUTO_TEST_CASE(short_work_ends_with_its_silence) {
    line(0ms, "Alias.Resolve u@x: lookup");
    line(3ms, "Alias.Resolve u@x: user exists");
    traces.expire(read + 1003ms);
    ended("Alias.Resolve", 1, [](const TraceRecord& trace) { BOOST_TEST(ms(trace.duration_ns({})) == 3); });
    line(2s, "Alias.Resolve u@x: lookup");
    BOOST_TEST(traces.open_count() == 1U);
}

BOOST_AUTO_TEST_CASE(a_start_of_chasquid_ends_everything) {
    line(0ms, "SMTP.Conn p:7: Connected, mode: SMTP");
    line(5ms, "Queue.SendLoop ID: from a@x");
    line(10ms, "chasquid starting (version 1.11)");
    BOOST_TEST(traces.open_count() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_open_is_bounded) {
    for (std::size_t i = 0; i < relay::LogTraces::max_open + 100; ++i) {
        line(std::chrono::milliseconds(i), "SMTP.Conn p:" + std::to_string(i) + ": Connected, mode: SMTP");
        line(std::chrono::milliseconds(i), "Queue.SendLoop x: u" + std::to_string(i) + " sending");
    }
    BOOST_TEST(traces.open_count() <= relay::LogTraces::max_open);
}

BOOST_AUTO_TEST_CASE(hostile_lines_do_no_harm) {
    for (const std::string_view text :
         {"",
          ": ",
          "SMTP.Conn : x",
          "Queue.SendLoop : sending",
          "Queue.SendLoop x:  sending",
          "Courier.X : error: ",
          "SMTP.Conn p: Queued from  - ",
          "SMTP.Conn p: Queued from x - a b",
          "Queue.SendLoop x: queued DSN: ",
          "SMTP.Conn \\xff\\x00: \\xff\\x00"}) {
        line(0ms, text);
    }
    line(0ms, "SMTP.Conn " + std::string(100'000, 't') + ": " + std::string(100'000, 'e'));
    traces.end_all();
    ended("SMTP.Conn", 1, [](const TraceRecord& trace) { BOOST_TEST(trace.title.size() <= 256U); });
}

BOOST_AUTO_TEST_SUITE_END()
