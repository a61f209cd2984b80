// Thread stacks and tasks, asked over a socket.
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "proto/profiler.hpp"
#include "proto/thread_report.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/profiled.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_threads {

namespace {

struct Fixture : Profiled {
    std::string body;  // what the report's views point into

    wire::ThreadReport report() {
        const Reply got = reply(quipud, ask(quipud, "threads"));
        BOOST_REQUIRE(got.status == wire::Status::ok);
        body = got.body;
        wire::ThreadReport out;
        BOOST_REQUIRE(wire::decode(as_bytes(body), out) == Errc::ok);
        return out;
    }
};

const wire::Thread* find(const wire::ThreadReport& report, std::string_view name) {
    for (const wire::Thread& thread : report.threads) {
        if (thread.name == name) return &thread;
    }
    return nullptr;
}

// A thread with a name, which waits until the object is destroyed.
class Waiting {
public:
    Waiting(const char* name, bool blocks_signals)
        : thread_([this, name, blocks_signals] {
              if (blocks_signals) {
                  sigset_t all;
                  sigfillset(&all);
                  pthread_sigmask(SIG_SETMASK, &all, nullptr);
              }
              pthread_setname_np(pthread_self(), name);
              std::unique_lock lock(mutex_);
              is_ready_ = true;
              changed_.notify_all();
              changed_.wait(lock, [this] { return is_ending_; });
          }) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return is_ready_; });
    }

    ~Waiting() {
        {
            const std::lock_guard lock(mutex_);
            is_ending_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_ready_ = false, is_ending_ = false;
    std::thread thread_;
};

}  // namespace

}  // namespace proto_threads

BOOST_FIXTURE_TEST_SUITE(proto_threads, Fixture)

BOOST_AUTO_TEST_CASE(every_thread_is_listed_with_state_and_stack) {
    const Profiler profiler(emitter);
    const Waiting waiting("waiter", false);
    const Repeating busy("spinner", spin_once);
    const wire::ThreadReport got = report();

    const wire::Thread* waiter = find(got, "waiter");
    BOOST_REQUIRE(waiter != nullptr);
    BOOST_TEST(waiter->state == "S");
    BOOST_TEST(waiter->system_call == "futex");
    BOOST_TEST(waiter->no_stack_because == "");
    BOOST_TEST(waiter->stack.size() > 3U);  // the C library's wait, ours, the thread's begin

    const wire::Thread* spinner = find(got, "spinner");
    BOOST_REQUIRE(spinner != nullptr);
    const bool is_spinning = std::any_of(spinner->stack.begin(), spinner->stack.end(), is_in_spin);
    BOOST_TEST(is_spinning);
    for (const wire::Thread& thread : got.threads) {
        BOOST_TEST(thread.tid != 0U);
        BOOST_TEST(thread.stack.empty() == !thread.no_stack_because.empty());
        for (const std::uint64_t address : thread.stack) {
            const auto holds = [address](const wire::Mapping& mapping) {
                return mapping.memory_start <= address && address < mapping.memory_limit;
            };
            BOOST_TEST(std::any_of(got.mappings.begin(), got.mappings.end(), holds));
        }
    }
    BOOST_TEST(got.taken_wall_ns > 1'700'000'000'000'000'000U);
    BOOST_TEST(has_default_action());
}

BOOST_AUTO_TEST_CASE(a_thread_that_blocks_the_signal_is_listed_without_a_stack_and_why) {
    const Profiler profiler(emitter);
    const Waiting waiting("blocker", true);
    const wire::ThreadReport got = report();
    const wire::Thread* blocker = find(got, "blocker");
    BOOST_REQUIRE(blocker != nullptr);
    BOOST_TEST(blocker->stack.empty());
    BOOST_TEST(blocker->no_stack_because == "it blocks SIGPROF");
    const wire::Thread* courier = find(got, "quipu-courier");
    BOOST_REQUIRE(courier != nullptr);
    BOOST_TEST(courier->no_stack_because == "it blocks SIGPROF");
    const wire::Thread* taker = find(got, "quipu-profiler");
    BOOST_REQUIRE(taker != nullptr);
    BOOST_TEST(taker->no_stack_because == "it is the one that takes this report");
}

BOOST_AUTO_TEST_CASE(more_threads_than_one_batch_all_answer) {
    const Profiler profiler(emitter);
    std::vector<std::unique_ptr<Waiting>> many;
    for (int i = 0; i < 150; ++i) many.push_back(std::make_unique<Waiting>("one-of-many", false));
    const wire::ThreadReport got = report();
    const auto answered = std::count_if(got.threads.begin(), got.threads.end(), [](const wire::Thread& thread) {
        return thread.name == "one-of-many" && thread.stack.size() > 3;
    });
    BOOST_TEST(answered == 150);
}

BOOST_AUTO_TEST_CASE(threads_are_listed_while_a_cpu_profile_runs) {
    const Profiler profiler(emitter);
    const Repeating busy("spinner", spin_once);
    const AskId profile = ask(quipud, "profile", {{"seconds", "60"}, {"hz", "1000"}});
    for (int i = 0; i < 20; ++i) {
        const wire::ThreadReport got = report();
        const wire::Thread* spinner = find(got, "spinner");
        BOOST_REQUIRE(spinner != nullptr);
        BOOST_TEST(!spinner->stack.empty(), spinner->no_stack_because);
    }
    cancel(quipud, profile);
}

