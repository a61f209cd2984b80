#include "proto/masking.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace quipu {

namespace {

// "tls-Private_key" and "tlsPrivateKey" -> tls, private, key
std::vector<std::string> words(std::string_view key) {
    std::vector<std::string> result(1);
    bool was_lower = false;
    for (const char raw : key) {
        const auto c = static_cast<unsigned char>(raw);
        const bool starts_word = std::isupper(c) != 0 && was_lower;
        if (std::isalnum(c) == 0 || starts_word) result.emplace_back();
        if (std::isalnum(c) != 0) result.back() += static_cast<char>(std::tolower(c));
        was_lower = std::islower(c) != 0;
    }
    std::erase(result, std::string{});
    return result;
}

bool is_one_of(std::string_view word, auto& list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 11> secret_words = {
    "password", "passwd", "pass", "pw", "pwd", "passphrase", "secret", "token", "credential", "credentials", "apikey"};
// What a secret's key ends in when its value only says where the secret is.
constexpr std::array<std::string_view, 7> place_words = {"file", "path", "dir", "directory", "socket", "name", "env"};

std::size_t value_start(std::string_view text, std::string_view separators) {
    const std::size_t at = text.find_first_of(separators);
    return at == std::string_view::npos ? at : at + 1;
}

// scheme://user:password@host
std::string mask_url(std::string text) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string::npos) return text;
    const std::size_t end = text.find_first_of("/ \t\"'", scheme + 3);
    const std::size_t at = text.rfind('@', end);
    const std::size_t colon = text.find(':', scheme + 3);
    if (at == std::string::npos || colon == std::string::npos || at < scheme || colon > at) return text;
    return text.replace(colon + 1, at - colon - 1, masked);
}

std::string_view trim_dashes(std::string_view text) {
    while (text.starts_with('-')) text.remove_prefix(1);
    return text;
}

std::string mask_line(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') return std::string(line);
    const std::size_t key_end = line.find_first_of(":= \t", first);
    if (key_end == std::string_view::npos || !is_secret_key(line.substr(first, key_end - first))) {
        return mask_url(std::string(line));
    }
    const std::size_t value = line.find_first_not_of(":= \t", key_end);
    if (value == std::string_view::npos) return std::string(line);
    return std::string(line.substr(0, value)).append(masked);
}

}  // namespace

bool is_secret_key(std::string_view key) {
    const std::vector<std::string> all = words(key);
    if (all.empty() || is_one_of(all.back(), place_words)) return false;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (is_one_of(all[i], secret_words)) return true;
        const bool is_key_next = i + 1 < all.size() && all[i + 1] == "key";
        if (is_key_next && all[i] == "api") return true;
    }
    return false;
}

std::vector<std::string> masked_cmdline(std::vector<std::string> args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::size_t value = value_start(args[i], "=");
        if (value != std::string::npos) {
            if (is_secret_key(trim_dashes(std::string_view(args[i]).substr(0, value - 1)))) {
                args[i].replace(value, std::string::npos, masked);
            }
        } else if (args[i].starts_with('-') && is_secret_key(trim_dashes(args[i])) && i + 1 < args.size()) {
            args[++i] = masked;
            continue;
        }
        args[i] = mask_url(std::move(args[i]));
    }
    return args;
}

std::vector<Flag> masked_flags(std::vector<Flag> flags) {
    for (Flag& flag : flags) {
        if (is_secret_key(flag.name) && !flag.value.empty()) flag.value = masked;
        flag.value = mask_url(std::move(flag.value));
    }
    return flags;
}

std::string masked_config(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        result += mask_line(text.substr(0, end));
        if (end < text.size()) result += '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

}  // namespace quipu
