// An emitter without a thread: the mail daemon's event loop does the courier's work.
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "proto/emitter.hpp"
#include "proto/limits.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/courier.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/mini_quipud.hpp"
#include "tests/support/slow_quipud.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_loop {

namespace {

EmitterOptions options(const TempDir& dir) {
    EmitterOptions it;
    it.program = "maild";
    it.socket_path = dir.file("ingest.sock");
    it.flush_interval = 5ms;
    it.runs_in_event_loop = true;
    it.log = [](std::string_view) {};
    return it;
}

// The event loop, until it holds; false: it did not for half a minute.
bool run_until(Emitter& emitter, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        if (is_readable(emitter.calls_fd(), 10ms)) emitter.make_calls();
    }
    return true;
}

// What is due by now, and what comes of that. The push interval must be a long one.
void run_dry(Emitter& emitter) {
    while (is_readable(emitter.calls_fd())) emitter.make_calls();
}

struct Fixture {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};

    bool has_come(Emitter& emitter, std::uint64_t count) {
        return run_until(emitter, [&] { return quipud.count("m/mails") == count; });
    }
};

// A quipud that has greeted and reads no more, while a push fills the socket; it holds m/mails = 1.
struct Stuck {
    Stuck(const TempDir& dir, std::chrono::milliseconds interval) : quipud(dir.file("slow.sock")) {
        EmitterOptions it = options(dir);
        it.socket_path = dir.file("slow.sock");
        it.flush_interval = interval;
        it.trace_ring_bytes = 4 * 1024 * 1024;
        emitter = std::make_unique<Emitter>(it);
        mails = emitter->counter("m/mails", "mails");
        emitter->make_calls();
        quipud.greet();
        run_dry(*emitter);
        Trace trace = emitter->trace("f", "t");
        for (int i = 0; i < 500; ++i) trace.event(std::string(limits::max_event_bytes, 'x'));
        mails.add(1);
        emitter->flush();
        run_dry(*emitter);
        BOOST_REQUIRE(quipud.waiting_bytes() > 0U);
    }

    // It reads again.
    void take_until(std::uint64_t count) {
        while (count_of(quipud.state, "m/mails") != count) {
            BOOST_REQUIRE(quipud.take_some());
            run_dry(*emitter);
        }
    }

    SlowQuipud quipud;
    std::unique_ptr<Emitter> emitter;
    Counter mails;
};

}  // namespace

}  // namespace proto_loop

BOOST_FIXTURE_TEST_SUITE(proto_loop, Fixture)

BOOST_AUTO_TEST_CASE(counts_and_traces_are_pushed_and_questions_answered_without_a_thread) {
    Emitter emitter(options(dir));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(3);
    emitter.trace("SMTP.Conn", "192.0.2.1").event("hello");
    bool is_asked = false;
    emitter.on_query("queue", [&](Query query) {
        is_asked = true;
        query.write("two");
        query.finish();
    });
    BOOST_TEST(has_come(emitter, 3));
    BOOST_TEST(courier_folder().empty());
    BOOST_TEST(quipud.wait_for([](State& state) { return state.traces.families().contains("SMTP.Conn"); }));
    const AskId id = ask(quipud, "queue");
    BOOST_TEST(run_until(emitter, [&] { return is_asked; }));
    run_dry(emitter);
    BOOST_TEST(reply(quipud, id).body == "two");
}

BOOST_AUTO_TEST_CASE(an_event_loop_that_is_told_of_edges_only_misses_nothing) {
    Emitter emitter(options(dir));
    const Counter mails = emitter.counter("m/mails", "mails");
    const int edges = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    BOOST_REQUIRE(::epoll_ctl(edges, EPOLL_CTL_ADD, emitter.calls_fd(), &wanted) == 0);
    for (std::uint64_t i = 1; i <= 20; ++i) {
        mails.add();
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (quipud.count("m/mails") != i) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
            epoll_event got{};
            if (::epoll_wait(edges, &got, 1, 10) == 1) emitter.make_calls();
        }
    }
    ::close(edges);
}

BOOST_AUTO_TEST_CASE(a_quipud_that_goes_and_comes_back_gets_everything) {
    Emitter emitter(options(dir));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(1);
    BOOST_TEST(has_come(emitter, 1));
    quipud.break_connections();
    mails.add(1);
    BOOST_TEST(has_come(emitter, 2));
    quipud.kill();
    BOOST_TEST(run_until(emitter, [&] { return !emitter.is_connected(); }));
    mails.add(1);
    quipud.start();
    BOOST_TEST(has_come(emitter, 3));
}

