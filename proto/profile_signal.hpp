// SIGPROF in this process: the handler, and who it works for. Installed only while somebody asks; then what was there
// before is put back. A mail daemon that handles SIGPROF itself keeps it: we refuse.
//
// The handler runs on the mail daemon's own threads: no lock, no allocation, errno kept, bounded work.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "proto/sample_ring.hpp"

namespace quipu {

// Threads that are asked for their stacks, a batch at a time.
class StackBatch {
public:
    static constexpr std::size_t size = 64;

    // The asker's; clear() and ask() only while the handler does not know of the batch.
    void clear();
    void ask(std::size_t index, std::uint32_t tid);
    [[nodiscard]] bool is_answered(std::size_t index) const;

    [[nodiscard]] const Stack& stack(std::size_t index) const { return entries_[index].stack; }

    // The handler's.
    void answer(std::uint32_t tid, const void* context) noexcept;

private:
    enum State : std::uint32_t { unused, wanted, writing, done };

    struct Entry {
        std::atomic<std::uint32_t> state{unused};
        std::uint32_t tid = 0;
        Stack stack;
    };

    std::array<Entry, size> entries_;
};

// Holds the signal for as long as it lives; several may at once.
class SignalUse {
public:
    SignalUse();
    ~SignalUse();
    SignalUse(const SignalUse&) = delete;
    SignalUse& operator=(const SignalUse&) = delete;

    // Why the signal cannot be had: one sentence; empty: it is ours.
    [[nodiscard]] const std::string& refusal() const { return refusal_; }

private:
    std::string refusal_;
};

// Where the handler puts what the timers make it sample, and whom it answers. One of each at a time: false, where there
// is one already. Releasing returns once no handler uses it any more.
[[nodiscard]] bool claim_sample_ring(SampleRing& ring);
void release_sample_ring();
[[nodiscard]] bool is_profile_running();
[[nodiscard]] bool claim_stack_batch(StackBatch& batch);
void release_stack_batch();

// Tells samples of our timers from signals that somebody else sends: sigevent::sigev_value of the timers.
void* sample_cookie();

// Asks one thread of this process for its stack. false: it is gone.
bool send_stack_signal(std::uint32_t tid);

// In a forked child: nobody uses the signal; the handler is taken out.
void forget_signal_after_fork() noexcept;

}  // namespace quipu
