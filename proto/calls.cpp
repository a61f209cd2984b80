#include "proto/calls.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace quipu {

namespace {

int new_eventfd() {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

}  // namespace

Calls::Calls() : fd_(new_eventfd()) {}

Calls::~Calls() {
    if (fd_ >= 0) ::close(fd_);
}

void Calls::put(Query query) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.queries.size() < max_waiting) {
            waiting_.queries.push_back(std::move(query));
            return signal();
        }
    }
    query.finish(AnswerStatus::busy, "the mail daemon has more questions waiting than it takes; try again later");
}

void Calls::put(std::string line) {
    const std::lock_guard lock(mutex_);
    if (waiting_.lines.size() >= max_waiting) return;
    waiting_.lines.push_back(std::move(line));
    signal();
}

Calls::Waiting Calls::take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    // Emptied; how often it was set says nothing, nor whether it was.
    if (::read(fd_, &count, sizeof count) < 0) count = 0;
    return std::exchange(waiting_, {});
}

void Calls::reset_after_fork() noexcept {
    // Questions that go answer "failed", to a connection that is not the child's: that goes nowhere.
    waiting_ = {};
    if (fd_ >= 0) ::close(fd_);
    fd_ = new_eventfd();
}

void Calls::signal() const noexcept {
    const std::uint64_t one = 1;
    // It fails where it stands at its most, and is readable then.
    if (::write(fd_, &one, sizeof one) < 0) return;
}

}  // namespace quipu
