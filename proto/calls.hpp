// Calls that a mail daemon makes itself (EmitterOptions::makes_own_calls): questions and lines of log, put by the
// courier, taken by whichever thread of the daemon makes them, which a file descriptor tells of. Bounded.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/event_fd.hpp"

namespace quipu {

class Calls {
public:
    static constexpr std::size_t max_waiting = 64;  // of either kind

    // Readable while calls wait. -1: the process had no descriptor left.
    [[nodiscard]] int fd() const { return ready_.fd(); }

    // From the courier. Beyond max_waiting a question is answered "busy", and a line is dropped.
    void put(Query query);
    void put(std::string line);

    struct Waiting {
        std::deque<Query> queries;
        std::vector<std::string> lines;
    };

    // All that wait.
    Waiting take();

    void lock_for_fork() { mutex_.lock(); }

    void unlock_after_fork() { mutex_.unlock(); }

    // In a forked child, under the lock: what waits is the parent's, and so is the descriptor.
    void reset_after_fork() noexcept;

private:
    std::mutex mutex_;
    Waiting waiting_;
    EventFd ready_;
};

}  // namespace quipu
