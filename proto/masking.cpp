#include "proto/masking.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace quipu {

namespace {

constexpr std::string_view blanks = " \t";

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

bool is_one_of(std::string_view word, const auto& list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 16> secret_words = {
    "pass",
    "pw",
    "pwd",
    "passcode",
    "pin",
    "credential",
    "credentials",
    "creds",
    "apikey",
    "authkey",
    "secretkey",
    "accesskey",
    "signingkey",
    "encryptionkey",
    "authorization",
    "cookie"};
// "dbpassword" is one word to us.
constexpr std::array<std::string_view, 9> secret_endings = {
    "password", "passwords", "passwd", "passphrase", "passphrases", "secret", "secrets", "token", "tokens"};
// Words that make a secret of the word "key" behind them. Not "private": mail daemons give the path of one.
constexpr std::array<std::string_view, 8> key_words = {
    "api", "access", "auth", "signing", "encryption", "master", "shared", "hmac"};
// What a secret's key ends in when its value only says where the secret is.
constexpr std::array<std::string_view, 7> place_words = {"file", "path", "dir", "directory", "socket", "name", "env"};

bool is_listed(std::string_view key, const Secrets& secrets) {
    if (secrets.names.empty()) return false;
    const std::vector<std::string> wanted = words(key);
    return std::any_of(secrets.names.begin(), secrets.names.end(), [&](const std::string& name) {
        return words(name) == wanted;
    });
}

bool is_secret(std::string_view key, const Secrets& secrets) {
    return is_secret_key(key) || is_listed(key, secrets);
}

// --- Inside any text --------------------------------------------------------------------------------------------

void replace(std::string& text, std::size_t at, std::size_t size) {
    text.replace(at, size, masked);
}

// scheme://user:password@host, wherever it stands.
void mask_urls(std::string& text) {
    constexpr std::string_view mark = "://";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
        at += mark.size();
        const std::size_t end = std::min(text.find_first_of(" \t\n\"'<>", at), text.size());
        const std::size_t colon = text.find(':', at);
        const std::size_t host = text.substr(0, end).rfind('@');
        if (colon == std::string::npos || host == std::string::npos || host < at || colon > host) continue;
        replace(text, colon + 1, host - colon - 1);
        at = colon + 1 + masked.size();
    }
}

void mask_values(std::string& text, const Secrets& secrets) {
    for (const std::string& value : secrets.values) {
        if (value.empty()) continue;
        for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + masked.size())) {
            replace(text, at, value.size());
        }
    }
}

// A private key's lines, or the one line that somebody has made of them.
void mask_private_keys(std::string& text) {
    constexpr std::string_view begin = "-----BEGIN ";
    constexpr std::string_view dashes = "-----";
    std::size_t at = 0;
    while ((at = text.find(begin, at)) != std::string::npos) {
        at += begin.size();
        const std::size_t title_end = text.find(dashes, at);
        if (title_end == std::string::npos) return;
        const bool is_private = text.substr(at, title_end - at).find("PRIVATE KEY") != std::string::npos;
        at = title_end + dashes.size();
        if (!is_private) continue;
        const std::size_t end = std::min(text.find("-----END", at), text.size());
        replace(text, at, end - at);
        at += masked.size();
    }
}

bool is_key_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

// Behind `key`, which ends at `at`: a separator and the blanks around it. npos: it is no key.
std::size_t value_after(std::string_view text, std::size_t at, bool is_tag) {
    if (at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;
    at = std::min(text.find_first_not_of(blanks, at), text.size());
    if (at == text.size()) return std::string_view::npos;
    if (text[at] != ':' && text[at] != '=' && !(is_tag && text[at] == '>')) return std::string_view::npos;
    return std::min(text.find_first_not_of(":=> \t", at), text.size());
}

// Of a string that begins with its quote at `at`: behind the closing one.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == text[at])
            return i + 1;
    }
    return text.size();
}

// Of a value that begins at `at`, right behind `separator`.
std::size_t end_of_value(std::string_view text, std::size_t at, std::string_view separator) {
    const auto is_quote = [](char c) { return c == '"' || c == '\''; };
    if (is_quote(text[at])) {
        // "a"b and "a"'b' are one value, as a shell reads them.
        constexpr std::string_view behind = " \t\n&,;)]}<>";
        while (at < text.size() && is_quote(text[at])) at = end_of_quoted(text, at);
        const bool is_over = at >= text.size() || behind.find(text[at]) != std::string_view::npos;
        if (is_over || text.substr(at).starts_with("/>")) return at;
    }
    // "Authorization: Bearer x", "password: x y": to the end of the line.
    const bool is_to_line_end = separator.find(": ") != std::string_view::npos;
    const std::string_view ends = separator.ends_with('>') ? "<\n" : is_to_line_end ? "\n" : " \t\n&";
    return std::min(text.find_first_of(ends, at), text.size());
}

