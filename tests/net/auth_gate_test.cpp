#include "daemon/net/auth_gate.hpp"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "daemon/net/peer.hpp"

BOOST_AUTO_TEST_SUITE(net_auth_gate)

using namespace quipu;

namespace {

constexpr std::int64_t s = 1'000'000'000;

Now at(std::int64_t steady_ns) {
    return {steady_ns, 0};
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_address_may_fail_a_few_times_and_then_once_in_a_while) {
    AuthGate gate({.network_burst = 3, .network_pause_ns = 10 * s});
    for (int i = 0; i < 3; ++i) BOOST_TEST(gate.begin_ns("a", at(100 * s)) == 0);
    BOOST_TEST(gate.begin_ns("a", at(100 * s)) == 10 * s);
    BOOST_TEST(gate.begin_ns("a", at(104 * s)) == 6 * s);
    BOOST_TEST(gate.begin_ns("b", at(104 * s)) == 0);
    BOOST_TEST(gate.begin_ns("a", at(110 * s)) == 0);
    BOOST_TEST(gate.begin_ns("a", at(110 * s)) == 10 * s);
    for (int i = 0; i < 3; ++i) BOOST_TEST(gate.begin_ns("a", at(200 * s)) == 0);
}

BOOST_AUTO_TEST_CASE(right_passwords_do_not_count) {
    AuthGate gate({.network_burst = 2});
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(gate.begin_ns("a", at(s)) == 0);
        gate.succeeded("a", at(s));
    }
}

BOOST_AUTO_TEST_CASE(all_together_are_held_back_but_not_those_who_came_in_before) {
    AuthGate gate({.total_burst = 4, .total_pause_ns = s});
    BOOST_TEST(gate.begin_ns("friend", at(s)) == 0);
    gate.succeeded("friend", at(s));
    for (const char* each : {"a", "b", "c", "d"}) BOOST_TEST(gate.begin_ns(each, at(s)) == 0);
    BOOST_TEST(gate.begin_ns("e", at(s)) == s);
    BOOST_TEST(gate.begin_ns("friend", at(s)) == 0);
}

BOOST_AUTO_TEST_CASE(addresses_on_record_are_bounded_and_the_others_share_one_record) {
    AuthGate gate({.network_burst = 1, .network_pause_ns = 10 * s, .total_burst = 1000, .networks = 2});
    BOOST_TEST(gate.begin_ns("a", at(s)) == 0);
    BOOST_TEST(gate.begin_ns("b", at(s)) == 0);
    BOOST_TEST(gate.begin_ns("c", at(s)) == 0);
    BOOST_TEST(gate.begin_ns("d", at(s)) == 10 * s);
    BOOST_TEST(gate.begin_ns("e", at(60 * s)) == 0);  // the others are forgotten by then
    BOOST_TEST(gate.begin_ns("f", at(60 * s)) == 0);
}

BOOST_AUTO_TEST_CASE(what_was_right_is_remembered_for_a_while) {
    AuthGate gate({.remembered = 2, .remembered_ns = 10 * s});
    const Credentials anna{"anna", "x"};
    BOOST_TEST(!gate.is_remembered(anna, at(s)));
    gate.remember(anna, at(s));
    BOOST_TEST(gate.is_remembered(anna, at(10 * s)));
    BOOST_TEST(!gate.is_remembered(anna, at(11 * s)));
    BOOST_TEST(!gate.is_remembered({"anna", "y"}, at(s)));
    BOOST_TEST(!gate.is_remembered({"ann", "ax"}, at(s)));
    gate.remember({"b", "x"}, at(2 * s));
    gate.remember({"c", "x"}, at(3 * s));
    BOOST_TEST(!gate.is_remembered(anna, at(4 * s)));  // the oldest gives way
    BOOST_TEST(gate.is_remembered({"c", "x"}, at(4 * s)));
    gate.forget_all();
    BOOST_TEST(!gate.is_remembered({"c", "x"}, at(4 * s)));
}

BOOST_AUTO_TEST_CASE(networks_are_an_ipv4_address_or_half_an_ipv6_address) {
    const auto v6 = [](const char* text) {
        sockaddr_storage storage{};
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        BOOST_REQUIRE(inet_pton(AF_INET6, text, &address.sin6_addr) == 1);
        std::memcpy(&storage, &address, sizeof address);
        return peer_of(storage);
    };
    BOOST_TEST(v6("2001:db8::1").name == "2001:db8::1");
    BOOST_TEST(v6("2001:db8::1").network == v6("2001:db8::ffff:1:2:3").network);
    BOOST_TEST(v6("2001:db8::1").network != v6("2001:db8:0:1::1").network);
    BOOST_TEST(v6("::ffff:192.0.2.1").network == "192.0.2.1");
    sockaddr_storage local{};
    local.ss_family = AF_UNIX;
    BOOST_TEST(peer_of(local).network == "unix");
}

BOOST_AUTO_TEST_SUITE_END()
