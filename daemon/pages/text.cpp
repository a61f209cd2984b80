#include "daemon/pages/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace quipu {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned char byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

// Bytes that a format copies as they are, so that most of a text goes in one append.
using PlainBytes = std::array<bool, 256>;

constexpr PlainBytes ascii_but(std::string_view special) {
    PlainBytes plain{};
    for (std::size_t i = 0x20; i < 0x7F; ++i) plain[i] = true;
    for (const char c : special) plain[static_cast<unsigned char>(c)] = false;
    return plain;
}

constexpr PlainBytes plain_visible = ascii_but("");
constexpr PlainBytes plain_html = ascii_but("&<>\"'");
constexpr PlainBytes plain_json = ascii_but("\"\\<>&");
constexpr PlainBytes plain_go = ascii_but("\"\\");

constexpr PlainBytes plain_label_bytes() {
    PlainBytes plain{};
    for (std::size_t i = 0; i < 0x80; ++i) plain[i] = i != '"' && i != '\\' && i != '\n';
    return plain;
}

constexpr PlainBytes plain_label = plain_label_bytes();

// Copies runs of plain bytes; gives every other character to write_rune(rune, its bytes).
template <typename WriteRune>
void append_by_rune(std::string& out, std::string_view text, const PlainBytes& plain, WriteRune write_rune) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t begin = at;
        while (at < text.size() && plain[byte_at(text, at)]) ++at;
        out.append(text, begin, at - begin);
        if (at == text.size()) return;
        const Rune rune = rune_at(text, at);
        write_rune(rune, text.substr(at, rune.length));
        at += rune.length;
    }
}

void append_hex4(std::string& out, char32_t code) {
    for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[code >> shift & 15];
}

void append_name_of_hidden(std::string& out, char32_t code) {
    if (code < 0x20) {
        append_utf8(out, 0x2400 + code);  // control pictures
    } else if (code == 0x7F) {
        append_utf8(out, 0x2421);
    } else {
        constexpr std::string_view upper_digits = "0123456789ABCDEF";
        out += "[U+";
        for (int shift = code > 0xFFFF ? 16 : 12; shift >= 0; shift -= 4) out += upper_digits[code >> shift & 15];
        out += ']';
    }
}

bool is_line_text(char32_t code) {
    return code == '\n' || code == '\t';
}

}  // namespace

bool is_hidden(char32_t code) {
    if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return true;
    if (code < 0xAD) return false;
    constexpr std::array<std::pair<char32_t, char32_t>, 9> ranges = {{
        {0xAD, 0xAD},        // soft hyphen
        {0x061C, 0x061C},    // Arabic letter mark
        {0x180E, 0x180E},    // Mongolian vowel separator
        {0x200B, 0x200B},    // zero-width space; the joiners 200C and 200D belong to scripts and emoji
        {0x200E, 0x200F},    // left-to-right and right-to-left marks
        {0x2028, 0x202E},    // separators, embeddings, overrides
        {0x2060, 0x206F},    // word joiner, isolates
        {0xFEFF, 0xFEFF},    // byte order mark
        {0xE0000, 0xE007F},  // tags
    }};
    return std::any_of(ranges.begin(), ranges.end(), [code](const auto& range) {
        return code >= range.first && code <= range.second;
    });
}

void append_utf8(std::string& out, char32_t code) {
    const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

void append_repaired(std::string& out, std::string_view text) {
    append_by_rune(out, text, plain_label, [&out](Rune rune, std::string_view bytes) {
        out += rune.is_valid ? bytes : replacement;
    });
}

void append_visible(std::string& out, std::string_view text, Lines lines) {
    append_by_rune(out, text, plain_visible, [&out, lines](Rune rune, std::string_view bytes) {
        if (!rune.is_valid) {
            out += replacement;
        } else if (is_hidden(rune.code) && !(lines == Lines::kept && is_line_text(rune.code))) {
            append_name_of_hidden(out, rune.code);
        } else {
            out += bytes;
        }
    });
}

std::string visible(std::string_view text, Lines lines) {
    std::string out;
    append_visible(out, text, lines);
    return out;
}

std::string shortened(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return std::string(text);
    std::size_t end = max_bytes;
    while (end > 0 && (byte_at(text, end) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end)).append("...");
}

void append_html(std::string& out, std::string_view text) {
    append_by_rune(out, text, plain_html, [&out](Rune rune, std::string_view bytes) {
        if (!rune.is_valid) {
            out += replacement;
            return;
        }
        switch (rune.code) {
            case '&': out += "&amp;"; return;
            case '<': out += "&lt;"; return;
            case '>': out += "&gt;"; return;
            case '"': out += "&#34;"; return;
            case '\'': out += "&#39;"; return;
            default: break;
        }
        if (is_hidden(rune.code) && !is_line_text(rune.code)) {
            append_name_of_hidden(out, rune.code);
        } else {
            out += bytes;
        }
    });
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    append_by_rune(out, text, plain_json, [&out](Rune rune, std::string_view bytes) {
        const bool is_escaped = rune.code < 0x80 || rune.code == 0x2028 || rune.code == 0x2029;
        if (!rune.is_valid) {
            out += replacement;
        } else if (is_escaped) {
            out += "\\u";
            append_hex4(out, rune.code);
        } else {
            out += bytes;
        }
    });
    out += '"';
}

void append_go_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_by_rune(out, text, plain_go, [&out](Rune rune, std::string_view bytes) {
        constexpr std::string_view named = "\a\b\f\n\r\t\v\\\"";
        constexpr std::string_view names = "abfnrtv\\\"";
        const std::size_t name = bytes.size() == 1 ? named.find(bytes[0]) : std::string_view::npos;
        if (name != std::string_view::npos) {
            out += '\\';
            out += names[name];
        } else if (!rune.is_valid || rune.code < 0x80) {
            out += "\\x";
            out += hex_digits[byte_at(bytes, 0) >> 4];
            out += hex_digits[byte_at(bytes, 0) & 15];
        } else if (is_hidden(rune.code)) {
            out += rune.code > 0xFFFF ? "\\U0000" : "\\u";
            if (rune.code > 0xFFFF) out.back() = hex_digits[rune.code >> 16 & 15];
            append_hex4(out, rune.code);
        } else {
            out += bytes;
        }
    });
    out += '"';
}

