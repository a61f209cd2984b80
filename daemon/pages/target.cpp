#include "daemon/pages/target.hpp"

#include <algorithm>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::size_t max_parameters = 64;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool decode(std::string_view text, bool is_plus_blank, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3) return false;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(static_cast<unsigned char>(high << 4 | low));
            i += 2;
        } else if (c == '+' && is_plus_blank) {
            c = ' ';
        }
        if (c == '\0') return false;
        out += c;
    }
    return true;
}

bool parse_query(std::string_view query, std::vector<std::pair<std::string, std::string>>& out) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) continue;
        if (out.size() == max_parameters) return false;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto& [name, value] = out.emplace_back();
        const std::string_view value_text = equals < pair.size() ? pair.substr(equals + 1) : std::string_view{};
        if (!decode(pair.substr(0, equals), true, name) || !decode(value_text, true, value)) return false;
    }
    return true;
}

// Leaves the origin form in `target`.
bool take_authority(std::string_view& target, std::string& authority) {
    for (const std::string_view scheme : {std::string_view{"http://"}, std::string_view{"https://"}}) {
        if (!equals_folded(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        authority = target.substr(0, end);
        target.remove_prefix(end);
        return !authority.empty();
    }
    return target.starts_with('/');
}

}  // namespace

bool parse_target(std::string_view target, Target& out) {
    out = {};
    if (!take_authority(target, out.authority)) return false;
    target = target.substr(0, target.find('#'));
    const std::size_t end = std::min(target.find('?'), target.size());
    if (!decode(target.substr(0, end), false, out.path)) return false;
    if (out.path.empty()) out.path = "/";
    return end == target.size() || parse_query(target.substr(end + 1), out.parameters);
}

Link& Link::with(std::string_view name, std::string_view value) {
    text_ += has_query_ ? '&' : '?';
    has_query_ = true;
    append_percent_encoded(text_, name);
    text_ += '=';
    append_percent_encoded(text_, value);
    return *this;
}

Link& Link::with(std::string_view name, std::int64_t value) {
    std::string digits;
    append_integer(digits, value);
    return with(name, digits);
}

}  // namespace quipu
