// Asks for user and password where a password file is set: parse_basic, AuthGate and crypt(3) put together.
//
//     check() -- remembered? --> admitted          at once
//             -- too many failures? --> throttled  at once
//             -- hash, on a thread of its own --> admitted or refused
//
// A thread of its own, beside the store's worker: what strangers guess must not put off a commit. It touches nothing
// of ours; values go there and come back by the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/own.hpp"
#include "daemon/net/auth_gate.hpp"
#include "daemon/net/log.hpp"
#include "daemon/net/passwords.hpp"
#include "daemon/net/peer.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

namespace asio = boost::asio;

class Auth {
public:
    enum class Verdict : std::uint8_t { pending, admitted, unknown, refused, throttled };

    struct Attempt {
        Verdict verdict = Verdict::pending;
        std::int64_t retry_after_s = 0;  // of throttled
    };

    // `io` and `own` must outlive it. `passwords` must not be null.
    Auth(asio::io_context& io, Own& own, std::shared_ptr<const Passwords> passwords, AuthLimits limits = {});
    // Waits for the hash that is being made, a second at most; those behind it are given up.
    ~Auth();

    Auth(const Auth&) = delete;
    Auth& operator=(const Auth&) = delete;

    // Where the verdict takes time, `wake` is called on the loop once it is there. unknown: nobody has said who they
    // are.
    std::shared_ptr<Attempt> check(std::string_view authorization, const HttpPeer& peer, std::function<void()> wake);

    // After the password file has changed: nothing that was remembered counts, and streams end.
    void replace(std::shared_ptr<const Passwords> passwords);

    // Changes with every replace().
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

    // Gives up what has not begun.
    void stop() { pool_.stop(); }

private:
    struct Job;

    void verify(
        Credentials credentials, const HttpPeer& peer, std::shared_ptr<Attempt> attempt, std::function<void()> wake
    );
    void finished(const Job& job, bool is_right);
    void refuse(Attempt& attempt, const HttpPeer& peer, std::string_view user);
    void throttle(Attempt& attempt, const HttpPeer& peer, std::int64_t wait_ns);

    asio::io_context& io_;
    Own& own_;
    std::shared_ptr<const Passwords> passwords_;
    AuthGate gate_;
    LogBrake complaints_;
    std::uint64_t generation_ = 0;
    std::size_t pending_ = 0;
    asio::thread_pool pool_{1};  // last: joined before what it works on goes
};

// The answer to whoever is not admitted.
Response auth_response(const Auth::Attempt& attempt);

}  // namespace quipu
