// Between Beast's messages and the pages' Request and Response. No sockets.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/core/now.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

namespace http = boost::beast::http;

using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

// Views into `message`.
Request page_request(const HttpRequest& message);

// `version` is 10 or 11. Headers that would break the message are left out.
HttpResponse http_response(Response response, unsigned version, bool is_last, Now now);

// All of it, as bytes.
std::string whole_text(const HttpResponse& message);

// The header of a response that ends with its connection, as bytes. `response.body` is left out.
std::string stream_header(const Response& response, unsigned version, Now now);

// The header of a response that comes in pieces: in chunks (RFC 9112, 7.1), or as HTTP/1.0 knows none, up to the end of
// the connection.
std::string pieces_header(const Response& response, unsigned version, bool is_last, Now now);
// A piece as it goes out; not empty, since an empty chunk is the last.
std::string framed_piece(std::string piece, unsigned version);
// What comes after the last one.
std::string_view end_of_pieces(unsigned version);

// What the edge itself answers: the sentence that goes with a status, with the headers that every response gets.
Response edge_response(unsigned status);

// For HTTP without TLS where TLS is spoken.
Response plain_to_tls_response();

// The status for a request that Beast does not take. `unparsed`: from the first byte that it did not understand.
unsigned refusal_status(boost::system::error_code error, std::string_view unparsed, bool is_in_first_line);

}  // namespace quipu
