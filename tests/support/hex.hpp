// Bytes as text and back. The text form may hold spaces, line ends and comments from '#' to the line's end.
#pragma once

#include <string>
#include <string_view>

#include "proto/frame.hpp"

namespace quipu::test {

// "0a 02 ff", sixteen bytes a line, each line ended.
std::string to_hex(std::string_view bytes);

// Fails the test case where the text is not hex.
std::string from_hex(std::string_view text);

// The same bytes for a reader.
Bytes as_bytes(std::string_view text);

// The first frame's payload, without its length prefix.
std::string_view payload_of(std::string_view frame);

// A protobuf field of wire type 2: tag, length, body.
std::string nested(unsigned tag, std::string_view body);

}  // namespace quipu::test
