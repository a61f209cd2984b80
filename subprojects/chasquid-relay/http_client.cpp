#include "http_client.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace relay {

namespace {

namespace http = boost::beast::http;
using namespace std::chrono_literals;
using mailside::as_result;
using mailside::awaitable;
using mailside::Clock;
using mailside::error_code;
using mailside::StreamEndpoint;
using mailside::Wire;

constexpr std::uint32_t max_head_bytes = 64 * 1024;

// Feeds what has come to the parser. false: the reply is no HTTP, or too long.
bool parse(http::response_parser<http::string_body>& parser, std::string& input, error_code& ec) {
    while (!input.empty() && !parser.is_done()) {
        const std::size_t used = parser.put(asio::buffer(input), ec);
        input.erase(0, used);
        if (ec == http::error::need_more) {
            ec = {};
            return true;
        }
        if (ec) return false;
    }
    return true;
}

std::string describe(error_code ec) {
    if (ec == asio::error::timed_out) return "does not answer in time";
    if (ec == asio::error::eof) return "closed the connection in the middle of a reply";
    if (ec == http::error::body_limit) return "sends more than is taken";
    if (ec.category() == http::make_error_code(http::error::bad_version).category()) {
        return "does not answer in HTTP: " + ec.message();
    }
    return "does not answer: " + ec.message();
}

}  // namespace

HttpClient::HttpClient(asio::any_io_executor executor, Target target, asio::ssl::context& tls)
    : executor_(std::move(executor)), target_(std::move(target)), tls_(tls) {}

HttpClient::~HttpClient() {
    close();
}

void HttpClient::interrupt() {
    is_interrupted_ = true;
    if (wire_) wire_->interrupt();
}

void HttpClient::close() {
    if (wire_) wire_->close();
    wire_.reset();
}

awaitable<std::string> HttpClient::connect(Clock::time_point deadline) {
    std::vector<StreamEndpoint> endpoints;
    if (!target_.unix_path.empty()) {
        endpoints.emplace_back(asio::local::stream_protocol::endpoint(target_.unix_path));
    } else {
        mailside::tcp::resolver resolver(executor_);
        const std::string port = std::to_string(target_.port);
        auto [ec, found] = co_await resolver.async_resolve(target_.host, port, as_result);
        if (ec) co_return "cannot be found: " + ec.message();
        for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
    }
    auto wire = std::make_shared<Wire>(mailside::StreamSocket(executor_));
    wire_ = wire;
    error_code ec = co_await wire->connect(std::move(endpoints), deadline);
    if (!ec && target_.is_tls) {
        ec = co_await wire->connect_tls(tls_, target_.host, deadline);
        if (!ec && !wire->is_verified()) {
            close();
            co_return "has a certificate that is not to be trusted, or is not that host's";
        }
    }
    if (!ec) co_return std::string();
    close();
    co_return describe(ec);
}

awaitable<Reply> HttpClient::stream(std::string path, Allowance allowance, Take take) {
    const auto end = Clock::now() + allowance.whole;
    auto until = std::min(end, Clock::now() + allowance.first_byte);
    Reply reply;
    if (!wire_) {
        reply.error = co_await connect(until);
        if (!reply.error.empty()) co_return reply;
    }
    const std::shared_ptr<Wire> wire = wire_;
    if (is_interrupted_) wire->interrupt();
    std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + target_.host_header;
    request += "\r\nUser-Agent: chasquid-relay\r\nAccept: */*\r\n\r\n";
    wire->write(request);
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(max_head_bytes);
    parser.body_limit(allowance.body_bytes);
    error_code ec;
    bool is_wanted = true;
    while (!parser.is_done() && is_wanted && !ec) {
        ec = co_await wire->fill(until);
        if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated) {
            // The end of a body without a length.
            error_code end_error;
            parser.put_eof(end_error);
            if (parser.is_done()) ec = {};
            break;
        }
        if (ec || !parse(parser, wire->input(), ec)) break;
        until = std::min(end, Clock::now() + allowance.silence);
        if (take && parser.is_header_done() && parser.get().result_int() == 200) {
            std::string piece = std::exchange(parser.get().body(), {});
            if (!piece.empty()) is_wanted = co_await take(std::move(piece));
        }
    }
    if (ec || !is_wanted) {
        close();
        reply.error = ec ? describe(ec) : "was not asked any longer";
        co_return reply;
    }
    reply.status = parser.get().result_int();
    reply.body = std::move(parser.get().body());
    if (!parser.get().keep_alive() || parser.need_eof()) close();
    co_return reply;
}

awaitable<Reply> HttpClient::get(std::string path, Allowance allowance) {
    Take nothing;
    Reply reply = co_await stream(std::move(path), allowance, std::move(nothing));
    co_return reply;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '.' || c == '_' || c == '~';
        if (is_plain) {
            out += c;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 15];
        }
    }
    return out;
}

}  // namespace relay
