#include "daemon/net/http_message.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <utility>

#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

std::string_view field(const HttpRequest& message, http::field name) {
    const auto value = message[name];
    return {value.data(), value.size()};
}

std::string_view field(const HttpRequest& message, std::string_view name) {
    const auto value = message[boost::beast::string_view(name.data(), name.size())];
    return {value.data(), value.size()};
}

bool is_safe_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string_view edge_sentence(unsigned status) {
    switch (status) {
        case 408: return "The request took too long to arrive.";
        case 413: return "The request's body is too long.";
        case 414: return "The request's target is too long.";
        case 417: return "Only the expectation 100-continue can be met.";
        case 431: return "The request's header is too long.";
        case 500: return "quipud failed to make this page; its log says why.";
        case 503: return "Too much is going on just now; try again.";
        case 505: return "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
        default: return "The request is not HTTP.";
    }
}

}  // namespace

Request page_request(const HttpRequest& message) {
    Request request;
    if (message.method() == http::verb::get)
        request.method = Method::get;
    else if (message.method() == http::verb::head)
        request.method = Method::head;
    else if (message.method() == http::verb::post)
        request.method = Method::post;
    else
        request.method = Method::other;
    request.target = {message.target().data(), message.target().size()};
    request.host = field(message, http::field::host);
    request.accept = field(message, http::field::accept);
    request.accept_encoding = field(message, http::field::accept_encoding);
    request.origin = field(message, http::field::origin);
    request.sec_fetch_site = field(message, "Sec-Fetch-Site");
    request.sec_fetch_mode = field(message, "Sec-Fetch-Mode");
    request.sec_fetch_dest = field(message, "Sec-Fetch-Dest");
    request.last_event_id = field(message, "Last-Event-ID");
    request.body = message.body();
    request.is_http_1_0 = message.version() < 11;
    return request;
}

std::string response_head(const Response& response, Framing framing, unsigned version, bool is_last, Now now) {
    http::response_header<> head;
    head.version(version);
    head.result(response.status);
    http::fields& fields = head;
    fields.set(http::field::date, http_time(now.wall_ns));
    fields.set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) {
        if (is_safe_value(value)) fields.insert(name, value);
    }
    // RFC 9112, 9.3: a connection goes on by itself since HTTP/1.1.
    if (version >= 11 && is_last) fields.set(http::field::connection, "close");
    if (version < 11 && !is_last) fields.set(http::field::connection, "keep-alive");
    if (framing == Framing::length) fields.set(http::field::content_length, std::to_string(response.body.size()));
    if (framing == Framing::chunks) fields.set(http::field::transfer_encoding, "chunked");
    http::fields::writer writer(fields, version, response.status);
    return boost::beast::buffers_to_string(writer.get());
}

Framing piece_framing(unsigned version) {
    return version < 11 ? Framing::end_of_connection : Framing::chunks;
}

std::string framed_piece(std::string piece, unsigned version) {
    if (version < 11) return piece;
    return boost::beast::buffers_to_string(http::make_chunk(boost::asio::buffer(piece)));
}

std::string_view end_of_pieces(unsigned version) {
    return version < 11 ? "" : "0\r\n\r\n";
}

Response edge_response(unsigned status) {
    Response response = error_response(status, edge_sentence(status));
    if (status == 503) response.headers.emplace_back("Retry-After", "1");
    add_common_headers(response);
    return response;
}

Response plain_to_tls_response() {
    Response response = error_response(400, "This address speaks TLS: ask for it with https://.");
    add_common_headers(response);
    return response;
}

unsigned refusal_status(boost::system::error_code error, std::string_view unparsed, bool is_in_first_line) {
    const std::size_t line_end = unparsed.find('\n');
    if (error == http::error::header_limit) {
        return is_in_first_line && line_end == std::string_view::npos ? 414 : 431;
    }
    if (error == http::error::body_limit) return 413;
    const bool names_http = unparsed.substr(0, line_end).find(" HTTP/") != std::string_view::npos;
    return error == http::error::bad_version && names_http ? 505 : 400;
}

}  // namespace quipu
