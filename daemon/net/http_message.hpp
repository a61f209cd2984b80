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

// By what a client sees where a body ends.
enum class Framing : std::uint8_t { length, chunks, end_of_connection };

// Views into `message`.
Request page_request(const HttpRequest& message);

// What goes out before the body, up to the empty line. `version` is 10 or 11. Headers that would break the message are
// left out.
std::string response_head(const Response& response, Framing framing, unsigned version, bool is_last, Now now);

// Of a body that comes in pieces: in chunks (RFC 9112, 7.1); HTTP/1.0 knows none.
Framing piece_framing(unsigned version);
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
