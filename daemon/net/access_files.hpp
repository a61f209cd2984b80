// The files that say who may look: certificate, private key, passwords. Read whole at start and again on SIGHUP, on
// any thread; what is wrong with one is a StartError with one sentence that names it.
#pragma once

#include <memory>
#include <string>

#include "daemon/net/passwords.hpp"

struct ssl_ctx_st;

namespace quipu {

struct AccessFiles {
    std::string certificate;  // PEM, the server's own first, then the chain; empty: no TLS
    std::string private_key;  // PEM, without a passphrase, not readable by others
    std::string passwords;    // empty: no password is asked for
};

// TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. Nothing is resumed: a new certificate counts for
// every new connection. `notice`: a sentence where the certificate is expired or not valid yet, else empty.
std::shared_ptr<ssl_ctx_st> load_tls(const std::string& certificate, const std::string& key, std::string& notice);

std::shared_ptr<const Passwords> load_passwords(const std::string& path);

// Of a small regular file. `is_secret`: refused where others may read it or its group may write it (mode beyond 0640).
std::string read_access_file(const std::string& path, const std::string& what, bool is_secret);

}  // namespace quipu
