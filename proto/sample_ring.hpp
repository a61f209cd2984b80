// Samples on their way from the signal handlers of many threads to the one thread that adds them up. Bounded; a full
// ring loses samples and counts them. Lock-free, and safe in signal handlers: a slot carries the turn at which it may
// be written or read next.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "proto/unwind.hpp"

namespace quipu {

struct Sample {
    std::uint32_t tid = 0;
    std::uint32_t count = 0;  // timer ticks that it stands for
    Stack stack;
};

class SampleRing {
public:
    static constexpr std::uint64_t size = 2048;  // 2 MiB, as long as a profile takes

    SampleRing() : slots_(std::make_unique_for_overwrite<Slot[]>(size)) {
        for (std::uint64_t i = 0; i < size; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
    }

    // Calls fill(Sample&) with a slot of its own, or counts `count` ticks as lost. Any thread, also in a handler.
    template <typename Fill>
    void push(std::uint32_t count, Fill fill) noexcept {
        std::uint64_t at = next_write_.load(std::memory_order_relaxed);
        while (true) {
            Slot& slot = slots_[at % size];
            const std::uint64_t turn = slot.turn.load(std::memory_order_acquire);
            if (turn == at) {
                if (!next_write_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
                slot.sample.count = count;
                fill(slot.sample);
                slot.turn.store(at + 1, std::memory_order_release);
                return;
            }
            if (turn < at) {
                lost_.fetch_add(count, std::memory_order_relaxed);
                return;
            }
            at = next_write_.load(std::memory_order_relaxed);
        }
    }

    // Calls take(const Sample&) for all that are whole. One thread.
    template <typename Take>
    void drain(Take take) {
        while (true) {
            Slot& slot = slots_[next_read_ % size];
            if (slot.turn.load(std::memory_order_acquire) != next_read_ + 1) return;
            take(static_cast<const Sample&>(slot.sample));
            slot.turn.store(next_read_ + size, std::memory_order_release);
            ++next_read_;
        }
    }

    [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

private:
    struct Slot {
        std::atomic<std::uint64_t> turn;
        Sample sample;
    };

    std::unique_ptr<Slot[]> slots_;
    std::atomic<std::uint64_t> next_write_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::uint64_t next_read_ = 0;
};

}  // namespace quipu
