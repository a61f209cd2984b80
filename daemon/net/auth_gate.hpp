// How often a password may be tried, and which have been found right of late. Pure: time comes in.
//
// Each network (an IPv4 address, an IPv6 /64, all Unix sockets together) may fail a few times, then once in a while; so
// may all together, but those from which somebody has come in before do not suffer from the others. A password that
// was found right is remembered, under a keyed hash and for a while: checking one costs a tenth of a second, and a
// scraper comes every few seconds. What is remembered is let in however many failures there are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "daemon/core/now.hpp"
#include "daemon/net/passwords.hpp"

namespace quipu {

struct AuthLimits {
    std::int64_t network_burst = 5;  // failures in a row, then one in network_pause
    std::int64_t network_pause_ns = 10'000'000'000;
    std::int64_t total_burst = 30;
    std::int64_t total_pause_ns = 1'000'000'000;
    std::size_t networks = 4096;  // on record; beyond: they share one record
    std::size_t remembered = 256;
    std::int64_t remembered_ns = 600'000'000'000;
    std::int64_t trusted_ns = 86'400'000'000'000;  // a network, after a right password
    std::size_t pending = 8;                       // being checked or waiting for it; beyond: 429
};

class AuthGate {
public:
    explicit AuthGate(AuthLimits limits = {});

    [[nodiscard]] const AuthLimits& limits() const { return limits_; }

    [[nodiscard]] bool is_remembered(const Credentials& credentials, Now now) const;
    void remember(const Credentials& credentials, Now now);

    void forget_all() { remembered_.clear(); }

    // 0: the password may be checked; counted as a failure until succeeded(). Else: how long to wait.
    std::int64_t begin_ns(const std::string& network, Now now);
    void succeeded(const std::string& network, Now now);

private:
    using Key = std::array<unsigned char, 32>;

    // `full_ns`: when all that was tried is made up for.
    struct Record {
        std::int64_t full_ns = 0;
        std::int64_t trusted_until_ns = 0;
    };

    [[nodiscard]] Key key_of(const Credentials& credentials) const;
    Record& record_of(const std::string& network, Now now);

    AuthLimits limits_;
    Key secret_{};
    std::map<Key, std::int64_t> remembered_;  // until when
    std::map<std::string, Record> networks_;
    std::int64_t total_full_ns_ = 0;
};

}  // namespace quipu
