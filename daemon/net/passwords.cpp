#include "daemon/net/passwords.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/net/listen.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::size_t max_users = 1000;
constexpr std::size_t max_user_bytes = 256;
constexpr std::size_t max_header_bytes = 2048;
constexpr unsigned max_bcrypt_cost = 14;
constexpr unsigned max_sha_rounds = 1'000'000;

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
    });
}

unsigned number_at(std::string_view text) {
    unsigned value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

struct HashMethod {
    std::string_view prefix;
    std::size_t digest_bytes;  // behind the last '$'; of bcrypt: salt and digest
    bool (*is_cheap_enough)(std::string_view hash);
};

bool is_cheap_bcrypt(std::string_view hash) {
    return number_at(hash.substr(4)) <= max_bcrypt_cost;
}

bool is_cheap_sha(std::string_view hash) {
    constexpr std::string_view rounds = "rounds=";
    const std::string_view parameters = hash.substr(3);
    return !parameters.starts_with(rounds) || number_at(parameters.substr(rounds.size())) <= max_sha_rounds;
}

// "$y$j9T$": the letter behind j is the memory, doubling with each: 9 is 16 MiB, D is 256 MiB.
bool is_cheap_yescrypt(std::string_view hash) {
    const std::size_t at = hash.find('$', 1) + 1;
    return hash.size() > at + 1 && hash[at] == 'j' && hash[at + 1] <= 'D';
}

bool is_cheap_scrypt(std::string_view hash) {
    return hash.size() > 3 && hash[3] <= 'G';  // N = 2^18
}

constexpr std::array<HashMethod, 8> methods = {{
    {"$y$", 43, is_cheap_yescrypt},
    {"$gy$", 43, is_cheap_yescrypt},
    {"$7$", 43, is_cheap_scrypt},
    {"$2a$", 53, is_cheap_bcrypt},
    {"$2b$", 53, is_cheap_bcrypt},
    {"$2y$", 53, is_cheap_bcrypt},
    {"$6$", 86, is_cheap_sha},
    {"$5$", 43, is_cheap_sha},
}};

// Empty: it can be used.
std::string problem_with(const std::string& hash) {
    const auto method = std::find_if(methods.begin(), methods.end(), [&](const HashMethod& candidate) {
        return std::string_view(hash).starts_with(candidate.prefix);
    });
    if (method == methods.end()) {
        return "has no yescrypt, scrypt, bcrypt or SHA-2 hash; make one with mkpasswd or openssl passwd -6";
    }
    // Longer ones than crypt(3) makes (leading zeros in a number) are read by it, and never match.
    const bool is_whole =
        hash.size() < CRYPT_OUTPUT_SIZE && hash.size() - (hash.rfind('$') + 1) == method->digest_bytes;
    const int judged = ::crypt_checksalt(hash.c_str());  // SHA-256 is "legacy", and good enough
    if (!is_whole || (judged != CRYPT_SALT_OK && judged != CRYPT_SALT_METHOD_LEGACY)) {
        return "has a hash that is cut or damaged";
    }
    if (!method->is_cheap_enough(hash)) return "has a hash that takes too long to check; make one of a lower cost";
    return {};
}

}  // namespace

Passwords parse_passwords(std::string_view text, const std::string& path) {
    Passwords passwords;
    std::size_t line_number = 0;
    while (!text.empty()) {
        ++line_number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
        const std::string where = "password_file: " + path + ":" + std::to_string(line_number) + ": ";
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon > max_user_bytes || has_controls(line)) {
            throw StartError(where + "the line is not of the form user:hash");
        }
        const std::string user(line.substr(0, colon));
        const std::string hash(line.substr(colon + 1));
        if (const std::string problem = problem_with(hash); !problem.empty()) {
            throw StartError(where + "'" + user + "' " + problem);
        }
        if (!passwords.emplace(user, hash).second) throw StartError(where + "'" + user + "' is there twice");
        if (passwords.size() > max_users) {
            throw StartError(where + "there are more than " + std::to_string(max_users) + " users");
        }
    }
    if (passwords.empty()) throw StartError("password_file: " + path + " names no user: nobody could look");
    return passwords;
}

std::optional<Credentials> parse_basic(std::string_view authorization) {
    constexpr std::string_view scheme = "Basic ";
    if (authorization.size() > max_header_bytes) return std::nullopt;
    if (!equals_folded(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
    std::string_view encoded = authorization.substr(scheme.size());
    encoded.remove_prefix(std::min(encoded.find_first_not_of(' '), encoded.size()));
    if (encoded.empty() || encoded.size() % 4 != 0) return std::nullopt;
    const auto is_base64 = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    const std::size_t padding = encoded.ends_with("==") ? 2 : encoded.ends_with('=') ? 1 : 0;
    if (!std::all_of(encoded.begin(), encoded.end() - static_cast<std::ptrdiff_t>(padding), is_base64)) {
        return std::nullopt;
    }
    std::string decoded(encoded.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(decoded.data()),
        reinterpret_cast<const unsigned char*>(encoded.data()),
        static_cast<int>(encoded.size())
    );
    if (size < 0) return std::nullopt;
    decoded.resize(static_cast<std::size_t>(size) - padding);
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos || colon > max_user_bytes || has_controls(decoded)) return std::nullopt;
    Credentials credentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
    if (credentials.password.size() >= CRYPT_MAX_PASSPHRASE_SIZE) return std::nullopt;
    return credentials;
}

const std::string& hash_of(const Passwords& passwords, const std::string& user, bool& is_known) {
    const auto it = passwords.find(user);
    is_known = it != passwords.end();
    if (is_known) return it->second;
    const std::size_t nth = std::hash<std::string>{}(user) % passwords.size();
    return std::next(passwords.begin(), static_cast<std::ptrdiff_t>(nth))->second;
}

bool is_right_password(const std::string& password, const std::string& hash) {
    const auto data = std::make_unique<crypt_data>();  // 32 KiB
    const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
    const bool is_right =
        made && std::string_view(made).size() == hash.size() && CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
    OPENSSL_cleanse(data.get(), sizeof(crypt_data));
    return is_right;
}

}  // namespace quipu
