// A mail daemon that makes its own calls, and the descriptors that the courier keeps to itself then.
#include "proto/calls.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/answers.hpp"
#include "proto/profiler.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/courier.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/profiled.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace proto_calls {

namespace {

constexpr auto generous = 30s;

std::vector<std::string> descriptors(const std::string& folder) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd")) {
        std::error_code gone;
        out.push_back(std::filesystem::read_symlink(entry.path(), gone).string());
    }
    return out;
}

struct Pipe {
    Pipe() { BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }

    std::array<int, 2> ends{};
};

struct Fixture {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};

    [[nodiscard]] EmitterOptions options() const {
        EmitterOptions it;
        it.program = "maild";
        it.socket_path = dir.file("ingest.sock");
        it.flush_interval = 5ms;
        it.makes_own_calls = true;
        return it;
    }

    // The courier has connected, so that it has long had descriptors of its own.
    void wait_until_connected(const Emitter& emitter) {
        BOOST_REQUIRE(quipud.wait_for([&](State&) { return emitter.is_connected(); }));
    }
};

}  // namespace

}  // namespace proto_calls

BOOST_FIXTURE_TEST_SUITE(proto_calls, Fixture)

BOOST_AUTO_TEST_CASE(a_question_waits_for_the_thread_that_makes_the_calls) {
    Emitter emitter(options());
    std::thread::id answered_on;
    emitter.on_query("queue", [&](Query query) {
        answered_on = std::this_thread::get_id();
        query.write("two");
        query.finish();
    });
    BOOST_TEST(!is_readable(emitter.calls_fd()));
    const AskId id = ask(quipud, "queue");
    BOOST_REQUIRE(is_readable(emitter.calls_fd(), generous));
    BOOST_TEST(answered_on == std::thread::id());
    emitter.make_calls();
    BOOST_TEST(answered_on == std::this_thread::get_id());
    BOOST_TEST(!is_readable(emitter.calls_fd()));
    BOOST_TEST(reply(quipud, id).body == "two");
}

BOOST_AUTO_TEST_CASE(a_topic_taken_back_before_the_call_is_not_called) {
    Emitter emitter(options());
    bool is_called = false;
    emitter.on_query("queue", [&](Query) { is_called = true; });
    const AskId id = ask(quipud, "queue");
    BOOST_REQUIRE(is_readable(emitter.calls_fd(), generous));
    emitter.on_query("queue", {});
    emitter.make_calls();
    BOOST_TEST(!is_called);
    BOOST_TEST(reply(quipud, id).status == wire::Status::unknown_topic);
}

BOOST_AUTO_TEST_CASE(threads_of_a_mail_daemon_that_makes_no_calls_are_told_all_the_same) {
    Emitter emitter(options());
    Profiler profiler(emitter);
    const Reply got = reply(quipud, ask(quipud, "threads"));
    BOOST_TEST(got.status == wire::Status::ok);
    BOOST_TEST(got.body.find("quipu-courier") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_emitter_has_to_say_is_said_by_make_calls) {
    quipud.kill();
    std::string said;
    EmitterOptions it = options();
    it.log = [&](std::string_view line) { said += line; };
    Emitter emitter(std::move(it));
    BOOST_REQUIRE(is_readable(emitter.calls_fd(), generous));
    BOOST_TEST(said == "");
    emitter.make_calls();
    BOOST_TEST(said.find("quipud seems not to run") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(more_questions_than_are_taken_are_answered_busy_and_none_is_lost) {
    Calls calls;
    const auto answers = std::make_shared<Answers>(1024 * 1024);
    for (std::uint32_t i = 1; i <= Calls::max_waiting + 1; ++i) {
        const auto pending = std::make_shared<PendingQuery>();
        pending->answers = answers;
        pending->id = i;
        pending->connection = answers->opened(i);
        calls.put(Query(pending));
    }
    std::string frames;
    BOOST_TEST(!answers->append_frames(frames, 1024 * 1024));
    BOOST_TEST(frames.find("more questions waiting than it takes") != std::string::npos);
    BOOST_TEST(calls.take().queries.size() == Calls::max_waiting);
}

// There is one file table in builds of the thread sanitizer.
#if !defined(QUIPU_THREAD_SANITIZED)
BOOST_AUTO_TEST_CASE(the_courier_has_its_socket_and_two_eventfds_and_nothing_of_the_mail_daemons) {
    const Pipe pipe;
    Emitter emitter(options());
    wait_until_connected(emitter);
    std::size_t sockets = 0, events = 0, others = 0;
    for (const std::string& name : descriptors(courier_folder())) {
        if (name.starts_with("socket:")) {
            ++sockets;
        } else if (name == "anon_inode:[eventfd]") {
            ++events;
        } else if (name != "/dev/null" && !name.ends_with("current_clocksource")) {
            BOOST_TEST_MESSAGE(name);
            ++others;
        }
    }
    BOOST_TEST(sockets == 1U);
    BOOST_TEST(events == 2U);
    BOOST_TEST(others == 0U);
    // What the mail daemon closes is closed: the other end hears of it.
    ::close(pipe.ends[1]);
    BOOST_TEST(is_readable(pipe.ends[0], generous));
    ::close(pipe.ends[0]);
}

BOOST_AUTO_TEST_CASE(a_forked_child_keeps_its_descriptors_and_reaches_quipud_by_its_own) {
    Emitter emitter(options());
    const Counter mails = emitter.counter("m/mails", "mails");
    mails.add(1);
    BOOST_REQUIRE(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 1; }));
    // Whatever number the courier's socket has at the courier's is in use here too.
    std::vector<int> fillers;
    while (fillers.empty() || fillers.back() < 64) fillers.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const pid_t pid = quipud.fork();
    if (pid == 0) {
        mails.add(2);
        int closed = 0;
        for (int fd = 0; fd < 64; ++fd) closed += ::fcntl(fd, F_GETFD) < 0 ? 1 : 0;
        emitter.~Emitter();
        _exit(closed);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    BOOST_TEST(status == 0);
    BOOST_TEST(quipud.wait_for([](State& state) { return count_of(state, "m/mails") == 3; }));
    for (const int fd : fillers) ::close(fd);
}
#endif

BOOST_AUTO_TEST_CASE(who_is_told_of_pushes_shares_descriptors_with_the_courier) {
    EmitterOptions it = options();
    it.on_push = [](PushStage) {};
    Emitter emitter(std::move(it));
    wait_until_connected(emitter);
    BOOST_TEST(descriptors(courier_folder()).size() >= descriptors("/proc/self").size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()