// As each thread does in a profile's own handler; here for longer, so that hardly a report comes without.
BOOST_AUTO_TEST_CASE(a_thread_that_blocks_the_signal_for_a_moment_of_a_profile_is_asked_when_it_lets_it_in) {
    const Profiler profiler(emitter);
    const Repeating now_and_then("now-and-then", [] {
        sigset_t all;
        sigfillset(&all);
        sigset_t before;
        pthread_sigmask(SIG_SETMASK, &all, &before);
        std::this_thread::sleep_for(2ms);
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        std::this_thread::sleep_for(1ms);
    });
    const Repeating busy("spinner", spin_once);
    const AskId profile = ask(quipud, "profile", {{"seconds", "60"}, {"hz", "1000"}});
    BOOST_REQUIRE(quipud.wait_for([](State&) { return !has_default_action(); }));
    for (int i = 0; i < 10; ++i) {
        const wire::ThreadReport got = report();
        const wire::Thread* thread = find(got, "now-and-then");
        BOOST_REQUIRE(thread != nullptr);
        BOOST_TEST(!thread->stack.empty(), thread->no_stack_because);
        const wire::Thread* courier = find(got, "quipu-courier");
        BOOST_REQUIRE(courier != nullptr);
        BOOST_TEST(courier->no_stack_because == "it blocks SIGPROF");
    }
    cancel(quipud, profile);
}

BOOST_AUTO_TEST_CASE(where_the_signal_is_taken_threads_are_listed_without_stacks) {
    struct sigaction theirs {};

    theirs.sa_handler = [](int) {};
    sigaction(SIGPROF, &theirs, nullptr);
    const Profiler profiler(emitter);
    const wire::ThreadReport got = report();
    BOOST_TEST(got.threads.size() >= 3U);
    for (const wire::Thread& thread : got.threads) {
        BOOST_TEST(thread.stack.empty());
        BOOST_TEST(
            thread.no_stack_because ==
            "the mail daemon handles SIGPROF itself, which the profiler needs: take that handler out"
        );
    }
    signal(SIGPROF, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(tasks_are_listed_with_what_they_wait_for) {
    Profiler profiler(emitter);
    Task first = profiler.task("SMTP session", "192.0.2.1:4711");
    Task second = profiler.task("queue item", "abc");
    first.waits_for("a command", "3 mails taken");
    { const Task gone = profiler.task("SMTP session", "gone"); }
    Task moved = std::move(second);
    moved.waits_for("the next hop");
    second.waits_for("nothing: it was moved from");  // NOLINT(bugprone-use-after-move)
    const wire::ThreadReport got = report();
    BOOST_REQUIRE(got.tasks.size() == 2U);
    BOOST_TEST(got.tasks[0].group == "SMTP session");
    BOOST_TEST(got.tasks[0].name == "192.0.2.1:4711");
    BOOST_TEST(got.tasks[0].waits_for == "a command");
    BOOST_TEST(got.tasks[0].details == "3 mails taken");
    BOOST_TEST(got.tasks[0].begun_wall_ns > 1'700'000'000'000'000'000U);
    const std::uint64_t since = got.tasks[0].since_wall_ns;
    BOOST_TEST(since >= got.tasks[0].begun_wall_ns);
    BOOST_TEST(got.tasks[1].name == "abc");
    BOOST_TEST(got.tasks[1].waits_for == "the next hop");
    BOOST_TEST(got.tasks_left_out == 0U);

    first.runs();
    const wire::ThreadReport later = report();
    BOOST_REQUIRE(later.tasks.size() == 2U);
    BOOST_TEST(later.tasks[0].waits_for == "");
    BOOST_TEST(later.tasks[0].details == "3 mails taken");
    BOOST_TEST(later.tasks[0].since_wall_ns >= since);
}

BOOST_AUTO_TEST_CASE(tasks_beyond_the_limit_are_counted_and_told) {
    Profiler profiler(emitter, {.max_tasks = 2});
    const Task a = profiler.task("g", "a"), b = profiler.task("g", "b"), c = profiler.task("g", "c");
    {
        const Task d = profiler.task("g", "d");
        BOOST_TEST(report().tasks_left_out == 2U);
    }
    const wire::ThreadReport got = report();
    BOOST_TEST(got.tasks.size() == 2U);
    BOOST_TEST(got.tasks_left_out == 1U);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "quipu/emitter/untrackedTasks") == 2; }));
}

BOOST_AUTO_TEST_CASE(long_texts_of_tasks_are_cut_and_changing_ones_are_read_whole) {
    Profiler profiler(emitter);
    const Task longest = profiler.task(std::string(200, 'g'), std::string(200, 'n'));
    Task changing = profiler.task("changing", "x");
    const std::string texts[] = {std::string(90, 'a'), std::string(50, 'b'), ""};
    std::size_t next = 0;
    const Repeating changer("changer", [&] { changing.waits_for(texts[next++ % 3]); });
    for (int i = 0; i < 50; ++i) {
        const wire::ThreadReport got = report();
        BOOST_REQUIRE(!got.tasks.empty());
        BOOST_TEST(got.tasks[0].group == std::string(48, 'g'));
        BOOST_TEST(got.tasks[0].name == std::string(128, 'n'));
        if (got.tasks.size() < 2) continue;  // it changed all the time
        const bool is_one = std::find(std::begin(texts), std::end(texts), got.tasks[1].waits_for) != std::end(texts);
        BOOST_TEST(is_one, got.tasks[1].waits_for);
    }
}

BOOST_AUTO_TEST_SUITE_END()