// `key=value`, `key: value`, `"key":"value"` and `<key>value<`, anywhere in a line.
std::string mask_pairs(std::string_view text, const Secrets& secrets) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        if (!is_key_character(text[i])) {
            out += text[i++];
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && is_key_character(text[end])) ++end;
        const std::string_view key = text.substr(i, end - i);
        const bool is_tag = i > 0 && text[i - 1] == '<';
        const std::size_t value = value_after(text, end, is_tag);
        if (value == std::string_view::npos || value >= text.size() || !is_secret(key, secrets)) {
            out += key;
            i = end;
            continue;
        }
        out.append(text.substr(i, value - i)).append(masked);
        i = end_of_value(text, value, text.substr(end, value - end));
    }
    return out;
}

std::string mask_text(std::string_view text, const Secrets& secrets) {
    std::string out = mask_pairs(text, secrets);
    mask_urls(out);
    mask_values(out, secrets);
    return out;
}

// --- Lines --------------------------------------------------------------------------------------------------------

struct Line {
    std::string text;
    bool has_more = false;  // the lines below belong to the secret
};

// A value that only opens what follows: "|", ">-", "{", nothing at all.
bool opens_block(std::string_view value) {
    const std::size_t end = value.find_last_not_of(" \t\r,");
    return end == std::string_view::npos ||
           value.substr(0, end + 1).find_first_not_of("|>{[(-+\"'") == std::string_view::npos;
}

Line mask_line(std::string_view line, const Secrets& secrets) {
    const std::size_t first = std::min(line.find_first_not_of(blanks), line.size());
    const bool is_comment = line.find_first_of("#;", first) == first;
    const std::size_t key_end =
        line.find_first_of(":= \t", std::min(line.find_first_not_of("\"'{-", first), line.size()));
    const auto is_part_of_key = [](char c) { return is_key_character(c) || c == '"' || c == '\''; };
    const bool is_pair = key_end != std::string_view::npos ||
                         std::all_of(line.begin() + static_cast<std::ptrdiff_t>(first), line.end(), is_part_of_key);
    if (is_comment || !is_pair || !is_secret(line.substr(first, key_end - first), secrets)) {
        return {mask_text(line, secrets)};
    }
    const std::size_t value = std::min(line.find_first_not_of(":= \t", key_end), line.size());
    if (value >= line.size()) return {std::string(line), true};
    const bool is_continued = line.ends_with('\\');
    const std::string_view rest = line.substr(value);
    std::string text = std::string(line.substr(0, value)).append(masked);
    mask_urls(text);
    mask_values(text, secrets);
    return {std::move(text), is_continued || opens_block(rest)};
}

}  // namespace

bool is_secret_key(std::string_view key) {
    const std::vector<std::string> all = words(key);
    if (all.empty() || is_one_of(all.back(), place_words)) return false;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string& word = all[i];
        if (is_one_of(word, secret_words)) return true;
        const bool is_ending = std::any_of(secret_endings.begin(), secret_endings.end(), [&](std::string_view ending) {
            return word.ends_with(ending);
        });
        if (is_ending) return true;
        const bool is_key_next = i + 1 < all.size() && (all[i + 1] == "key" || all[i + 1] == "keys");
        if (is_key_next && is_one_of(word, key_words)) return true;
    }
    return false;
}

std::vector<std::string> masked_cmdline(std::vector<std::string> args, const Secrets& secrets) {
    const auto key_of = [](std::string_view text) {
        text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
        return text;
    };
    for (std::size_t i = 0; i < args.size(); ++i) {
        std::string& arg = args[i];
        const std::size_t equals = arg.find('=');
        const bool is_flag = arg.starts_with('-');
        if (equals != std::string::npos && is_secret(key_of(std::string_view(arg).substr(0, equals)), secrets)) {
            arg.replace(equals + 1, std::string::npos, masked);
            arg = mask_text(arg, secrets);  // a URL's password may stand before it
        } else if (equals == std::string::npos && is_flag && is_secret(key_of(arg), secrets)) {
            if (i + 1 < args.size()) args[++i] = masked;
        } else if (is_flag && arg.size() > 2 && arg[1] != '-' && is_listed(arg.substr(1, 1), secrets)) {
            arg.replace(2, std::string::npos, masked);
        } else {
            mask_private_keys(arg);
            arg = mask_text(arg, secrets);
        }
    }
    return args;
}

std::vector<Flag> masked_flags(std::vector<Flag> flags, const Secrets& secrets) {
    for (Flag& flag : flags) {
        if (is_secret(flag.name, secrets) && !flag.value.empty()) flag.value = masked;
        mask_private_keys(flag.value);
        flag.value = mask_text(flag.value, secrets);
    }
    return flags;
}

std::string masked_config(std::string_view given, const Secrets& secrets) {
    std::string clean(given);
    mask_private_keys(clean);
    std::string_view text = clean;
    std::string result;
    bool is_inside = false;  // of a secret that goes on
    bool is_continued = false;
    std::size_t depth = 0;  // of the line that it began with
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const std::size_t indent = std::min(line.find_first_not_of(blanks), line.size());
        if (is_continued || (is_inside && (indent > depth || indent == line.size()))) {
            result.append(line.substr(0, indent)).append(indent < line.size() ? masked : "");
        } else {
            Line made = mask_line(line, secrets);
            result += made.text;
            is_inside = made.has_more;
            depth = indent;
        }
        is_continued = (is_inside || is_continued) && line.ends_with('\\');
        if (end < text.size()) result += '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

}  // namespace quipu
