#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>

#include "tests/support/net_fixture.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(net_emitter)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

ServerOptions impatient() {
    ServerOptions options;
    options.ingest_times.frame = 50ms;
    options.ingest_times.goodbye = 50ms;
    return options;
}

Errc read_refusal(RawEmitter& emitter) {
    const auto* refusal = std::get_if<wire::Refuse>(&emitter.read_message());
    BOOST_REQUIRE(refusal);
    return static_cast<Errc>(refusal->code);
}

Life life_of(const Edge& edge, std::size_t index = 0) {
    BOOST_REQUIRE(edge.state.emitters.all().size() > index);
    return edge.state.emitters.all()[index]->life;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_pushed_is_counted) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(RawEmitter::count_frames(5));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 5; }));
    BOOST_TEST(edge.count("quipu/ingest/connections") == 1u);
    BOOST_TEST(edge.state.emitters.all().at(0)->peer.uid == ::getuid());
}

BOOST_AUTO_TEST_CASE(bytes_may_come_one_by_one) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.send_bytewise(emitter.hello() + RawEmitter::count_frames(5));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 5; }));
}

BOOST_AUTO_TEST_CASE(a_malformed_peer_is_told_why_and_hurts_nobody_else) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter good(edge, 'a');
    good.join();
    RawEmitter bad(edge, 'b');
    bad.join();
    bad.send(std::string("\xff\xff\xff\xff", 4));
    BOOST_TEST(read_refusal(bad) == Errc::frame_too_long);
    BOOST_TEST(bad.is_ended());
    good.send(RawEmitter::count_frames(3));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 3; }));
    BOOST_TEST(edge.count("quipu/ingest/refusedSessions") == 1u);
}

BOOST_AUTO_TEST_CASE(a_frame_cut_by_the_end_is_counted_and_not_applied) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    const std::string frames = RawEmitter::count_frames(5);
    emitter.send(std::string_view(frames).substr(0, frames.size() - 1));
    emitter.close();
    BOOST_TEST(edge.run_until([&] { return edge.count("quipu/ingest/truncatedFrames") == 1; }));
    BOOST_TEST(edge.count("test/count") == 0u);
}

BOOST_AUTO_TEST_CASE(hello_must_come_in_time) {
    const TempDir dir;
    Edge edge(dir, impatient());
    RawEmitter emitter(edge, 'a');
    BOOST_TEST(read_refusal(emitter) == Errc::frame_timeout);
    BOOST_TEST(emitter.is_ended());
}

BOOST_AUTO_TEST_CASE(a_frame_that_drips_is_cut_off_however_steadily_it_drips) {
    const TempDir dir;
    Edge edge(dir, impatient());
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(std::string("\x00\x00\x01\x00", 4));
    while (emitter.send("x") && emitter.received.empty()) {
        edge.io.run_one_for(1ms);
        (void)emitter.is_silent();
    }
    BOOST_TEST(read_refusal(emitter) == Errc::frame_timeout);
}

BOOST_AUTO_TEST_CASE(an_idle_emitter_is_left_alone) {
    const TempDir dir;
    Edge edge(dir, impatient());
    RawEmitter emitter(edge, 'a');
    emitter.join();
    const auto until = std::chrono::steady_clock::now() + 150ms;
    BOOST_TEST(edge.run_until([&] { return std::chrono::steady_clock::now() > until; }));
    BOOST_TEST(emitter.is_silent());
}

BOOST_AUTO_TEST_CASE(a_user_who_may_not_push_is_refused_and_counted) {
    const TempDir dir;
    ServerOptions options;
    options.ingest_users = {::getuid() + 1};
    Edge edge(dir, options);
    RawEmitter emitter(edge, 'a');
    BOOST_TEST(read_refusal(emitter) == Errc::user_refused);
    BOOST_TEST(emitter.is_ended());
    BOOST_TEST(edge.count("quipu/ingest/refusedConnections") == 1u);
}

BOOST_AUTO_TEST_CASE(one_emitter_too_many_is_refused_and_counted) {
    const TempDir dir;
    Limits limits;
    limits.emitters.connected = 1;
    Edge edge(dir, {}, limits);
    RawEmitter first(edge, 'a');
    first.join();
    RawEmitter second(edge, 'b');
    BOOST_TEST(read_refusal(second) == Errc::too_many_emitters);
    BOOST_TEST(edge.count("quipu/ingest/refusedConnections") == 1u);
    first.close();
    BOOST_TEST(edge.run_until([&] { return life_of(edge) == Life::lost; }));
    RawEmitter third(edge, 'c');
    third.join();
}

BOOST_AUTO_TEST_CASE(descriptors_sent_along_are_closed) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    std::array<int, 2> ends{};
    BOOST_REQUIRE_EQUAL(::pipe(ends.data()), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);

    std::string bytes = RawEmitter::count_frames(1);
    iovec data{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int sent = writer.get();
    std::memcpy(CMSG_DATA(header), &sent, sizeof sent);
    BOOST_REQUIRE(::sendmsg(emitter.fd(), &message, MSG_NOSIGNAL) > 0);
    writer = UniqueFd();
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 1; }));
    char byte = 0;
    BOOST_TEST(::read(reader.get(), &byte, 1) == 0);  // no writer is left anywhere
}

