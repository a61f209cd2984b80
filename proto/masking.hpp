// Secrets leave the mail daemon masked: command lines, flags and configuration texts are cleaned here, at the source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/emitter.hpp"

namespace quipu {

inline constexpr std::string_view masked = "********";

// Whether a value under this key is a secret: a word of it is one of password, passwd, pass, pw, pwd, passphrase,
// secret, token, credential(s), apikey, or "api key"; but not where
// the last word tells a place (file, path, ...).
bool is_secret_key(std::string_view key);

// `--password=x`, `-pw x`, `key=x`, and user:password@ inside a URL.
std::vector<std::string> masked_cmdline(std::vector<std::string> args);
std::vector<Flag> masked_flags(std::vector<Flag> flags);
// Lines `key: value`, `key = value`, `key value`.
std::string masked_config(std::string_view text);

}  // namespace quipu
