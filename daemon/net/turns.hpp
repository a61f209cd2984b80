// Large pages are made one at a time, in the order of their requests, with a rest after each as long as making it took:
// so mail daemons and quick pages wait for one at most, however many clients ask.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <set>

namespace quipu {

namespace asio = boost::asio;

class Turns {
public:
    explicit Turns(asio::io_context& io) : io_(io) {}

    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // Returns when it is the caller's turn, or `is_over` has become true (looked at now and then; it must outlive the
    // wait), or nobody is to wait any more.
    asio::awaitable<void> wait(const bool& is_over);
    // Nobody would have to wait.
    [[nodiscard]] bool is_free() const;
    // A page was made since then.
    void made_since(std::int64_t begin_steady_ns);

    // Before a step of a page that is made in steps. Each time round the loop one of them makes one, in turn; everybody
    // else's business comes in between. `is_over` as above.
    asio::awaitable<void> step(const bool& is_over);

    // The end has come: nobody waits.
    void stop() { is_stopping_ = true; }

private:
    asio::io_context& io_;
    std::set<std::uint64_t> waiting_;   // by ticket; bounded by the connections
    std::set<std::uint64_t> stepping_;  // likewise
    std::uint64_t last_ticket_ = 0;
    bool has_stepped_ = false;  // one of them, this time round
    std::int64_t rest_until_steady_ns_ = 0;
    bool is_stopping_ = false;
};

// The other end of the connection is gone, and has not merely ended its side: nobody will read an answer.
bool is_reset(int socket);

}  // namespace quipu