BOOST_AUTO_TEST_CASE(an_emitter_that_does_not_read_is_closed) {
    const TempDir dir;
    Edge edge(dir, impatient());
    RawEmitter emitter(edge, 'a');
    emitter.join();
    edge.state.emitters.find(1U)->output.append(4 * 1024 * 1024, 'x');
    emitter.send(RawEmitter::frame(wire::Process{}));
    BOOST_TEST(edge.run_until([&] { return life_of(edge) == Life::lost; }));
    BOOST_TEST(edge.count("quipu/ingest/refusedSessions") == 1u);
}

BOOST_AUTO_TEST_CASE(goodbye_is_acknowledged_and_ends_the_emitter) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    wire::Bye bye;
    bye.reason = "exit";
    emitter.send(RawEmitter::count_frames(7) + RawEmitter::frame(bye));
    BOOST_TEST(std::holds_alternative<wire::Ack>(emitter.read_message()));
    BOOST_TEST(emitter.is_ended());
    BOOST_TEST((life_of(edge) == Life::ended));
    BOOST_TEST(edge.state.emitters.all().at(0)->how == "said goodbye: exit");
    BOOST_TEST(edge.count("test/count") == 7u);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_of_a_living_process_can_come_back) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(RawEmitter::count_frames(7));
    emitter.close();
    BOOST_TEST(edge.run_until([&] { return !edge.state.emitters.all().empty() && life_of(edge) == Life::lost; }));
    BOOST_TEST(edge.state.emitters.all().at(0)->is_alive);
    RawEmitter again(edge, 'a');
    again.join();
    again.send(RawEmitter::count_frames(8));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 8; }));
}

BOOST_AUTO_TEST_CASE(an_instance_that_connects_again_replaces_its_old_connection) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter old(edge, 'a');
    old.join();
    old.send(RawEmitter::count_frames(7));
    RawEmitter young(edge, 'a');
    young.join();
    BOOST_TEST(old.is_ended());
    BOOST_TEST((life_of(edge) == Life::connected));
    young.send(RawEmitter::count_frames(7));
    edge.run_dry();
    BOOST_TEST(edge.count("test/count") == 7u);
}

// The process leaves bytes in its socket and a child that keeps the socket open: neither hides its end.
BOOST_AUTO_TEST_CASE(the_end_of_the_process_is_noticed_after_its_last_bytes) {
    const TempDir dir;
    Edge edge(dir);
    std::array<int, 2> keep{};
    BOOST_REQUIRE_EQUAL(::pipe(keep.data()), 0);
    const pid_t process = ::fork();
    if (process == 0) {
        const RawEmitter emitter(edge, 'a');  // connects only; the loop is the parent's
        const std::string bytes = emitter.hello() + RawEmitter::count_frames(9);
        if (::send(emitter.fd(), bytes.data(), bytes.size(), 0) < 0) ::_exit(1);
        if (::fork() == 0) {
            char byte = 0;
            ::close(keep[1]);
            (void)!::read(keep[0], &byte, 1);  // until the test is over
        }
        ::_exit(0);
    }
    ::close(keep[0]);
    const UniqueFd keeper(keep[1]);
    int status = 0;
    BOOST_TEST(edge.run_until([&] { return ::waitpid(process, &status, WNOHANG) == process; }));
    BOOST_TEST(edge.run_until([&] { return !edge.state.emitters.all().empty() && life_of(edge) == Life::ended; }));
    BOOST_TEST(edge.count("test/count") == 9u);
    BOOST_TEST(edge.state.emitters.all().at(0)->how == "its process ended without goodbye");
}

BOOST_AUTO_TEST_CASE(stop_takes_what_lies_in_the_sockets_also_of_the_not_yet_accepted) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter accepted(edge, 'a');
    accepted.join();
    RawEmitter waiting(edge, 'b');
    const std::string first = RawEmitter::count_frames(5);
    const std::string second = waiting.hello() + RawEmitter::count_frames(6);
    BOOST_REQUIRE(::send(accepted.fd(), first.data(), first.size(), 0) > 0);
    BOOST_REQUIRE(::send(waiting.fd(), second.data(), second.size(), 0) > 0);
    edge.server->stop();
    BOOST_TEST(edge.run_until([&] { return edge.io.stopped(); }));
    BOOST_TEST(edge.count("test/count") == 11u);
    BOOST_TEST(::access(dir.file("ingest.sock").c_str(), F_OK) != 0);
    BOOST_TEST(::access(dir.file("http.sock").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(totals_come_back_after_a_restart) {
    const TempDir dir;
    ServerOptions options;
    options.state_dir = dir.file("state");
    {
        Edge edge(dir, options);
        RawEmitter emitter(edge, 'a');
        emitter.join();
        emitter.send(RawEmitter::count_frames(5));
        BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 5; }));
        edge.server->stop();
        BOOST_TEST(edge.run_until([&] { return edge.io.stopped(); }));
    }
    Edge edge(dir, options);
    BOOST_TEST(edge.count("test/count") == 5u);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(RawEmitter::count_frames(6));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 6; }));
}

BOOST_AUTO_TEST_SUITE_END()
