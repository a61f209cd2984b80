// The whole emitter, its thread and socket included.
#include "proto/emitter.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "proto/limits.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/mini_quipud.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_lines.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_emitter {

namespace {

EmitterOptions options(const std::string& socket_path) {
    EmitterOptions it;
    it.program = "maild";
    it.socket_path = socket_path;
    it.flush_interval = 5ms;
    it.log = [](std::string_view) {};
    return it;
}

// Runs in a forked child, which leaves without the parent's destructors. Exit code 0: all well.
template <typename Body>
int in_child(MiniQuipud& quipud, Body body) {
    const pid_t pid = quipud.fork();
    if (pid == 0) {
        body();
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

struct Fixture {
    TempDir dir;
    std::string socket_path = dir.file("ingest.sock");
};

}  // namespace

}  // namespace proto_emitter

BOOST_FIXTURE_TEST_SUITE(proto_emitter, Fixture)

BOOST_AUTO_TEST_CASE(a_count_reaches_quipud_by_itself) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(3);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 3; }));
}

BOOST_AUTO_TEST_CASE(a_mail_daemon_is_told_how_far_each_push_is) {
    MiniQuipud quipud(socket_path);
    std::mutex mutex;
    std::string stages;
    EmitterOptions told = options(socket_path);
    told.on_push = [&](PushStage stage) {
        const std::lock_guard lock(mutex);
        stages += "bgs"[static_cast<int>(stage)];
    };
    const auto said = [&] {
        const std::lock_guard lock(mutex);
        return stages;
    };
    {
        Emitter emitter(told);
        const Counter mails = emitter.counter("m/mails", "mails");
        mails.add(3);
        const std::size_t before = said().size();
        BOOST_TEST(quipud.wait_for([&](State&) {
            const std::size_t begins = said().find('b', before);
            return begins != std::string::npos && said().find('s', begins) != std::string::npos;
        }));
        BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 3; }));
        quipud.kill();
        mails.add();
        quipud.start();
        BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 4; }));
    }
    // Nothing is sent that has not been gathered, and nothing gathered that did not begin.
    for (std::size_t i = 0; i < stages.size(); ++i) {
        const char last = i == 0 ? 's' : stages[i - 1];
        BOOST_TEST((stages[i] == 'b' ? last != 'b' : last == (stages[i] == 'g' ? 'b' : 'g')), stages);
    }
    BOOST_TEST(stages.ends_with("bgs"));
}

BOOST_AUTO_TEST_CASE(counts_of_a_process_that_ends_at_once_arrive_and_it_says_goodbye) {
    MiniQuipud quipud(socket_path);
    {
        Emitter emitter(options(socket_path));
        emitter.counter("m/mails", "mails").add(7);
        emitter.trace("SMTP.Conn", "peer").event("hello");
    }
    BOOST_TEST(quipud.wait_for([](State& state) {
        const auto* emitter = state.emitters.newest();
        return emitter && emitter->life == Life::ended;
    }));
    BOOST_TEST(quipud.count("m/mails") == 7U);
    BOOST_TEST(quipud.wait_for([](State& state) {
        const auto& families = state.traces.families();
        return families.contains("SMTP.Conn") && ended(families.find("SMTP.Conn")->second) == 1;
    }));
}

BOOST_AUTO_TEST_CASE(totals_are_exact_over_twenty_restarts_of_quipud) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const Counter mails = emitter.counter("m/mails", "mails");
    std::uint64_t sent = 0;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i) mails.add();
        sent += 100;
        if (round % 2 == 0) {
            quipud.kill();
            mails.add();
            ++sent;
            quipud.start();
        } else {
            quipud.break_connections();
        }
        BOOST_REQUIRE(quipud.wait_for([sent](State& state) { return count_of(state, "m/mails") == sent; }));
    }
}

