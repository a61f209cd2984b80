#include "tests/support/hex.hpp"

#include <boost/test/unit_test.hpp>

#include <charconv>

#include "proto/limits.hpp"

namespace quipu::test {

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t bytes_per_line = 16;
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out += digits[byte >> 4];
        out += digits[byte & 15];
        const bool is_line_end = i + 1 == bytes.size() || i % bytes_per_line == bytes_per_line - 1;
        out += is_line_end ? '\n' : ' ';
    }
    return out;
}

std::string from_hex(std::string_view text) {
    std::string digits;
    bool in_comment = false;
    for (const char c : text) {
        if (c == '#') in_comment = true;
        if (c == '\n') in_comment = false;
        if (!in_comment && c != ' ' && c != '\n') digits += c;
    }
    BOOST_REQUIRE_MESSAGE(digits.size() % 2 == 0, "odd number of hex digits");
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        unsigned byte = 0;
        const char* begin = digits.data() + i;
        const auto [end, ec] = std::from_chars(begin, begin + 2, byte, 16);
        BOOST_REQUIRE_MESSAGE(ec == std::errc{} && end == begin + 2, "not hex: " << digits.substr(i, 2));
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view payload_of(std::string_view frame) {
    return frame.substr(limits::frame_header_bytes);
}

std::string nested(unsigned tag, std::string_view body) {
    std::string out;
    const auto add_varint = [&](std::size_t value) {
        for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
        out += static_cast<char>(value);
    };
    add_varint(tag << 3 | 2);
    add_varint(body.size());
    return out.append(body);
}

}  // namespace quipu::test
