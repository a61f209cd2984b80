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
        if (kind == 'u') return unicode_escape();
        if (kind == '\0' || std::string_view("/bfnrt").find(kind) == std::string_view::npos) return false;
        copy(2);
        return true;
    }

    // The four hex digits behind a "\u" at that place; nothing: they are not there.
    [[nodiscard]] std::optional<unsigned> escaped_code(std::size_t at) const {
        if (rest_.size() < at + 6 || rest_.substr(at, 2) != "\\u") return std::nullopt;
        const std::string_view digits_of_it = rest_.substr(at + 2, 4);
        const char* const end = digits_of_it.data() + digits_of_it.size();
        unsigned code = 0;
        const auto [read_to, error] = std::from_chars(digits_of_it.data(), end, code, 16);
        return error == std::errc{} && read_to == end ? std::optional(code) : std::nullopt;
    }

    // A code point by number. Half a pair is none, and readers refuse all of the document for it.
    bool unicode_escape() {
        constexpr std::size_t length = 6;
        const auto is_in = [](std::optional<unsigned> code, unsigned first, unsigned last) {
            return code && *code >= first && *code <= last;
        };
        const std::optional<unsigned> code = escaped_code(0);
        if (!code || is_in(code, 0xDC00, 0xDFFF)) return false;
        const bool is_pair = is_in(code, 0xD800, 0xDBFF);
        if (is_pair && !is_in(escaped_code(length), 0xDC00, 0xDFFF)) return false;
        copy(is_pair ? 2 * length : length);
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