BOOST_AUTO_TEST_CASE(without_quipud_starting_counting_and_ending_take_no_time) {
    const auto begin = std::chrono::steady_clock::now();
    {
        Emitter emitter(options(socket_path));
        const Counter mails = emitter.counter("m/mails", "mails");
        for (int i = 0; i < 1'000'000; ++i) mails.add();
        for (int i = 0; i < 100'000; ++i) emitter.trace("f", "t").event("x");
        BOOST_TEST(!emitter.is_connected());
    }
    // A liveness bound, far above what it takes.
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
}

BOOST_AUTO_TEST_CASE(the_log_tells_what_is_wrong_once) {
    std::mutex mutex;
    std::vector<std::string> lines;
    EmitterOptions with_log = options(socket_path);
    with_log.log = [&](std::string_view line) {
        const std::lock_guard lock(mutex);
        lines.emplace_back(line);
    };
    {
        Emitter emitter(std::move(with_log));
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        for (bool is_there = false; !is_there && std::chrono::steady_clock::now() < deadline;) {
            std::this_thread::sleep_for(1ms);
            const std::lock_guard lock(mutex);
            is_there = !lines.empty();
        }
    }
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines[0].find(socket_path) != std::string::npos);
    BOOST_TEST(lines[0].find("quipud seems not to run") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_forked_child_is_an_instance_of_its_own_with_zero_totals) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(100);
    Trace open = emitter.trace("SMTP.Conn", "parent's");
    BOOST_REQUIRE(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 100; }));
    const int status = in_child(quipud, [&] {
        mails.add(5);
        open.event("not from here");
        emitter.~Emitter();  // flushes, as a child does that leaves through main
    });
    BOOST_TEST(status == 0);
    mails.add(1);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 106; }));
    BOOST_TEST(quipud.wait_for([](State& state) { return state.emitters.all().size() == 2; }));
    open.finish();
    BOOST_TEST(quipud.wait_for([](State& state) { return state.traces.active().empty(); }));
}

BOOST_AUTO_TEST_CASE(a_child_that_counts_nothing_leaves_no_trace) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(1);
    BOOST_REQUIRE(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 1; }));
    BOOST_TEST(in_child(quipud, [] {}) == 0);
    mails.add(1);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 2; }));
    BOOST_TEST(quipud.wait_for([](State& state) { return state.emitters.all().size() == 1; }));
}

BOOST_AUTO_TEST_CASE(exit_without_destroying_the_emitter_flushes_too) {
    MiniQuipud quipud(socket_path);
    const pid_t pid = quipud.fork();
    if (pid == 0) {
        auto* leaked = new Emitter(options(socket_path));
        leaked->counter("m/mails", "mails").add(9);
        std::exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 9; }));
}

BOOST_AUTO_TEST_CASE(a_quipud_that_never_reads_costs_bounded_memory_and_its_traces_are_counted_as_dropped) {
    // A listener that accepts nothing: the connection stands, nobody reads.
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
    BOOST_REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_REQUIRE(::listen(listener, 1) == 0);
    EmitterOptions small = options(socket_path);
    small.max_open_traces = 100;
    small.trace_ring_bytes = 64 * 1024;
    Emitter emitter(std::move(small));
    const Counter mails = emitter.counter("m/mails", "mails");
    for (int i = 0; i < 200'000; ++i) {
        mails.add();
        Trace trace = emitter.trace("f", "t");
        trace.printf("event %d", i);
    }
    ::close(listener);
    ::unlink(socket_path.c_str());
    MiniQuipud quipud(socket_path);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 200'000; }));
    BOOST_TEST(quipud.wait_for([](State& state) {
        return count_of(state, "quipu/emitter/droppedTraces") + count_of(state, "quipu/emitter/droppedEvents") > 0;
    }));
}

