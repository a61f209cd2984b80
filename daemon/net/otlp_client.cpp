#include "daemon/net/otlp_client.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <utility>

#include "daemon/net/exchange.hpp"

namespace quipu {

namespace {

namespace http = boost::beast::http;
using namespace std::chrono_literals;

constexpr auto request_time = 10s;
constexpr std::uint64_t answer_bytes = 64 * 1024;
constexpr std::uint32_t header_bytes = 16 * 1024;

}  // namespace

OtlpClient::OtlpClient(asio::io_context& io, OtlpEndpoint endpoint, std::string user_agent)
    : endpoint_(std::move(endpoint)),
      user_agent_(std::move(user_agent)),
      resolver_(io),
      io_(io),
      buffer_(header_bytes + answer_bytes) {
    tls_.set_default_verify_paths();
    tls_.set_verify_mode(asio::ssl::verify_peer);
    (void)SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_2_VERSION);
}

void OtlpClient::drop() {
    plain_.reset();
    secure_.reset();
    buffer_.clear();
}

void OtlpClient::close() {
    is_closed_ = true;
    resolver_.cancel();
    if (is_open()) lowest().close();
}

asio::awaitable<OtlpHttpResult> OtlpClient::post(const std::string& body) {
    const bool was_open = is_open();
    OtlpHttpResult result = co_await attempt(body);
    // A collector may close a connection that rests: that is no failure of the request yet.
    if (result.status == 0 && was_open && !is_closed_) result = co_await attempt(body);
    co_return result;
}

asio::awaitable<OtlpHttpResult> OtlpClient::attempt(const std::string& body) {
    OtlpHttpResult result;
    if (!is_open()) result.problem = co_await connect();
    if (result.problem.empty() && secure_) {
        result = co_await exchange(*secure_, body);
    } else if (result.problem.empty()) {
        result = co_await exchange(*plain_, body);
    }
    if (result.status == 0) drop();
    co_return result;
}

// Empty: it stands.
asio::awaitable<std::string> OtlpClient::connect() {
    if (is_closed_) co_return "quipud stops";
    is_resolving_ = true;
    auto [lookup_error, addresses] = co_await resolver_.async_resolve(endpoint_.host, endpoint_.port, as_result);
    is_resolving_ = false;
    if (lookup_error) co_return "cannot look up " + endpoint_.host + ": " + lookup_error.message();
    plain_ = std::make_unique<Plain>(io_);
    plain_->expires_after(request_time);
    const auto [error, address] = co_await plain_->async_connect(addresses, as_result);
    if (error) co_return "cannot connect to " + endpoint_.authority() + ": " + error.message();
    if (is_closed_) co_return "quipud stops";
    if (!endpoint_.is_tls) co_return "";
    const std::string problem = co_await shake_hands();
    co_return problem;
}

asio::awaitable<std::string> OtlpClient::shake_hands() {
    secure_ = std::make_unique<Secure>(std::move(*plain_), tls_);
    plain_.reset();
    secure_->set_verify_callback(asio::ssl::host_name_verification(endpoint_.host));
    (void)SSL_set_tlsext_host_name(secure_->native_handle(), endpoint_.host.c_str());
    const auto [error] = co_await secure_->async_handshake(asio::ssl::stream_base::client, as_result);
    if (!error) co_return "";
    co_return "no TLS with " + endpoint_.authority() + ": " + error.message();
}

template <typename Stream>
asio::awaitable<OtlpHttpResult> OtlpClient::exchange(Stream& stream, const std::string& body) {
    OtlpHttpResult result;
    http::request<http::span_body<const char>> request(http::verb::post, endpoint_.target, 11);
    request.set(http::field::host, endpoint_.authority());
    request.set(http::field::user_agent, user_agent_);
    request.set(http::field::content_type, "application/x-protobuf");
    request.body() = boost::beast::span<const char>(body.data(), body.size());
    request.prepare_payload();
    lowest().expires_after(request_time);
    const auto [write_error, written] = co_await http::async_write(stream, request, as_result);
    http::response_parser<http::string_body> parser;
    parser.header_limit(header_bytes);
    parser.body_limit(answer_bytes);
    // Also where not all could be written: who refuses a request may say so before it has come.
    const auto [error, read] = co_await http::async_read(stream, buffer_, parser, as_result);
    if (error) {
        result.problem = (write_error ? write_error : error).message();
        co_return result;
    }
    const auto& response = parser.get();
    result.status = response.result_int();
    result.retry_after = response[http::field::retry_after];
    result.body = response.body();
    if (write_error || !response.keep_alive()) drop();
    co_return result;
}

}  // namespace quipu
