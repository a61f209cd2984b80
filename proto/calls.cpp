#include "proto/calls.hpp"

#include <utility>

namespace quipu {

void Calls::put(Query query) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.queries.size() < max_waiting) {
            waiting_.queries.push_back(std::move(query));
            ready_.signal();
            return;
        }
    }
    query.finish(AnswerStatus::busy, "the mail daemon has more questions waiting than it takes; try again later");
}

void Calls::put(std::string line) {
    const std::lock_guard lock(mutex_);
    if (waiting_.lines.size() >= max_waiting) return;
    waiting_.lines.push_back(std::move(line));
    ready_.signal();
}

Calls::Waiting Calls::take() {
    const std::lock_guard lock(mutex_);
    if (!waiting_.queries.empty() || !waiting_.lines.empty()) ready_.clear();
    return std::exchange(waiting_, {});
}

void Calls::reset_after_fork() noexcept {
    // Questions that go answer "failed", to a connection that is not the child's: that goes nowhere.
    waiting_ = {};
    ready_.renew();
}

}  // namespace quipu
