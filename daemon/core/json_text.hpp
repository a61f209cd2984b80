// JSON documents that mail daemons send as the values of variables: checked, and put in the form in which they are
// published.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quipu {

inline constexpr int max_json_depth = 32;

// The document on one line: without blanks between its parts, numbers as they are, strings escaped as
// append_json_string() of the pages does it (never the bytes `\\` or `\"`, no markup). Nothing: it is not JSON (RFC
// 8259), not UTF-8, or deeper than max_json_depth.
std::optional<std::string> checked_json(std::string_view text);

}  // namespace quipu
