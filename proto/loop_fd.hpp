// All that the courier waits for as one descriptor, for an event loop of the mail daemon's to watch: an epoll of a
// timer, of what wakes it, and of its socket. Level-triggered within; where the loop watches it edge-triggered, that
// works too, since Courier::tend() leaves nothing ready.
//
// Errors: a process without descriptors left has none, see fd().
#pragma once

#include <chrono>

namespace quipu {

class LoopFd {
public:
    using Clock = std::chrono::steady_clock;

    LoopFd() { make(); }

    ~LoopFd() { close(); }

    LoopFd(const LoopFd&) = delete;
    LoopFd& operator=(const LoopFd&) = delete;

    // Readable while something is to be done. -1: no descriptor was left.
    [[nodiscard]] int fd() const noexcept { return epoll_; }

    // Readable as long as that one is. false: it cannot be watched.
    bool add(int readable) noexcept;

    // The socket, from now on, instead of the one before; for room to write as well. Where that fails, so does nothing
    // else: it is tried again with the next call.
    void watch(int socket, bool wants_room) noexcept;
    // Before it is closed.
    void unwatch() noexcept;

    // Readable from then on, until the next call.
    void set_timer(Clock::time_point when) noexcept;

    // In a forked child: one of its own in place of the parent's, which watches nothing yet.
    void renew() noexcept;

private:
    void make() noexcept;
    void close() noexcept;

    int epoll_ = -1;
    int timer_ = -1;
    int socket_ = -1;
    bool wants_room_ = false;
};

}  // namespace quipu
