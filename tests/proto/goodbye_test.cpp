// The last 250 ms of an emitter whose quipud is slow: counts go before the trace events that wait.
#include <boost/test/unit_test.hpp>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/limits.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/slow_quipud.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_goodbye {

namespace {

constexpr std::size_t much = 2 * 1024 * 1024;

EmitterOptions options(const std::string& socket_path) {
    EmitterOptions it;
    it.program = "maild";
    it.socket_path = socket_path;
    it.flush_interval = std::chrono::hours(1);
    it.trace_ring_bytes = 4 * much;  // one that is half full is emptied while nobody listens
    it.log = [](std::string_view) {};
    return it;
}

// Events into the ring of the calling thread.
void trace(Emitter& emitter, std::size_t size) {
    Trace trace = emitter.trace("f", "t");
    for (std::size_t bytes = 0; bytes < size; bytes += limits::max_event_bytes)
        trace.event(std::string(limits::max_event_bytes, 'x'));
}

struct Fixture {
    TempDir dir;
    std::string socket_path = dir.file("ingest.sock");
    SlowQuipud quipud{socket_path};
};

// Until it holds; fails after a generous time.
template <typename Holds>
void wait_until(Holds holds) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!holds()) {
        BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
}

}  // namespace

}  // namespace proto_goodbye

BOOST_FIXTURE_TEST_SUITE(proto_goodbye, Fixture)

BOOST_AUTO_TEST_CASE(the_last_counts_come_before_the_trace_events_that_wait) {
    std::atomic<int> gathered{0};
    EmitterOptions told = options(socket_path);
    told.on_push = [&](PushStage stage) { gathered += stage == PushStage::gathered ? 1 : 0; };
    auto emitter = std::make_unique<Emitter>(told);
    const Counter mails = emitter->counter("m/mails", "mails");
    mails.add(3);
    trace(*emitter, much);
    quipud.greet();
    // A push that is larger than the socket's buffer: it waits.
    wait_until([&] { return emitter->flush(); });
    wait_until([&] { return gathered == 1 && quipud.waiting_bytes() > 0; });
    mails.add(4);
    emitter->counter("m/late", "declared and counted while a push waits").add();
    std::future<void> end = std::async(std::launch::async, [&] { emitter.reset(); });
    wait_until([&] { return gathered == 2; });
    while (count_of(quipud.state, "m/mails") != 7 && quipud.take_some()) continue;
    BOOST_TEST(count_of(quipud.state, "m/mails") == 7);
    BOOST_TEST(count_of(quipud.state, "m/late") == 1);
    // What was in the kernel's hands, the frame that had begun, and no more of the 2 MiB.
    BOOST_TEST(quipud.taken() < 1024 * 1024);
    while (quipud.take_some()) continue;
    end.get();
}

BOOST_AUTO_TEST_CASE(a_goodbye_of_several_pushes_brings_everything) {
    auto emitter = std::make_unique<Emitter>(options(socket_path));
    quipud.greet();
    wait_until([&] { return emitter->is_connected(); });
    // At the same time, so that each has a ring of its own; together more than a push takes (1 MiB).
    constexpr std::size_t size = much / 5;
    std::latch all_have_traced(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            trace(*emitter, size);
            all_have_traced.arrive_and_wait();
        });
    }
    for (std::thread& thread : threads) thread.join();
    emitter->counter("m/mails", "mails").add(5);
    std::future<void> end = std::async(std::launch::async, [&] { emitter.reset(); });
    while (quipud.take_some()) continue;
    end.get();
    BOOST_TEST(count_of(quipud.state, "m/mails") == 5);
    BOOST_TEST(quipud.taken() > 4 * size);
    BOOST_REQUIRE(quipud.state.emitters.newest());
    BOOST_TEST((quipud.state.emitters.newest()->life == Life::ended));
}

BOOST_AUTO_TEST_SUITE_END()
