// POSTs to one OTLP collector, over HTTP or HTTPS, one at a time. The connection is kept and made anew when it is gone.
//
// The collector's certificate must be valid for the host, by the system's roots (SSL_CERT_FILE and SSL_CERT_DIR name
// others). Redirects are not followed: only the operator says where traces go. Bounded: ten seconds for all of a
// request, an answer of 64 KiB.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <string>

#include "daemon/otlp/endpoint.hpp"

namespace quipu {

namespace asio = boost::asio;

struct OtlpHttpResult {
    unsigned status = 0;  // 0: there was no answer
    std::string retry_after;
    std::string body;
    std::string problem;  // why there was none
};

class OtlpClient {
public:
    // Throws boost::system::system_error where OpenSSL cannot be set up.
    OtlpClient(asio::io_context& io, OtlpEndpoint endpoint, std::string user_agent);

    OtlpClient(const OtlpClient&) = delete;
    OtlpClient& operator=(const OtlpClient&) = delete;

    // `body` must stay until it returns. Never throws for what the network does.
    asio::awaitable<OtlpHttpResult> post(const std::string& body);

    // What is under way fails soon, and no other begins.
    void close();

    // A name is being looked up, on a thread of Asio's that nothing can stop.
    [[nodiscard]] bool is_resolving() const { return is_resolving_; }

private:
    using Plain = boost::beast::tcp_stream;
    using Secure = boost::beast::ssl_stream<boost::beast::tcp_stream>;

    [[nodiscard]] bool is_open() const { return plain_ || secure_; }

    void drop();

    Plain& lowest() { return secure_ ? secure_->next_layer() : *plain_; }

    asio::awaitable<std::string> connect();
    asio::awaitable<std::string> shake_hands();
    asio::awaitable<OtlpHttpResult> attempt(const std::string& body);
    template <typename Stream>
    asio::awaitable<OtlpHttpResult> exchange(Stream& stream, const std::string& body);

    OtlpEndpoint endpoint_;
    std::string user_agent_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    asio::ip::tcp::resolver resolver_;
    asio::io_context& io_;
    std::unique_ptr<Plain> plain_;    // one of the two, while there is a connection
    std::unique_ptr<Secure> secure_;  // not before its TCP connection stands
    boost::beast::flat_buffer buffer_;
    bool is_resolving_ = false;
    bool is_closed_ = false;
};

}  // namespace quipu