BOOST_AUTO_TEST_CASE(a_flush_does_not_wait_for_the_interval) {
    EmitterOptions slow = options(dir);
    slow.flush_interval = std::chrono::hours(1);
    Emitter emitter(slow);
    BOOST_TEST(run_until(emitter, [&] { return emitter.is_connected(); }));
    run_dry(emitter);
    emitter.counter("m/mails", "mails").add(7);
    BOOST_TEST(!is_readable(emitter.calls_fd()));
    BOOST_TEST(emitter.flush());
    BOOST_TEST(is_readable(emitter.calls_fd()));
    emitter.make_calls();
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 7; }));
}

BOOST_AUTO_TEST_CASE(after_the_end_there_is_nothing_to_do) {
    Emitter emitter(options(dir));
    emitter.counter("m/mails", "mails").add(5);
    BOOST_TEST(has_come(emitter, 5));
    emitter.end("done");
    BOOST_TEST(quipud.wait_for([](State& state) { return state.emitters.newest()->life == Life::ended; }));
    BOOST_TEST(!emitter.flush());
    run_dry(emitter);
    BOOST_TEST(!is_readable(emitter.calls_fd(), 20ms));  // the interval is 5 ms
}

BOOST_AUTO_TEST_CASE(a_forked_child_has_a_descriptor_of_its_own_and_its_own_counts) {
    Emitter emitter(options(dir));
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(1);
    BOOST_TEST(has_come(emitter, 1));
    const pid_t pid = quipud.fork();
    if (pid == 0) {
        const bool is_idle = !is_readable(emitter.calls_fd());
        mails.add(2);
        const bool is_there = run_until(emitter, [&] { return emitter.is_connected(); });
        emitter.~Emitter();
        _exit(is_idle && is_there && courier_folder().empty() ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(run_until(emitter, [&] { return waitpid(pid, &status, WNOHANG) == pid; }));
    BOOST_TEST(status == 0);
    BOOST_TEST(has_come(emitter, 3));
    mails.add(4);
    BOOST_TEST(has_come(emitter, 7));
}

BOOST_AUTO_TEST_CASE(while_quipud_takes_nothing_there_is_nothing_to_do) {
    Stuck stuck(dir, 1s);
    // The next push is due, and cannot begin.
    BOOST_REQUIRE(is_readable(stuck.emitter->calls_fd(), 30s));
    stuck.emitter->make_calls();
    BOOST_TEST(!is_readable(stuck.emitter->calls_fd(), 20ms));
    stuck.take_until(1);
}

BOOST_AUTO_TEST_CASE(a_flush_while_quipud_takes_nothing_is_made_up_for) {
    Stuck stuck(dir, std::chrono::hours(1));
    stuck.mails.add(1);
    BOOST_TEST(stuck.emitter->flush());
    run_dry(*stuck.emitter);
    stuck.take_until(2);
}

BOOST_AUTO_TEST_CASE(a_push_that_fails_is_made_up_for_by_the_next_connection) {
    EmitterOptions failing = options(dir);
    int failures = 1;
    failing.on_push = [&](PushStage stage) {
        if (stage == PushStage::gathered && failures-- > 0) throw std::runtime_error("no paper left");
    };
    std::string said;
    failing.log = [&](std::string_view line) { said += line; };
    Emitter emitter(failing);
    emitter.counter("m/mails", "mails").add(8);
    BOOST_TEST(has_come(emitter, 8));
    BOOST_TEST(said.find("no paper left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_end_may_be_called_for_in_a_push) {
    EmitterOptions ending = options(dir);
    Emitter* ended = nullptr;
    ending.on_push = [&](PushStage stage) {
        if (stage == PushStage::sent && ended) std::exchange(ended, nullptr)->end("enough");
    };
    Emitter emitter(ending);
    emitter.counter("m/mails", "mails").add(6);
    BOOST_TEST(has_come(emitter, 6));
    ended = &emitter;
    const auto has_ended = [](State& state) { return state.emitters.newest()->life == Life::ended; };
    BOOST_TEST(run_until(emitter, [&] { return !emitter.is_connected(); }));
    BOOST_TEST(quipud.wait_for(has_ended));
    run_dry(emitter);
}

BOOST_AUTO_TEST_SUITE_END()
