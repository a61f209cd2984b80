#include "daemon/net/systemd.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "daemon/net/log.hpp"
#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_systemd)

using namespace quipu;
using namespace quipu::test;

namespace {

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// As the service manager has it: somebody else's socket, which listens.
int handed_over(const UnixAddress& address) {
    static std::vector<std::unique_ptr<Listener>> manager;  // which outlives what it starts
    manager.push_back(std::make_unique<Listener>(address));
    return ::dup(manager.back()->fd());
}

std::string complaint_about(int socket) {
    try {
        (void)handed_http_address(socket);
    } catch (const StartError& error) {
        return error.what();
    }
    return "no complaint";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_socket_that_was_handed_over_keeps_its_file) {
    const TempDir dir;
    UnixAddress address;
    address.path = dir.file("s");
    const int socket = handed_over(address);
    BOOST_TEST(handed_unix_address(socket).path == address.path);
    {
        const Listener listener(UniqueFd(socket), handed_http_address(socket));
        BOOST_TEST(listener.name() == "unix:" + address.path);
        BOOST_TEST(listener.is_reachable());
    }
    BOOST_TEST(exists(address.path));
}

BOOST_AUTO_TEST_CASE(who_connects_before_the_server_is_there_is_served_by_it) {
    const TempDir dir;
    UnixAddress address;
    address.path = dir.file("s");
    const int handed = handed_over(address);
    const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, address.path.data(), address.path.size());
    BOOST_REQUIRE_EQUAL(::connect(client.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    ServerOptions options;
    options.handed.ingest = handed;
    options.ingest = address;
    spdlog::set_level(spdlog::level::off);
    State state;
    boost::asio::io_context io(1);
    Server server(io, state, options);
    server.start();
    for (int i = 0; i < 100 && state.own.connections.total == 0; ++i) {
        io.run_one_for(std::chrono::milliseconds(50));
    }
    BOOST_TEST(state.own.connections.total == 1u);
    BOOST_TEST(state.ingest_socket == address.path);
}

BOOST_AUTO_TEST_CASE(a_tcp_socket_that_others_reach_needs_tls_and_passwords_as_the_flag_does) {
    for (const std::string host : {"0.0.0.0", "::", "127.0.0.1", "::1"}) {
        BOOST_TEST_CONTEXT(host) {
            const Listener made(TcpAddress{host, 0});
            ServerOptions options;
            options.monitoring = handed_http_address(made.fd());
            const auto& address = std::get<TcpAddress>(options.monitoring);
            BOOST_TEST(address.host == host);
            BOOST_TEST(made.name().ends_with(":" + std::to_string(address.port)));
            const bool is_for_all = host == "0.0.0.0" || host == "::";
            BOOST_TEST(exposure_problem(options).empty() == !is_for_all);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_listening_socket_is_refused_with_a_sentence) {
    BOOST_TEST(complaint_about(STDIN_FILENO).find("no stream socket that listens") != std::string::npos);
    const UniqueFd silent(::socket(AF_UNIX, SOCK_STREAM, 0));
    BOOST_TEST(complaint_about(silent.get()).find("no stream socket that listens") != std::string::npos);
    const UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM, 0));
    BOOST_TEST(complaint_about(datagrams.get()).find("no stream socket that listens") != std::string::npos);
    const UniqueFd abstract(::socket(AF_UNIX, SOCK_STREAM, 0));
    const sockaddr_un chosen_by_kernel = {AF_UNIX, {}};
    const auto* any = reinterpret_cast<const sockaddr*>(&chosen_by_kernel);
    BOOST_REQUIRE_EQUAL(::bind(abstract.get(), any, sizeof(sa_family_t)), 0);
    BOOST_REQUIRE_EQUAL(::listen(abstract.get(), 1), 0);
    BOOST_TEST(complaint_about(abstract.get()).find("abstract") != std::string::npos);
    const Listener tcp(TcpAddress{"127.0.0.1", 0});
    BOOST_CHECK_THROW(handed_unix_address(tcp.fd()), StartError);
}

BOOST_AUTO_TEST_CASE(the_status_says_who_is_connected_and_whether_totals_are_kept) {
    State state;
    BOOST_TEST(status_line(state) == "no mail daemon is connected");
    state.health = {{"ingest", true, "listening on /run/s"}, {"store", true, "keeping totals in /var/lib/quipu"}};
    BOOST_TEST(status_line(state) == "no mail daemon is connected; keeping totals in /var/lib/quipu");
    state.health[1] = {"store", false, "no room\nREADY=1"};
    BOOST_TEST(status_line(state) == "no mail daemon is connected; failed: store no room READY=1");
}

BOOST_AUTO_TEST_CASE(the_watchdog_is_fed_by_the_loop_and_by_nothing_else) {
    const TempDir dir;
    const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strcpy(where.sun_path, dir.file("notify").c_str());
    BOOST_REQUIRE_EQUAL(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    const auto heard = [&] {
        std::string all;
        std::array<char, 4096> text;
        for (ssize_t n = 0; (n = ::recv(manager.get(), text.data(), text.size(), 0)) >= 0;) {
            all.append(text.data(), static_cast<std::size_t>(n)).append("\n");
        }
        return all;
    };
    ::setenv("NOTIFY_SOCKET", where.sun_path, 1);
    ::setenv("WATCHDOG_USEC", "30000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    State state;
    boost::asio::io_context io(1);
    Supervisor supervisor(io);
    supervisor.ready(state);
    BOOST_TEST(heard() == "READY=1\nSTATUS=no mail daemon is connected\nWATCHDOG=1\n");
    // The loop stands still: well beyond the limit nothing has been said.
    ::usleep(60'000);
    BOOST_TEST(heard().empty());
    io.run_one_for(std::chrono::seconds(5));
    BOOST_TEST(heard() == "WATCHDOG=1\n");
    supervisor.tell(state);
    BOOST_TEST(heard().empty());  // nothing new
    supervisor.stopped();
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

BOOST_AUTO_TEST_CASE(only_the_stream_that_the_variable_names_is_the_journal) {
    const TempDir dir;
    struct stat found = {};
    BOOST_REQUIRE_EQUAL(::fstat(STDERR_FILENO, &found), 0);
    const std::string name = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
    BOOST_TEST(is_journal(STDERR_FILENO, name.c_str()));
    BOOST_TEST(!is_journal(STDERR_FILENO, "1:2"));
    BOOST_TEST(!is_journal(STDERR_FILENO, ""));
    BOOST_TEST(!is_journal(STDERR_FILENO, nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
