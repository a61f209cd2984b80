#include <openssl/ssl.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/net/access_files.hpp"
#include "daemon/net/tls_channel.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/files.hpp"
#include "tests/support/tls_client.hpp"

BOOST_AUTO_TEST_SUITE(net_tls)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

class Files {
public:
    explicit Files(const TempDir& dir) : cert_(dir.file("cert.pem")), key_(dir.file("key.pem")) { renew("first"); }

    void renew(const std::string& name) const {
        const Certificate made = make_certificate(name);
        write_file(cert_, made.certificate_pem);
        write_file(key_, made.key_pem);
    }

    void spoil() const { write_file(cert_, "not a certificate"); }

    [[nodiscard]] ServerOptions options() const {
        ServerOptions options;
        options.access = {cert_, key_, ""};
        return options;
    }

    [[nodiscard]] std::shared_ptr<ssl_ctx_st> context() const {
        std::string notice;
        return load_tls(cert_, key_, notice);
    }

private:
    std::string cert_;
    std::string key_;
};

HealthCheck health(const Edge& edge, std::string_view name) {
    for (const HealthCheck& check : edge.state.health) {
        if (check.name == name) return check;
    }
    return {};
}

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_channel_takes_ciphertext_in_single_bytes) {
    const TempDir dir;
    TlsChannel channel(*Files(dir).context());
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.get()), SSL_free);
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO* from_client = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(to_client, -1);
    SSL_set_bio(client.get(), to_client, from_client);
    SSL_set_connect_state(client.get());
    std::string received;
    std::array<char, 100> buffer;
    std::size_t n = 0;
    const auto pump = [&] {
        char byte = 0;
        while (BIO_read(from_client, &byte, 1) == 1) {
            channel.feed({&byte, 1});
            while (channel.read(buffer.data(), buffer.size(), n) == TlsChannel::Got::some)
                received.append(buffer.data(), n);
        }
        const std::string_view output = channel.output();
        if (!output.empty()) BIO_write(to_client, output.data(), static_cast<int>(output.size()));
        channel.consume(output.size());
    };
    for (int i = 0; i < 10 && SSL_do_handshake(client.get()) != 1; ++i) pump();
    BOOST_REQUIRE(SSL_is_init_finished(client.get()) == 1);
    const std::string question(1000, 'q');
    BOOST_TEST(SSL_write(client.get(), question.data(), 1000) == 1000);
    pump();
    BOOST_TEST(received == question);
    BOOST_TEST(channel.write("answer") == 6u);
    pump();
    BOOST_TEST(SSL_read(client.get(), buffer.data(), 100) == 6);
    BOOST_TEST(std::string(buffer.data(), 6) == "answer");
    SSL_shutdown(client.get());
    while (BIO_read(from_client, buffer.data(), 1) == 1) channel.feed({buffer.data(), 1});
    BOOST_TEST((channel.read(buffer.data(), buffer.size(), n) == TlsChannel::Got::ended));
}

BOOST_AUTO_TEST_CASE(pages_read_the_same_through_tls) {
    const TempDir dir;
    Edge edge(dir, Files(dir).options());
    TlsClient client(edge, edge.connect_http());
    BOOST_REQUIRE(client.handshake());
    BOOST_TEST(client.peer_name() == "first");
    BOOST_TEST(client.send(get_request("/healthz") + get_request("/nowhere")));
    client.receive_until("404 Not Found");
    BOOST_TEST(client.received.starts_with("HTTP/1.1 200 OK"));
    client.receive_until("the list of pages");
    client.received.clear();
    BOOST_TEST(client.send(get_request("/healthz", "Connection: close\r\n")));
    client.receive_until("certificate");
    BOOST_TEST(client.is_ended_well());
    BOOST_TEST(edge.count("quipu/http/tlsFailures") == 0u);
}

BOOST_AUTO_TEST_CASE(more_than_the_socket_holds_reaches_a_reader_who_comes_late) {
    const TempDir dir;
    Edge edge(dir, Files(dir).options());
    TlsClient client(edge, edge.connect_http());
    BOOST_REQUIRE(client.handshake());
    constexpr std::size_t rounds = 300;
    std::string requests;
    for (std::size_t i = 0; i < rounds; ++i) requests += get_request("/static/style.css");
    BOOST_TEST(client.send(requests));
    edge.run_dry();
    const std::string last = get_request("/healthz", "Connection: close\r\n");
    BOOST_TEST(client.send(last));
    BOOST_TEST(client.is_ended_well());
    BOOST_TEST(count_of(client.received, "HTTP/1.1 200 OK") == rounds + 1);
    BOOST_TEST(client.received.size() > 1'000'000u);
}

