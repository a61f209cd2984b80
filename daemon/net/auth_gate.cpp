#include "daemon/net/auth_gate.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace quipu {

namespace {

// A bucket as the time at which it is full again: each try moves that by `pause`.
std::int64_t wait_ns(std::int64_t full_ns, std::int64_t burst, std::int64_t pause_ns, std::int64_t now_ns) {
    return std::max<std::int64_t>(0, full_ns - now_ns - (burst - 1) * pause_ns);
}

}  // namespace

AuthGate::AuthGate(AuthLimits limits) : limits_(limits) {
    if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1) {
        throw std::runtime_error("the system gives no random numbers");
    }
}

AuthGate::Key AuthGate::key_of(const Credentials& credentials) const {
    std::string text = credentials.user + ':' + credentials.password;  // a user has no colon
    Key key{};
    unsigned size = key.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    (void)HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes, text.size(), key.data(), &size);
    OPENSSL_cleanse(text.data(), text.size());
    return key;
}

bool AuthGate::is_remembered(const Credentials& credentials, Now now) const {
    if (remembered_.empty()) return false;
    const auto it = remembered_.find(key_of(credentials));
    return it != remembered_.end() && now.steady_ns < it->second;
}

void AuthGate::remember(const Credentials& credentials, Now now) {
    std::erase_if(remembered_, [now](const auto& entry) { return entry.second <= now.steady_ns; });
    if (remembered_.size() >= limits_.remembered) {
        const auto oldest = std::min_element(remembered_.begin(), remembered_.end(), [](const auto& a, const auto& b) {
            return a.second < b.second;
        });
        remembered_.erase(oldest);
    }
    remembered_[key_of(credentials)] = now.steady_ns + limits_.remembered_ns;
}

AuthGate::Record& AuthGate::record_of(const std::string& network, Now now) {
    if (!networks_.contains(network) && networks_.size() >= limits_.networks) {
        std::erase_if(networks_, [now](const auto& entry) {
            return entry.second.full_ns <= now.steady_ns && entry.second.trusted_until_ns <= now.steady_ns;
        });
        if (networks_.size() >= limits_.networks) return networks_[""];
    }
    return networks_[network];
}

std::int64_t AuthGate::begin_ns(const std::string& network, Now now) {
    Record& record = record_of(network, now);
    const bool is_trusted = now.steady_ns < record.trusted_until_ns;
    const std::int64_t own = wait_ns(record.full_ns, limits_.network_burst, limits_.network_pause_ns, now.steady_ns);
    const std::int64_t total =
        is_trusted ? 0 : wait_ns(total_full_ns_, limits_.total_burst, limits_.total_pause_ns, now.steady_ns);
    if (const std::int64_t wait = std::max(own, total); wait > 0) return wait;
    record.full_ns = std::max(record.full_ns, now.steady_ns) + limits_.network_pause_ns;
    total_full_ns_ = std::max(total_full_ns_, now.steady_ns) + limits_.total_pause_ns;
    return 0;
}

void AuthGate::succeeded(const std::string& network, Now now) {
    Record& record = record_of(network, now);
    record.full_ns -= limits_.network_pause_ns;
    record.trusted_until_ns = now.steady_ns + limits_.trusted_ns;
    total_full_ns_ -= limits_.total_pause_ns;
}

}  // namespace quipu
