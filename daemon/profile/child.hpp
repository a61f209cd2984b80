// Work whose failure must not be quipud's: in a process of its own, with bounds on time, memory and output.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace quipu {

struct ChildLimits {
    std::chrono::milliseconds time{10'000};                          // then it is killed
    std::size_t memory_bytes = std::size_t{2} * 1024 * 1024 * 1024;  // beside what quipud takes itself
    std::size_t output_bytes = std::size_t{128} * 1024 * 1024;       // then it is killed
};

enum class ChildEnd : std::uint8_t {
    done,
    late,       // killed at the end of its time
    failed,     // crashed, ran out of memory, said too much, or could not be started
    cancelled,  // killed because nobody waits any more
};

// The child's way to speak: nothing is sent after a failure.
class ChildOutput {
public:
    explicit ChildOutput(int fd) : fd_(fd) {}

    // With its length in front.
    void send(const std::string& message);

private:
    int fd_;
    bool is_broken_ = false;
};

// Forks. In the child: calls `work` and exits. Here: blocks until the child has ended, hands out each whole message it
// sent, in order, as `take` is called with it. Only one thread may call this, and the child may use no other thread's
// locks: no logging, no Asio.
ChildEnd run_in_child(
    const std::function<void(ChildOutput&)>& work,
    const std::function<void(std::string_view)>& take,
    const ChildLimits& limits,
    const std::atomic<bool>& is_cancelled
);

}  // namespace quipu
