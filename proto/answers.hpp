// Answers on their way from the mail daemon's handlers (any thread) to the courier. Bounded: a handler that writes
// faster than quipud reads is told so.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/frame.hpp"

namespace quipu {

class Answers;

// One question, shared by the handler's Query object and the Answers.
struct PendingQuery {
    std::shared_ptr<Answers> answers;
    std::uint32_t id = 0;
    std::uint64_t connection = 0;  // the one that asked; an answer for an older one goes nowhere
    std::string topic;
    std::vector<std::pair<std::string, std::string>> args;
    std::uint32_t deadline_ms = 0;  // from when it was asked
};

class Answers {
public:
    explicit Answers(std::size_t max_backlog_bytes) : max_backlog_bytes_(max_backlog_bytes) {}

    // From handlers.
    bool write(const PendingQuery& query, std::string_view bytes);
    void finish(const PendingQuery& query, AnswerStatus status, std::string_view sentence);
    bool is_open(const PendingQuery& query);

    // From the courier. `wake` is called, under our lock, when something is there to be sent; empty: nobody cares.
    void set_wake(std::function<void()> wake);
    void connected();                           // forgets every question of the connection before
    std::uint64_t opened(std::uint32_t query);  // returns the connection's number
    void cancelled(std::uint32_t query);
    // Appends frames of what waits, about max_bytes of them. true: more waits.
    bool append_frames(std::string& out, std::size_t max_bytes);

    void lock_for_fork() { mutex_.lock(); }

    void unlock_after_fork() { mutex_.unlock(); }

private:
    struct Part {
        std::uint32_t query = 0;
        AnswerStatus status = AnswerStatus::ok;
        std::string bytes;
        bool is_last = false;
    };

    void put(Part part);  // under the lock

    std::mutex mutex_;
    std::size_t max_backlog_bytes_;
    std::size_t backlog_bytes_ = 0;
    std::uint64_t connection_ = 0;
    std::unordered_set<std::uint32_t> open_;  // query ids
    std::deque<Part> parts_;
    std::function<void()> wake_;
};

}  // namespace quipu
