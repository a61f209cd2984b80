#include "tests/support/tls_client.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>

#include <array>
#include <boost/test/unit_test.hpp>

namespace quipu::test {

void TlsClient::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

void TlsClient::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

TlsClient::TlsClient(Edge& edge, UniqueFd socket, int max_version)
    : edge_(edge), socket_(std::move(socket)), context_(SSL_CTX_new(TLS_client_method())) {
    BOOST_REQUIRE_EQUAL(::fcntl(socket_.get(), F_SETFL, O_NONBLOCK), 0);
    if (max_version != 0) {
        SSL_CTX_set_security_level(context_.get(), 0);
        SSL_CTX_set_max_proto_version(context_.get(), max_version);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.get());
    SSL_set_connect_state(ssl_.get());
}

bool TlsClient::handshake() {
    int result = 0;
    int error = SSL_ERROR_NONE;
    (void)edge_.run_until([&] {
        ERR_clear_error();
        result = SSL_do_handshake(ssl_.get());
        error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
        return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    });
    return result == 1;
}

bool TlsClient::send(std::string_view bytes) {
    bool is_broken = false;
    const bool is_sent = edge_.run_until([&] {
        ERR_clear_error();
        const int n = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
        const int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), n);
        is_broken = n <= 0 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
        return bytes.empty() || is_broken;
    });
    return is_sent && !is_broken;
}

bool TlsClient::read_some() {
    std::array<char, 16384> buffer;
    ERR_clear_error();
    const int n = SSL_read(ssl_.get(), buffer.data(), buffer.size());
    if (n > 0) {
        received.append(buffer.data(), static_cast<std::size_t>(n));
        return true;
    }
    const int error = SSL_get_error(ssl_.get(), n);
    is_ended_well_ = error == SSL_ERROR_ZERO_RETURN;
    is_at_end_ = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    return false;
}

const std::string& TlsClient::receive(std::size_t bytes) {
    (void)edge_.run_until([&] {
        while (received.size() < bytes && !is_at_end_ && read_some()) continue;
        return received.size() >= bytes || is_at_end_;
    });
    return received;
}

const std::string& TlsClient::receive_until(std::string_view text) {
    const auto is_there = [&] { return received.find(text) != std::string::npos; };
    (void)edge_.run_until([&] {
        while (!is_at_end_ && read_some()) continue;
        return is_there() || is_at_end_;
    });
    BOOST_REQUIRE_MESSAGE(is_there(), "received only: " + received);
    return received;
}

bool TlsClient::is_ended_well() {
    (void)edge_.run_until([&] {
        while (!is_at_end_ && read_some()) continue;
        return is_at_end_;
    });
    return is_ended_well_;
}

bool TlsClient::is_cut_off() {
    return edge_.run_until([&] {
        pollfd entry{socket_.get(), 0, 0};
        return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
    });
}

std::string TlsClient::peer_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    std::array<char, 256> name{};
    if (peer) X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name.data(), name.size());
    return name.data();
}

}  // namespace quipu::test
