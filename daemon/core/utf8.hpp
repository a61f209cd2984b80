// Characters in bytes that a peer sent (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace quipu {

struct Rune {
    char32_t code = 0xFFFD;
    std::size_t length = 1;  // bytes in the input
    bool is_valid = false;
};

// The character that begins at text[at]; `at` must be inside.
Rune rune_at(std::string_view text, std::size_t at);

// All of it is.
bool is_utf8(std::string_view text);

}  // namespace quipu
