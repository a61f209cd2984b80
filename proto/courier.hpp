// The POSIX half of the emitter: connects, pushes, reads, and backs off. On a thread of its own, with all signals
// blocked (run()), or in an event loop of the mail daemon's (tend()). Who counts or traces never waits for it.
//
//   apart --connect--> greeting --Welcome--> talking --any error--> apart (back off: 50 ms doubling to 2 s, jitter)
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "proto/calls.hpp"
#include "proto/emitter.hpp"
#include "proto/event_fd.hpp"
#include "proto/loop_fd.hpp"
#include "proto/masking.hpp"
#include "proto/outbox.hpp"

namespace quipu {

class Courier {
public:
    Courier(Outbox& outbox, EmitterOptions options);
    // Stops; see stop().
    ~Courier();
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;

    [[nodiscard]] const Secrets& secrets() const { return secrets_; }

    // Pushes what is left, says Bye, waits for Ack; 250 ms at most. Idempotent: the first reason counts.
    void stop(std::string_view reason = "exit") noexcept;

    // Pushes now. One write to an eventfd.
    bool flush() noexcept;

    // See Emitter; any thread but one of the library's.
    [[nodiscard]] int calls_fd() const noexcept { return loop_ ? loop_->fd() : calls_ ? calls_->fd() : -1; }

    void make_calls();

    [[nodiscard]] bool is_connected() const noexcept { return is_connected_.load(std::memory_order_relaxed); }

    // Called around fork, see fork_guard.hpp.
    void before_fork();
    void after_fork_in_parent();
    void after_fork_in_child() noexcept;

private:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds first_back_off{50};
    static constexpr std::chrono::milliseconds longest_back_off{2000};
    static constexpr std::chrono::seconds complaint_interval{60};

    void start();
    static void* thread_main(void* self);
    void run();
    Clock::time_point turn();
    void tend();
    void watch_all() noexcept;

    [[nodiscard]] Clock::time_point due(Clock::time_point until) const {
        return fd_ < 0 ? std::min(until, next_try_) : until;
    }

    void keep_own_descriptors();
    void connect();
    void push_if_due();
    bool push();
    void tell(PushStage stage) const;
    void write_out();
    void read_in();
    void disconnect(std::string_view why);
    bool wait(Clock::time_point until);
    void say_goodbye();
    [[nodiscard]] std::chrono::milliseconds interval() const;
    void describe_identity();
    void renew_identity() noexcept;

    void begin_work();
    void end_work();

    [[nodiscard]] bool is_working_here() const { return pthread_equal(pthread_self(), worker_) != 0; }

    void close_socket() noexcept;

    void complain(std::string_view why);
    void log(const std::string& line) const;

    Outbox& outbox_;
    EmitterOptions options_;
    const Secrets secrets_;
    Identity identity_;
    std::optional<Calls> calls_;  // where the mail daemon makes them
    std::optional<LoopFd> loop_;  // where its event loop runs the courier: there is no thread
    int fd_ = -1;
    EventFd wake_;
    std::atomic<bool> has_own_descriptors_{false};  // then fd_ says nothing to other threads
    std::string out_;
    std::size_t written_ = 0;
    bool has_more_ = false;    // push() has more to say once out_ is written
    bool is_sending_ = false;  // out_ holds a push that the kernel does not have whole
    Clock::time_point next_push_{};
    Clock::time_point next_try_{};
    Clock::time_point next_process_{};
    Clock::time_point next_complaint_{};
    std::chrono::milliseconds back_off_;
    std::minstd_rand random_;
    pthread_t thread_{};
    std::atomic<bool> is_running_{false};  // set under lifecycle_
    std::mutex lifecycle_;                 // start and stop; the thread itself never takes it
    // Held by the thread while it works, not while it waits: a fork must not copy half-changed state.
    std::mutex working_;
    std::atomic<pthread_t> worker_{};  // who holds it; none: nobody does
    bool is_locked_for_fork_ = false;  // under lifecycle_: the forking thread did not hold it itself
    bool is_goodbye_due_ = false;      // under working_: ended by what tend() called
    std::string farewell_;             // set before is_stopping_
    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> wants_flush_{false};
    std::atomic<bool> is_connected_{false};
};

}  // namespace quipu
