#include "daemon/net/listen.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_listen)

using namespace quipu;
using namespace quipu::test;

namespace {

UnixAddress at(const std::string& path) {
    UnixAddress address;
    address.path = path;
    return address;
}

bool says(const StartError& error, std::string_view words) {
    const bool is_said = std::string_view(error.what()).find(words) != std::string_view::npos;
    if (!is_said) BOOST_TEST_MESSAGE(error.what());
    return is_said;
}

// A socket bound to `path` by somebody else, who listens or has died.
UniqueFd foreign_socket(const std::string& path, bool is_listening) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    BOOST_REQUIRE_EQUAL(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (is_listening) BOOST_REQUIRE_EQUAL(::listen(socket.get(), 1), 0);
    return is_listening ? std::move(socket) : UniqueFd();
}

mode_t mode_of(const std::string& path) {
    struct stat found = {};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_socket_file_has_its_mode_and_goes_at_the_end) {
    const TempDir dir;
    const std::string path = dir.file("s");
    {
        UnixAddress address = at(path);
        address.mode = 0620;
        const Listener listener(address);
        BOOST_TEST(mode_of(path) == 0620u);
        BOOST_TEST(listener.name() == "unix:" + path);
        BOOST_TEST(listener.is_reachable());
    }
    BOOST_TEST(!exists(path));
}

BOOST_AUTO_TEST_CASE(the_mode_is_never_wider_than_configured) {
    const TempDir dir;
    const std::string path = dir.file("s");
    const mode_t before = ::umask(0);
    std::atomic<bool> is_over = false;
    std::atomic<unsigned> seen = 0;
    std::thread watcher([&] {
        while (!is_over) seen |= mode_of(path);
    });
    for (int i = 0; i < 200; ++i) const Listener listener(at(path));
    is_over = true;
    watcher.join();
    ::umask(before);
    BOOST_TEST((seen & ~0660U) == 0u);
}

BOOST_AUTO_TEST_CASE(a_stale_socket_is_replaced) {
    const TempDir dir;
    (void)foreign_socket(dir.file("s"), false);
    BOOST_TEST(exists(dir.file("s")));
    const Listener listener(at(dir.file("s")));
    BOOST_TEST(listener.is_reachable());
}

BOOST_AUTO_TEST_CASE(a_live_socket_is_not_stolen) {
    const TempDir dir;
    const UniqueFd other = foreign_socket(dir.file("s"), true);
    BOOST_CHECK_EXCEPTION(Listener(at(dir.file("s"))), StartError, [](const StartError& error) {
        return says(error, "another program listens on");
    });
    BOOST_TEST(exists(dir.file("s")));
}

BOOST_AUTO_TEST_CASE(a_live_socket_with_a_full_queue_is_not_stolen) {
    const TempDir dir;
    const UniqueFd other = foreign_socket(dir.file("s"), true);
    std::vector<UniqueFd> waiting;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, dir.file("s").c_str());
    int result = 0;
    while (result == 0) {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        result = ::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    BOOST_CHECK_THROW(Listener(at(dir.file("s"))), StartError);
    BOOST_TEST(exists(dir.file("s")));
}

BOOST_AUTO_TEST_CASE(of_two_starters_one_wins) {
    const TempDir dir;
    const auto first = std::make_unique<Listener>(at(dir.file("s")));
    BOOST_CHECK_EXCEPTION(Listener(at(dir.file("s"))), StartError, [](const StartError& error) {
        return says(error, "another quipud listens on");
    });
    BOOST_TEST(first->is_reachable());
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_left_alone) {
    const TempDir dir;
    const std::string path = dir.file("s");
    std::ofstream(path) << "precious";
    BOOST_CHECK_EXCEPTION(Listener(at(path)), StartError, [](const StartError& error) {
        return says(error, "is not a socket");
    });
    std::string content;
    std::ifstream(path) >> content;
    BOOST_TEST(content == "precious");
}

BOOST_AUTO_TEST_CASE(a_directory_is_left_alone) {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(::mkdir(dir.file("s").c_str(), 0700), 0);
    BOOST_CHECK_EXCEPTION(Listener(at(dir.file("s"))), StartError, [](const StartError& error) {
        return says(error, "is not a socket");
    });
    BOOST_TEST(exists(dir.file("s")));
}

BOOST_AUTO_TEST_CASE(a_link_to_a_socket_is_left_alone_be_it_live_or_stale) {
    const TempDir dir;
    (void)foreign_socket(dir.file("stale"), false);
    const UniqueFd live = foreign_socket(dir.file("live"), true);
    for (const std::string name : {"stale", "live"}) {
        BOOST_REQUIRE_EQUAL(::symlink(dir.file(name).c_str(), dir.file(name + "-link").c_str()), 0);
        BOOST_CHECK_THROW(Listener(at(dir.file(name + "-link"))), StartError);
        struct stat link = {};
        BOOST_TEST(::lstat(dir.file(name + "-link").c_str(), &link) == 0);
        BOOST_TEST(S_ISLNK(link.st_mode));
        BOOST_TEST(exists(dir.file(name)));
    }
}

BOOST_AUTO_TEST_CASE(who_may_open_the_socket_is_told_with_the_directories_above_that_some_may_not_pass) {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(::mkdir(dir.file("open").c_str(), 0700), 0);
    BOOST_REQUIRE_EQUAL(::mkdir(dir.file("open/shut").c_str(), 0700), 0);
    BOOST_REQUIRE_EQUAL(::chmod(dir.file("open").c_str(), 0755), 0);
    BOOST_REQUIRE_EQUAL(::chmod(dir.file("open/shut").c_str(), 0750), 0);
    const std::string path = dir.file("open/shut/s");
    BOOST_TEST(access_of(path).empty());
    UnixAddress address = at(path);
    address.mode = 0620;
    const Listener listener(address);
    const std::vector<FileAccess> access = access_of(path);
    BOOST_REQUIRE(access.size() >= 2U);
    BOOST_TEST(access[0].path == path);
    BOOST_TEST(access[0].mode == "0620");
    BOOST_TEST(access[0].owner == user_name(::getuid()));
    BOOST_TEST(access[1].path == dir.file("open/shut"));
    BOOST_TEST(access[1].mode == "0750");
    for (const FileAccess& file : access) BOOST_TEST(file.path != dir.file("open"));
}

BOOST_AUTO_TEST_CASE(a_link_is_not_followed) {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(::symlink("elsewhere", dir.file("s").c_str()), 0);
    BOOST_CHECK_THROW(Listener(at(dir.file("s"))), StartError);
    BOOST_REQUIRE_EQUAL(::symlink("elsewhere", dir.file("t.lock").c_str()), 0);
    BOOST_CHECK_THROW(Listener(at(dir.file("t"))), StartError);
    BOOST_TEST(!exists(dir.file("elsewhere")));
}

BOOST_AUTO_TEST_CASE(another_programs_socket_in_our_place_is_not_removed) {
    const TempDir dir;
    const std::string path = dir.file("s");
    UniqueFd other;
    {
        const Listener listener(at(path));
        ::unlink(path.c_str());
        BOOST_TEST(!listener.is_reachable());
        other = foreign_socket(path, true);
        BOOST_TEST(!listener.is_reachable());
    }
    BOOST_TEST(exists(path));
}

BOOST_AUTO_TEST_CASE(unusable_paths_are_explained) {
    const TempDir dir;
    const std::string longest = dir.path() + "/" + std::string(107 - dir.path().size() - 1, 'x');
    const Listener listener(at(longest));

    struct Case {
        std::string path;
        std::string_view words;
    };

    const std::vector<Case> cases = {
        {longest + "x", "has 108 bytes; the limit is 107"},
        {"@quipu", "abstract sockets have no permissions"},
        {"", "is empty"},
        {dir.file("missing/s"), "No such file or directory"},
    };
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.path) {
            BOOST_CHECK_EXCEPTION(Listener(at(tc.path)), StartError, [&](const StartError& error) {
                return says(error, tc.words);
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_group_is_refused_before_anything_is_made) {
    const TempDir dir;
    UnixAddress address = at(dir.file("s"));
    address.group = "no-such-group-here";
    BOOST_CHECK_THROW(Listener{address}, StartError);
    BOOST_TEST(!exists(dir.file("s")));
}

BOOST_AUTO_TEST_CASE(a_busy_port_is_an_error_that_names_it) {
    const Listener first(TcpAddress{"127.0.0.1", 0});
    const auto address = std::get<TcpAddress>(parse_http_address(first.name()));
    BOOST_CHECK_EXCEPTION(Listener{address}, StartError, [&](const StartError& error) {
        return says(error, "cannot listen on " + first.name());
    });
}

BOOST_AUTO_TEST_CASE(addresses_are_parsed) {
    struct Case {
        std::string_view text;
        std::string_view host;
        std::uint16_t port;
    };

    const std::vector<Case> cases = {
        {"127.0.0.1:1099", "127.0.0.1", 1099},
        {"127.8.9.10:1", "127.8.9.10", 1},
        {"[::1]:65535", "::1", 65535},
        {"localhost:0", "127.0.0.1", 0},
    };
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.text) {
            const auto address = std::get<TcpAddress>(parse_http_address(tc.text));
            BOOST_TEST(address.host == tc.host);
            BOOST_TEST(address.port == tc.port);
        }
    }
    BOOST_TEST(std::get<UnixAddress>(parse_http_address("unix:/run/x")).path == "/run/x");
    BOOST_TEST(std::holds_alternative<std::monostate>(parse_http_address("")));
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
    const std::vector<std::string_view> cases = {
        "example.org:1099",
        ":1099",
        "1099",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:1x",
        "::1:1099",
        "[127.0.0.1]:1099",
        "unix:",
        "127.0.0.1 :1099",
        "[::1]",
        "127.1:1099",
        "localhost.:1099",
    };
    for (const std::string_view text : cases) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_CHECK_THROW(parse_http_address(text), std::invalid_argument);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
