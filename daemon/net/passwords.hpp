// Who may look, by user and password: the password file's text, HTTP Basic (RFC 7617), and crypt(3). No file and no
// socket here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

// user -> hash as crypt(3) writes it.
using Passwords = std::map<std::string, std::string, std::less<>>;

// Lines "user:hash", as mkpasswd, `openssl passwd -6` and `htpasswd -B` make them; empty lines and lines with # are
// skipped. Hashes: yescrypt ($y$), gost-yescrypt ($gy$), scrypt ($7$), bcrypt ($2a$, $2b$, $2y$), SHA-512 ($6$),
// SHA-256
// ($5$), of a cost that leaves a guess below about a second. Throws StartError with a sentence that names the line, and
// never the hash.
Passwords parse_passwords(std::string_view text, const std::string& path);

struct Credentials {
    std::string user;
    std::string password;
};

// Of an Authorization header. Nothing: not Basic, not base64, without a colon, too long for crypt(3), or with control
// characters (crypt would see nothing behind a NUL).
std::optional<Credentials> parse_basic(std::string_view authorization);

// What to compare with. Of an unknown user: another one's, always the same, so that a refusal takes as long as with a
// known user; `is_known` tells. `passwords` must not be empty.
const std::string& hash_of(const Passwords& passwords, const std::string& user, bool& is_known);

// Takes as long as the hash wants (yescrypt: 100 ms and more), on any thread; compares in constant time.
bool is_right_password(const std::string& password, const std::string& hash);

}  // namespace quipu
