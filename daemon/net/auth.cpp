#include "daemon/net/auth.hpp"

#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "daemon/net/exchange.hpp"

namespace quipu {

struct Auth::Job {
    Credentials credentials;
    std::string hash;
    bool is_known = false;
    HttpPeer peer;
    std::shared_ptr<Attempt> attempt;
    std::function<void()> wake;
    std::uint64_t generation = 0;
};

Auth::Auth(asio::io_context& io, Own& own, std::shared_ptr<const Passwords> passwords, AuthLimits limits)
    : io_(io), own_(own), passwords_(std::move(passwords)), gate_(limits), complaints_(own.held_back_lines) {}

Auth::~Auth() {
    pool_.stop();
    pool_.join();
}

void Auth::replace(std::shared_ptr<const Passwords> passwords) {
    passwords_ = std::move(passwords);
    gate_.forget_all();
    ++generation_;
}

std::shared_ptr<Auth::Attempt> Auth::check(
    std::string_view authorization, const HttpPeer& peer, std::function<void()> wake
) {
    auto attempt = std::make_shared<Attempt>();
    if (authorization.empty()) {
        attempt->verdict = Verdict::unknown;
        return attempt;
    }
    std::optional<Credentials> credentials = parse_basic(authorization);
    const Now now = read_clocks();
    if (credentials && gate_.is_remembered(*credentials, now)) {
        attempt->verdict = Verdict::admitted;
        return attempt;
    }
    if (pending_ >= gate_.limits().pending) {
        throttle(*attempt, peer, 1);
        return attempt;
    }
    if (const std::int64_t wait_ns = gate_.begin_ns(peer.network, now); wait_ns > 0) {
        throttle(*attempt, peer, wait_ns);
        return attempt;
    }
    if (credentials) {
        verify(std::move(*credentials), peer, attempt, std::move(wake));
    } else {
        refuse(*attempt, peer, "?");
    }
    return attempt;
}

void Auth::verify(
    Credentials credentials, const HttpPeer& peer, std::shared_ptr<Attempt> attempt, std::function<void()> wake
) {
    auto job = std::make_shared<Job>();
    job->hash = hash_of(*passwords_, credentials.user, job->is_known);
    job->credentials = std::move(credentials);
    job->peer = peer;
    job->attempt = std::move(attempt);
    job->wake = std::move(wake);
    job->generation = generation_;
    ++pending_;
    // The job itself comes back untouched: what it holds belongs to the loop.
    asio::post(pool_, [this, job, password = job->credentials.password, hash = job->hash] {
        const bool is_right = is_right_password(password, hash);
        asio::post(io_, [this, job, is_right] { finished(*job, is_right); });
    });
}

void Auth::finished(const Job& job, bool is_right) {
    --pending_;
    const Now now = read_clocks();
    if (is_right && job.is_known) {
        job.attempt->verdict = Verdict::admitted;
        gate_.succeeded(job.peer.network, now);
        if (job.generation == generation_) gate_.remember(job.credentials, now);
    } else {
        refuse(*job.attempt, job.peer, job.credentials.user);
    }
    job.wake();
}

void Auth::refuse(Attempt& attempt, const HttpPeer& peer, std::string_view user) {
    attempt.verdict = Verdict::refused;
    ++own_.auth_failures.total;
    std::uint64_t held_back = 0;
    if (!complaints_.admit(read_clocks(), held_back)) return;
    spdlog::warn("wrong user or password user={} from={} held_back={}", in_quotes(user), peer.name, held_back);
}

void Auth::throttle(Attempt& attempt, const HttpPeer& peer, std::int64_t wait_ns) {
    attempt.verdict = Verdict::throttled;
    attempt.retry_after_s = (wait_ns + second_ns - 1) / second_ns;
    ++own_.auth_throttled.total;
    std::uint64_t held_back = 0;
    if (!complaints_.admit(read_clocks(), held_back)) return;
    spdlog::warn("too many wrong passwords, not looked at from={} held_back={}", peer.name, held_back);
}

Response auth_response(const Auth::Attempt& attempt) {
    const bool is_throttled = attempt.verdict == Auth::Verdict::throttled;
    Response response;
    if (is_throttled) {
        response = error_response(429, "Too many passwords were tried; wait and try again.");
        response.headers.emplace_back("Retry-After", std::to_string(attempt.retry_after_s));
    } else {
        response = error_response(401, "These pages ask for a user and a password.");
        response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"quipu\", charset=\"UTF-8\"");
    }
    add_common_headers(response);
    return response;
}

}  // namespace quipu
