// Secrets leave the mail daemon masked: command lines, flags and configuration texts are cleaned here, at the source.
//
// A value is masked where its key is a secret's, or the operator has listed its key or the value itself; and the
// password inside a URL, and a private key in PEM form. In doubt too much is masked: what is left out here can still be
// looked up on the machine itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/emitter.hpp"

namespace quipu {

inline constexpr std::string_view masked = "********";

// The operator's list, EmitterOptions::secret_names and secret_values.
struct Secrets {
    std::vector<std::string> names;   // of keys; "db-dsn", "DB_DSN" and "dbDsn" are the same
    std::vector<std::string> values;  // masked wherever they stand
};

// Whether a value under this key is a secret: a word of it is pass, pw, pwd, apikey and the like, or ends in password,
// passwd, passphrase, secret, token; or two of them are "api key", "access key"... Not where the last word tells a
// place (file, path, ...).
bool is_secret_key(std::string_view key);

// `--password=x`, `--password x`, `-pw x`, `key=x`; `-pX` where p is listed.
std::vector<std::string> masked_cmdline(std::vector<std::string> args, const Secrets& secrets = {});
std::vector<Flag> masked_flags(std::vector<Flag> flags, const Secrets& secrets = {});
// Lines `key: value`, `key = value`, `key value`, `"key": "value"`, commented out or not, with what belongs to them in
// the lines below (deeper indented, or continued by a backslash); `key=value` and `key: value` inside lines.
std::string masked_config(std::string_view text, const Secrets& secrets = {});

}  // namespace quipu