BOOST_AUTO_TEST_CASE(many_threads_count_trace_and_declare_at_once) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const CounterMap verbs = emitter.counter_map("m/verbs", "command", "verbs");
    constexpr int rounds = 2000;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                const Counter shared = emitter.counter("m/shared", "shared");
                const Gauge gauge = emitter.gauge("m/gauge", "gauge");
                const Text text = emitter.text("m/text", "text");
                for (int i = 0; i < rounds; ++i) {
                    shared.add();
                    verbs.add("verb" + std::to_string(i % 50));
                    gauge.add(1);
                    text.set(std::to_string(t));
                    Trace trace = emitter.trace("f" + std::to_string(i % 5), "t");
                    trace.printf("event %d of %d", i, t);
                    Trace child = trace.child("child", "c");
                    if (i % 100 == 0) trace.error("failed");
                    if (i % 500 == 0) quipud.break_connections();
                }
            });
        }
    }
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/shared") == 4 * rounds; }));
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/verbs", "verb7") == 4 * rounds / 50; }));
    // Every trace ended is in the exact histogram, whatever became of its events.
    BOOST_TEST(quipud.wait_for([](State& state) {
        const auto* family = state.metrics.find("quipu/emitter/traceSeconds");
        if (!family || !family->series.contains("child")) return false;
        std::uint64_t ended = 0;
        const auto& cells = family->series.find("child")->second.histogram().cells;
        for (std::size_t i = 0; i + 1 < cells.size(); ++i) ended += cells[i].total;
        return ended + count_of(state, "quipu/emitter/droppedTraces") >= 4 * rounds;
    }));
}

BOOST_AUTO_TEST_CASE(an_answer_does_not_wait_for_the_next_push) {
    MiniQuipud quipud(socket_path);
    EmitterOptions seldom = options(socket_path);
    seldom.flush_interval = 1h;
    Emitter emitter(std::move(seldom));
    emitter.on_query("queue", [](Query query) {
        query.write("now");
        query.finish();
    });
    AskId id = 0;
    BOOST_REQUIRE(quipud.wait_for([&](State& state) {
        const auto* known = state.emitters.newest();
        if (!known) return false;
        id = state.queries.open(Ask{.topic = "queue", .emitters = {known->number}}, state.emitters, test_now);
        return true;
    }));
    quipud.write_to_all();
    BOOST_TEST(quipud.wait_for([id](State& state) { return state.queries.is_finished(id); }));
}

BOOST_AUTO_TEST_CASE(a_default_made_handle_counts_nothing_and_harms_nothing) {
    Counter().add();
    Gauge().set(1);
    Text().set("x");
    CounterMap().add("x");
    Trace trace;
    trace.printf("%d", 1);
    trace.error("x");
    trace.finish();
    BOOST_TEST(trace.id() == 0U);
    BOOST_TEST(!trace.is_open());
}

BOOST_AUTO_TEST_CASE(who_speaks_for_another_process_tells_its_facts_and_not_its_own) {
    MiniQuipud quipud(socket_path);
    EmitterOptions it = options(socket_path);
    it.program = "chasquid";
    it.on_behalf_of = ProcessFacts{
        .instance = {'c', 'h'}, .pid = 4711, .started = std::chrono::system_clock::from_time_t(1000), .hostname = "mx"};
    it.cmdline = {"chasquid", "--password=x"};
    Emitter emitter(it);
    emitter.counter("m/mails", "mails").add(3);
    BOOST_REQUIRE(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 3; }));
    quipud.wait_for([](State& state) {
        const EmitterRecord& record = *state.emitters.all().at(0);
        BOOST_TEST(record.cmdline.at(1) == "--password=********");
        return true;
    });
    BOOST_TEST(quipud.wait_for([](State& state) {
        const EmitterRecord& record = *state.emitters.all().at(0);
        return record.instance == std::string("ch") + std::string(14, '\0') && record.pid == 4711 &&
               record.start_wall_ns == 1'000'000'000'000 && record.hostname == "mx" && record.cmdline.size() == 2 &&
               record.cmdline[1] == "--password=********" && record.process.heap_system_bytes == 0;
    }));
}

