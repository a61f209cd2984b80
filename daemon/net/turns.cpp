#include "daemon/net/turns.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>

#include "daemon/net/exchange.hpp"

namespace quipu {

namespace {

using namespace std::chrono_literals;

// What takes less than the shortest rest to make needs none.
constexpr std::chrono::nanoseconds shortest_rest = 2ms;
constexpr std::chrono::nanoseconds longest_rest = 250ms;

}  // namespace

asio::awaitable<void> Turns::wait(const bool& is_over) {
    const std::uint64_t ticket = ++last_ticket_;
    waiting_.insert(ticket);
    asio::steady_timer timer(io_);
    while (!is_over && !is_stopping_) {
        const std::int64_t now = read_clocks().steady_ns;
        if (now >= rest_until_steady_ns_ && *waiting_.begin() == ticket) break;
        // Whoever is before us takes the end of this rest, and begins another one.
        const std::int64_t next_look = std::max(rest_until_steady_ns_, now + shortest_rest.count());
        timer.expires_at(asio::steady_timer::time_point(std::chrono::nanoseconds(next_look)));
        const auto [error] = co_await timer.async_wait(as_result);
        (void)error;
    }
    waiting_.erase(ticket);
}

bool Turns::is_free() const {
    return waiting_.empty() && read_clocks().steady_ns >= rest_until_steady_ns_;
}

// Handlers of the loop run in the order in which they were posted, and each time round it looks for input: what stands
// here behind everybody who waits runs once all have been passed over.
asio::awaitable<void> Turns::step(const bool& is_over) {
    const std::uint64_t ticket = ++last_ticket_;
    stepping_.insert(ticket);
    bool is_mine = false;
    while (!is_mine && !is_over) {
        co_await asio::post(io_, asio::use_awaitable);
        is_mine = !has_stepped_ && *stepping_.begin() == ticket;
    }
    stepping_.erase(ticket);
    if (!is_mine) co_return;
    has_stepped_ = true;
    asio::post(io_, [this] { has_stepped_ = false; });
}

void Turns::made_since(std::int64_t begin_steady_ns) {
    const std::int64_t now = read_clocks().steady_ns;
    const std::int64_t took = now - begin_steady_ns;
    if (took > shortest_rest.count()) rest_until_steady_ns_ = now + std::min(took, longest_rest.count());
}

bool is_reset(int socket) {
    char byte = 0;
    const ssize_t n = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

}  // namespace quipu