void append_label_value(std::string& out, std::string_view text) {
    append_by_rune(out, text, plain_label, [&out](Rune rune, std::string_view bytes) {
        switch (rune.code) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            default: out += rune.is_valid ? bytes : replacement; break;
        }
    });
}

void append_help(std::string& out, std::string_view text, bool is_quote_escaped) {
    append_by_rune(out, text, plain_label, [&out, is_quote_escaped](Rune rune, std::string_view bytes) {
        switch (rune.code) {
            case '"': out += is_quote_escaped ? "\\\"" : "\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            default: out += rune.is_valid ? bytes : replacement; break;
        }
    });
}

void append_percent_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view upper_digits = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        const bool is_digit = byte >= '0' && byte <= '9';
        if (is_letter || is_digit || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += upper_digits[byte >> 4];
            out += upper_digits[byte & 15];
        }
    }
}

void append_integer(std::string& out, std::uint64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_integer(std::string& out, std::int64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_finite(std::string& out, double value) {
    constexpr double exact = 9007199254740992.0;  // 2^53
    const bool is_minus_zero = value == 0 && std::signbit(value);
    if (value >= -exact && value <= exact && value == std::trunc(value) && !is_minus_zero) {
        append_integer(out, static_cast<std::int64_t>(value));
        return;
    }
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general).ptr;
    out.append(digits.data(), end);
}

std::string grouped(std::uint64_t value) {
    std::string digits;
    append_integer(digits, value);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += "\xC2\xA0";
        out += digits[i];
    }
    return out;
}

std::string number_text(double value) {
    if (std::isnan(value)) return "not a number";
    if (std::isinf(value)) return value < 0 ? "minus infinite" : "infinite";
    const std::string sign = value < 0 ? "-" : "";
    const double size = std::abs(value);
    if (size >= 9e15) {
        std::string out;
        append_finite(out, value);
        return out;
    }
    if (size >= 100 || size == std::floor(size)) return sign + grouped(static_cast<std::uint64_t>(std::round(size)));
    const double digits = size < 0.1 ? 10'000 : size < 1 ? 1000 : size < 10 ? 100 : 10;
    std::string out = sign;
    append_finite(out, std::round(size * digits) / digits);
    return out;
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    std::string out;
    append_finite(out, value < 100 ? std::round(value * 10) / 10 : std::round(value));
    return out.append("\xC2\xA0").append(units[unit]);
}

bool equals_folded(std::string_view a, std::string_view b) {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [fold](char x, char y) { return fold(x) == fold(y); });
}

bool contains_folded(std::string_view text, std::string_view needle) {
    if (needle.empty()) return true;
    // memchr for the first letter in either case leaves little to compare, however long the text is.
    const auto first = static_cast<unsigned char>(needle[0]);
    const bool is_letter = (first | 0x20) >= 'a' && (first | 0x20) <= 'z';
    const std::array<int, 2> firsts = {is_letter ? first | 0x20 : first, is_letter ? first & ~0x20 : first};
    for (std::size_t which = 0; which < (is_letter ? 2U : 1U); ++which) {
        std::size_t at = 0;
        while (at + needle.size() <= text.size()) {
            const void* found = std::memchr(text.data() + at, firsts[which], text.size() - needle.size() + 1 - at);
            if (!found) break;
            at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
            if (equals_folded(text.substr(at, needle.size()), needle)) return true;
            ++at;
        }
    }
    return false;
}

}  // namespace quipu