BOOST_AUTO_TEST_CASE(totals_spoken_for_are_not_doubled_by_who_speaks_next) {
    MiniQuipud quipud(socket_path);
    EmitterOptions it = options(socket_path);
    it.on_behalf_of = ProcessFacts{.instance = {'c', 'h'}};
    for (const std::uint64_t total : {5U, 5U, 9U}) {
        Emitter emitter(it);
        emitter.counter("m/mails", "mails").add(total);
        BOOST_REQUIRE(quipud.wait_for([total](State& state) { return count_of(state, "m/mails") == total; }));
    }
    it.on_behalf_of->instance[0] = 'd';  // another process: it counts from the beginning
    Emitter emitter(it);
    emitter.counter("m/mails", "mails").add(1);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 10; }));
}

BOOST_AUTO_TEST_CASE(an_end_may_have_a_reason) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    emitter.counter("m/mails", "mails").add(7);
    emitter.end("chasquid is gone");
    emitter.end("never said");
    BOOST_TEST(quipud.count("m/mails") == 7U);
    BOOST_TEST(quipud.wait_for([](State& state) {
        return state.emitters.newest()->how == "said goodbye: chasquid is gone";
    }));
}

BOOST_AUTO_TEST_CASE(a_companion_is_known_as_one) {
    MiniQuipud quipud(socket_path);
    EmitterOptions it = options(socket_path);
    it.is_companion = true;
    Emitter emitter(it);
    BOOST_TEST(quipud.wait_for([](State& state) {
        return state.emitters.connected_count() == 1 && state.emitters.daemon_count() == 0 && !state.emitters.newest();
    }));
}

BOOST_AUTO_TEST_CASE(json_texts_arrive_as_documents) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    emitter.json("memstats", "figures").set(R"({"Alloc": 1})");
    BOOST_TEST(quipud.wait_for([](State& state) {
        const Family* family = state.metrics.find("memstats");
        return family && family->is_json && family->series.size() == 1 &&
               family->series.begin()->second.text().shown == R"({"Alloc":1})";
    }));
}

BOOST_AUTO_TEST_CASE(inferred_traces_have_times_of_their_own_and_say_so) {
    MiniQuipud quipud(socket_path);
    Emitter emitter(options(socket_path));
    const TraceTime begun = TraceTime::clock::now() - 90s;
    {
        Trace trace = emitter.inferred_trace(begun, "SMTP.Conn", "peer");
        Trace item = trace.child_at(begun + 1s, "Queue.SendLoop", "ID");
        trace.event_at(begun + 2s, "100 %s is no format");
        trace.error_at(begun + 3s, std::string(5000, 'x'));
        trace.link_at(begun + 4s, item, "queued");
        item.finish_at(begun);  // never before it began
        trace.finish_at(begun + 11s);
    }
    BOOST_REQUIRE(quipud.wait_for([](State& state) {
        const auto it = state.traces.families().find("SMTP.Conn");
        return it != state.traces.families().end() && it->second.ended_count[bucket_count - 1] == 1;
    }));
    quipud.wait_for([&](State& state) {
        const TraceRecord& trace = *state.traces.families().find("SMTP.Conn")->second.errors.front();
        const auto at = [&](std::int64_t wall_ns) {
            return (wall_ns - begun.time_since_epoch() / 1ns + 500'000'000) / 1'000'000'000;  // nearest second
        };
        BOOST_TEST(trace.is_inferred);
        BOOST_TEST(at(trace.begin_wall_ns) == 0);
        BOOST_TEST(at(trace.end_wall_ns) == 11);
        BOOST_TEST(trace.duration_ns({}) == 11'000'000'000);
        const auto lines = first_lines(trace);
        BOOST_REQUIRE(lines.size() == 4U);
        BOOST_TEST(at(lines[1].wall_ns) == 2);
        BOOST_TEST(lines[1].text == "100 %s is no format");
        BOOST_TEST(lines[2].text == std::string(limits::max_event_bytes - 3, 'x') + "...");
        BOOST_TEST((lines[3].kind == TraceNoteKind::link));
        BOOST_REQUIRE(trace.children.size() == 1U);
        BOOST_TEST(trace.children[0]->is_inferred);
        BOOST_TEST(trace.children[0]->duration_ns({}) == 0);
        return true;
    });
}

BOOST_AUTO_TEST_SUITE_END()
