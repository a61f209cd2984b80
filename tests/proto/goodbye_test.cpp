// The last 250 ms of an emitter whose quipud is slow: counts go before the trace events that wait.
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "daemon/core/emitter_session.hpp"
#include "proto/emitter.hpp"
#include "proto/limits.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_goodbye {

namespace {

constexpr std::size_t much = 2 * 1024 * 1024;

// quipud's end of one connection, which reads when the test says so.
class SlowQuipud {
public:
    explicit SlowQuipud(const std::string& socket_path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
        BOOST_REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        BOOST_REQUIRE(::listen(listener_, 1) == 0);
    }

    ~SlowQuipud() {
        ::close(fd_);
        ::close(listener_);
    }

    SlowQuipud(const SlowQuipud&) = delete;
    SlowQuipud& operator=(const SlowQuipud&) = delete;

    // Up to the Welcome.
    void greet() {
        fd_ = ::accept(listener_, nullptr, nullptr);
        while (!session_.emitter()) BOOST_REQUIRE(take_some());
    }

    // false: the emitter has closed.
    bool take_some() {
        std::array<std::uint8_t, 65536> bytes;
        const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (n <= 0) {
            session_.closed(test_now);
            return false;
        }
        taken_ += static_cast<std::size_t>(n);
        session_.feed({bytes.data(), static_cast<std::size_t>(n)}, test_now);
        BOOST_REQUIRE(session_.error() == Errc::ok);
        // Welcome, and the Ack for which nobody may be left.
        if (!session_.output().empty())
            (void)::send(fd_, session_.output().data(), session_.output().size(), MSG_NOSIGNAL);
        session_.output().clear();
        return true;
    }

    [[nodiscard]] std::size_t waiting_bytes() const {
        int bytes = 0;
        BOOST_REQUIRE(::ioctl(fd_, FIONREAD, &bytes) == 0);
        return static_cast<std::size_t>(bytes);
    }

    [[nodiscard]] std::size_t taken() const { return taken_; }

    State state;

private:
    EmitterSession session_{state, Peer{1000, 1000, 4711}};
    int listener_;
    int fd_ = -1;
    std::size_t taken_ = 0;
};

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