BOOST_AUTO_TEST_CASE(a_reader_who_takes_nothing_is_given_up) {
    const TempDir dir;
    ServerOptions options = Files(dir).options();
    options.http_times.write = 50ms;
    Edge edge(dir, options);
    TlsClient client(edge, edge.connect_http());
    BOOST_REQUIRE(client.handshake());
    std::string requests;
    for (int i = 0; i < 300; ++i) requests += get_request("/static/style.css");
    (void)client.send(requests);
    BOOST_TEST(client.is_cut_off());
    BOOST_TEST(!client.is_ended_well());
    BOOST_TEST(edge.count("quipu/http/requests") < 300u);
}

BOOST_AUTO_TEST_CASE(plain_http_is_told_to_come_by_https) {
    const TempDir dir;
    Edge edge(dir, Files(dir).options());
    Client client(edge, edge.connect_http());
    client.send(get_request("/healthz"));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 400u);
    BOOST_TEST(answer.body == "This address speaks TLS: ask for it with https://.\n");
    BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
    BOOST_TEST(client.is_ended());
    BOOST_TEST(edge.count("quipu/http/tlsFailures") == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_no_tls_at_all_ends_its_own_connection) {
    const TempDir dir;
    Edge edge(dir, Files(dir).options());
    for (const std::string& bytes :
         {std::string(100, '\0'),
          std::string("\x16\x03\x01\xff\xff", 5) + std::string(70000, 'x'),
          std::string("SSH-2.0-OpenSSH_9.2\r\n"),
          std::string(20000, '\xff')}) {
        Client client(edge, edge.connect_http());
        (void)client.send(bytes);
        BOOST_TEST(client.is_ended());
    }
    TlsClient good(edge, edge.connect_http());
    BOOST_TEST(good.handshake());
    BOOST_TEST(edge.count("quipu/http/tlsFailures") == 4u);
}

BOOST_AUTO_TEST_CASE(a_handshake_has_the_time_of_a_request) {
    const TempDir dir;
    ServerOptions options = Files(dir).options();
    options.http_times = {50ms, 50ms, 50ms, 50ms};
    Edge edge(dir, options);
    Client silent(edge, edge.connect_http());
    Client begun(edge, edge.connect_http());
    begun.send(std::string_view("\x16\x03\x01", 3));
    TlsClient idle(edge, edge.connect_http());
    BOOST_REQUIRE(idle.handshake());
    BOOST_TEST(silent.is_ended());
    BOOST_TEST(begun.is_ended());
    BOOST_TEST(idle.is_ended_well());
    BOOST_TEST(silent.received + begun.received == "");
}

BOOST_AUTO_TEST_CASE(tls_1_1_is_refused_and_1_2_is_spoken) {
    const TempDir dir;
    Edge edge(dir, Files(dir).options());
    TlsClient old(edge, edge.connect_http(), TLS1_1_VERSION);
    BOOST_TEST(!old.handshake());
    TlsClient client(edge, edge.connect_http(), TLS1_2_VERSION);
    BOOST_REQUIRE(client.handshake());
    BOOST_TEST(client.send(get_request("/healthz")));
    client.receive_until("200 OK");
}

BOOST_AUTO_TEST_CASE(a_stream_goes_through_tls_and_ends_with_its_client) {
    const TempDir dir;
    ServerOptions options = Files(dir).options();
    options.http_times.stream_turn = 1ms;
    options.http_times.heartbeat = 1ms;
    Edge edge(dir, options);
    {
        TlsClient client(edge, edge.connect_http());
        BOOST_REQUIRE(client.handshake());
        BOOST_TEST(client.send(get_request("/debug/traces/stream")));
        client.receive_until("text/event-stream");
        const std::size_t before = client.received.size();
        BOOST_TEST(client.receive(before + 10).size() > before);
    }
    TlsClient next(edge, edge.connect_http());
    BOOST_TEST(next.handshake());
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_for_new_connections_and_a_broken_one_for_nobody) {
    const TempDir dir;
    const Files files(dir);
    Edge edge(dir, files.options());
    TlsClient before(edge, edge.connect_http());
    BOOST_REQUIRE(before.handshake());
    BOOST_TEST(health(edge, "certificate").is_ok);

    files.renew("second");
    edge.server->reload();
    const auto name_now = [&] {
        TlsClient client(edge, edge.connect_http());
        return client.handshake() ? client.peer_name() : "none";
    };
    BOOST_TEST(edge.run_until([&] { return name_now() == "second"; }));
    BOOST_TEST(before.send(get_request("/healthz")));
    before.receive_until("200 OK");

    files.spoil();
    edge.server->reload();
    BOOST_TEST(edge.run_until([&] { return !health(edge, "certificate").is_ok; }));
    BOOST_TEST(health(edge, "certificate").detail.find("holds no certificate") != std::string::npos);
    BOOST_TEST(name_now() == "second");

    files.renew("third");
    edge.server->reload();
    BOOST_TEST(edge.run_until([&] { return name_now() == "third"; }));
    BOOST_TEST(health(edge, "certificate").is_ok);
}

BOOST_AUTO_TEST_SUITE_END()
