#include "daemon/net/auth.hpp"

#include <crypt.h>
#include <openssl/evp.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "daemon/pages/page.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/files.hpp"
#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_auth)

using namespace quipu;
using namespace quipu::test;

namespace {

std::string bcrypt(const std::string& password, unsigned long cost) {
    crypt_data data{};
    const std::string setting = crypt_gensalt("$2b$", cost, nullptr, 0);
    return crypt_r(password.c_str(), setting.c_str(), &data);
}

ServerOptions with_passwords(const TempDir& dir, const std::string& lines) {
    write_file(dir.file("pw"), lines, 0640);
    ServerOptions options;
    options.access.passwords = dir.file("pw");
    return options;
}

std::string basic(const std::string& user_and_password) {
    std::string encoded(user_and_password.size() * 2 + 4, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(encoded.data()),
        reinterpret_cast<const unsigned char*>(user_and_password.data()),
        static_cast<int>(user_and_password.size())
    );
    encoded.resize(static_cast<std::size_t>(size));
    return "Authorization: Basic " + encoded + "\r\n";
}

HttpAnswer ask(Edge& edge, std::string_view headers, std::string_view target = "/healthz") {
    Client client(edge, edge.connect_http());
    client.send(get_request(target, headers));
    return read_answer(client);
}

}  // namespace

BOOST_AUTO_TEST_CASE(only_the_right_user_with_the_right_password_comes_in) {
    const TempDir dir;
    Edge edge(dir, with_passwords(dir, "anna:" + bcrypt("geheim", 4) + "\nbert:" + bcrypt("other", 4) + "\n"));
    for (const Endpoint& endpoint : endpoints()) {
        const HttpAnswer unasked = ask(edge, "", endpoint.path);
        BOOST_TEST(unasked.status == 401u);
        BOOST_TEST(unasked.header("WWW-Authenticate") == "Basic realm=\"quipu\", charset=\"UTF-8\"");
        BOOST_TEST(unasked.header("Cache-Control") == "no-store");
    }
    BOOST_TEST(edge.count("quipu/http/authFailures") == 0u);
    BOOST_TEST(ask(edge, basic("anna:geheim")).status == 200u);
    BOOST_TEST(ask(edge, basic("bert:other")).status == 200u);
    BOOST_TEST(ask(edge, basic("anna:other")).status == 401u);
    BOOST_TEST(ask(edge, basic("eve:geheim")).status == 401u);
    BOOST_TEST(ask(edge, basic("anna:")).status == 401u);
    BOOST_TEST(ask(edge, "Authorization: Bearer geheim\r\n").status == 401u);
    BOOST_TEST(edge.count("quipu/http/authFailures") == 4u);
    BOOST_TEST(ask(edge, "", "/nowhere").status == 401u);
    BOOST_TEST(ask(edge, basic("anna:geheim"), "/nowhere").status == 404u);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_refused_anyway_is_not_asked_for_a_password) {
    const TempDir dir;
    Edge edge(dir, with_passwords(dir, "anna:" + bcrypt("geheim", 4)));
    BOOST_TEST(ask(edge, "Origin: https://evil.example\r\n").status == 403u);
    BOOST_TEST(ask(edge, "Sec-Fetch-Site: cross-site\r\n" + basic("anna:wrong")).status == 403u);
    BOOST_TEST(edge.count("quipu/http/authFailures") == 0u);
}

BOOST_AUTO_TEST_CASE(guessing_is_slowed_down_and_those_who_are_known_go_on) {
    const TempDir dir;
    Edge edge(dir, with_passwords(dir, "anna:" + bcrypt("geheim", 4)));
    BOOST_TEST(ask(edge, basic("anna:geheim")).status == 200u);
    for (int i = 0; i < 5; ++i) BOOST_TEST(ask(edge, basic("anna:guess" + std::to_string(i))).status == 401u);
    const HttpAnswer answer = ask(edge, basic("anna:guess5"));
    BOOST_TEST(answer.status == 429u);
    const int wait_s = std::stoi("0" + answer.header("Retry-After"));
    BOOST_TEST(wait_s >= 1);
    BOOST_TEST(wait_s <= 10);
    BOOST_TEST(edge.count("quipu/http/authFailures") == 5u);
    BOOST_TEST(edge.count("quipu/http/authThrottled") == 1u);
    BOOST_TEST(ask(edge, basic("anna:geheim")).status == 200u);
    BOOST_TEST(ask(edge, "").status == 401u);
}

BOOST_AUTO_TEST_CASE(others_are_answered_while_a_password_is_checked) {
    const TempDir dir;
    // Checking eve takes a second, so that the order below is no accident.
    Edge edge(dir, with_passwords(dir, "anna:" + bcrypt("geheim", 4) + "\neve:" + bcrypt("slow", 13) + "\n"));
    BOOST_TEST(ask(edge, basic("anna:geheim")).status == 200u);
    Client slow(edge, edge.connect_http());
    slow.send(get_request("/healthz", basic("eve:slow")));
    edge.run_dry();
    BOOST_TEST(ask(edge, basic("anna:geheim")).status == 200u);
    BOOST_TEST(slow.is_silent());
    BOOST_TEST(read_answer(slow).status == 200u);
}

BOOST_AUTO_TEST_CASE(new_passwords_count_at_once_and_broken_ones_never) {
    const TempDir dir;
    ServerOptions options = with_passwords(dir, "anna:" + bcrypt("old", 4));
    options.http_times.stream_turn = std::chrono::milliseconds(1);
    Edge edge(dir, options);
    BOOST_TEST(ask(edge, basic("anna:old")).status == 200u);
    Client follower(edge, edge.connect_http());
    follower.send(get_request("/debug/traces/stream", basic("anna:old")));
    BOOST_TEST(read_answer(follower).status == 200u);

    write_file(dir.file("pw"), "anna:" + bcrypt("new", 4), 0640);
    edge.server->reload();
    BOOST_TEST(follower.is_ended());
    BOOST_TEST(ask(edge, basic("anna:old")).status == 401u);
    BOOST_TEST(ask(edge, basic("anna:new")).status == 200u);

    write_file(dir.file("pw"), "anna\n", 0640);
    edge.server->reload();
    const auto is_ok = [&] {
        for (const HealthCheck& check : edge.state.health) {
            if (check.name == "passwords") return check.is_ok;
        }
        return false;
    };
    BOOST_TEST(edge.run_until([&] { return !is_ok(); }));
    BOOST_TEST(ask(edge, basic("anna:new"), "/debug/vars").status == 200u);
}

BOOST_AUTO_TEST_SUITE_END()
