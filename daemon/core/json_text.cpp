#include "daemon/core/json_text.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/core/utf8.hpp"

namespace quipu {

namespace {

constexpr std::string_view digits = "0123456789";

// Reads the document from its beginning to its end, and writes it as it goes.
class Checker {
public:
    explicit Checker(std::string_view text) : rest_(text) {}

    std::optional<std::string> run() {
        out_.reserve(rest_.size());
        blanks();
        if (!value(0)) return std::nullopt;
        blanks();
        if (!rest_.empty()) return std::nullopt;
        return std::move(out_);
    }

private:
    [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }

    void copy(std::size_t bytes) {
        out_ += rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
    }

    bool take(char c) {
        if (next() != c || rest_.empty()) return false;
        copy(1);
        return true;
    }

    void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    bool word(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        copy(expected.size());
        return true;
    }

    bool value(int depth) {
        switch (next()) {
            case '{': return depth < max_json_depth && members(depth, '{', '}', true);
            case '[': return depth < max_json_depth && members(depth, '[', ']', false);
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            default: return number();
        }
    }

    bool members(int depth, char open, char close, bool has_names) {
        take(open);
        blanks();
        if (take(close)) return true;
        do {
            blanks();
            if (has_names) {
                if (next() != '"' || !string()) return false;
                blanks();
                if (!take(':')) return false;
                blanks();
            }
            if (!value(depth + 1)) return false;
            blanks();
        } while (take(','));
        return take(close);
    }

    // One digit or more.
    bool some_digits() {
        const std::size_t count = std::min(rest_.find_first_not_of(digits), rest_.size());
        copy(count);
        return count > 0;
    }

    bool number() {
        take('-');
        if (next() == '0') {
            copy(1);
        } else if (!some_digits()) {
            return false;
        }
        if (take('.') && !some_digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return some_digits();
        }
        return true;
    }

    void escape(char32_t code) {
        constexpr std::string_view hex = "0123456789abcdef";
        out_ += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) out_ += hex[code >> shift & 15];
    }

    bool string() {
        take('"');
        while (!rest_.empty()) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            if (byte == '"') return take('"');
            if (byte < 0x20) return false;
            if (byte == '\\') {
                if (!escaped()) return false;
            } else if (byte >= 0x80) {
                if (!character()) return false;
            } else if (byte == '<' || byte == '>' || byte == '&') {
                escape(byte);
                rest_.remove_prefix(1);
            } else {
                copy(1);
            }
        }
        return false;
    }

    bool escaped() {
        const char kind = rest_.size() > 1 ? rest_[1] : '\0';
        if (kind == '"' || kind == '\\') {
            escape(static_cast<unsigned char>(kind));
            rest_.remove_prefix(2);
            return true;
        }
        if (kind == 'u') {
            constexpr std::string_view hex = "0123456789abcdefABCDEF";
            if (rest_.size() < 6 || rest_.substr(2, 4).find_first_not_of(hex) != std::string_view::npos) return false;
            return unicode_escape();
        }
        if (kind == '\0' || std::string_view("/bfnrt").find(kind) == std::string_view::npos) return false;
        copy(2);
        return true;
    }

    // \uXXXX. Half a pair is no character, and readers refuse all of the document for it.
    bool unicode_escape() {
        const auto code_at = [this](std::size_t at) {
            unsigned code = 0;
            const char* begin = rest_.data() + at;
            const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
            return error == std::errc{} && end == begin + 4 ? code : 0U;
        };
        const unsigned code = code_at(2);
        std::size_t length = 6;
        if (code >= 0xDC00 && code <= 0xDFFF) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
            const bool has_second = rest_.size() >= 12 && rest_.substr(6, 2) == "\\u";
            const unsigned second = has_second ? code_at(8) : 0U;
            if (second < 0xDC00 || second > 0xDFFF) return false;
            length = 12;
        }
        copy(length);
        return true;
    }

    // One character beyond ASCII.
    bool character() {
        const Rune rune = rune_at(rest_, 0);
        if (!rune.is_valid) return false;
        if (rune.code == 0x2028 || rune.code == 0x2029) {  // ends of lines to JavaScript
            escape(rune.code);
            rest_.remove_prefix(rune.length);
        } else {
            copy(rune.length);
        }
        return true;
    }

    std::string_view rest_;
    std::string out_;
};

}  // namespace

std::optional<std::string> checked_json(std::string_view text) {
    return Checker(text).run();
}

}  // namespace quipu
