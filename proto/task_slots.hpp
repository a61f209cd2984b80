// The tasks that a mail daemon has registered: what each waits for, and since when. Written by the tasks' own threads,
// without a lock; read by whoever makes a thread report, while they change.
#pragma once

#include <endian.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "proto/slot_pool.hpp"
#include "proto/trace_clock.hpp"

namespace quipu {

// A short text that may be read while it is written: whole words, which the slot's version tells to belong together.
template <std::size_t max_bytes>
class SharedText {
public:
    void store(std::string_view text) noexcept {
        const std::size_t size = std::min(text.size(), max_bytes);
        size_.store(static_cast<std::uint32_t>(size), std::memory_order_release);
        const std::size_t whole = size / word_bytes;
        for (std::size_t i = 0; i < whole; ++i) words_[i].store(word_at(text.data(), i), std::memory_order_release);
        // Made in a register: what is written byte by byte and read as a word makes the processor wait.
        std::uint64_t last = 0;
        for (std::size_t i = size; i > whole * word_bytes; --i)
            last = last << 8 | static_cast<unsigned char>(text[i - 1]);
        if (size > whole * word_bytes) words_[whole].store(htole64(last), std::memory_order_release);
    }

    [[nodiscard]] std::string load() const {
        std::string text(size_.load(std::memory_order_acquire), '\0');
        for (std::size_t at = 0; at < text.size(); at += word_bytes) {
            const std::uint64_t word = words_[at / word_bytes].load(std::memory_order_acquire);
            std::memcpy(text.data() + at, &word, std::min(word_bytes, text.size() - at));
        }
        return text;
    }

private:
    static constexpr std::size_t word_bytes = sizeof(std::uint64_t);

    static std::uint64_t word_at(const char* text, std::size_t i) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, text + i * word_bytes, word_bytes);
        return word;
    }

    std::atomic<std::uint32_t> size_{0};
    std::array<std::atomic<std::uint64_t>, (max_bytes + 7) / 8> words_{};
};

// What changes with every wait comes first, so that it takes few cache lines: they have gone cold since the last one.
struct alignas(64) TaskSlot {
    // Odd while it is being written. Grows with every change.
    std::atomic<std::uint64_t> version{0};
    std::atomic<std::uint64_t> id{0};        // 0: free
    std::atomic<std::uint64_t> since_ns{0};  // of TraceClock, as the other
    SharedText<96> waits_for;
    SharedText<128> details;
    std::atomic<std::uint64_t> begun_ns{0};
    SharedText<48> group;
    SharedText<128> name;
};

// A copy of one task.
struct TaskView {
    std::uint64_t id = 0;
    std::uint64_t begun_wall_ns = 0;
    std::uint64_t since_wall_ns = 0;
    std::string group, name, waits_for, details;
};

class TaskSlots {
public:
    static constexpr std::uint32_t none = SlotPool<TaskSlot>::none;

    // The clock must outlive it: the emitter's, which every trace event reads, so that it is at hand.
    TaskSlots(std::uint32_t max_tasks, const TraceClock& clock) : clock_(clock), slots_(max_tasks) {}

    // Index of the task, or none: there are too many.
    std::uint32_t begin(std::string_view group, std::string_view name) noexcept;
    void wait(std::uint32_t index, std::string_view what, std::string_view details) noexcept;
    void run(std::uint32_t index) noexcept;
    void end(std::uint32_t index) noexcept;

    // Tasks under way that found no slot. Such a task ends with end(none).
    [[nodiscard]] std::uint32_t untracked() const { return untracked_.load(std::memory_order_relaxed); }

    // Calls visit(const TaskView&) for each.
    template <typename Visit>
    void each(Visit visit) {
        TaskView view;
        const std::uint64_t wall_minus_steady_ns = wall_now_ns() - steady_now_ns();
        for (std::uint32_t i = 0; i < slots_.used_count(); ++i) {
            if (!copy(slots_[i], view)) continue;
            view.begun_wall_ns += wall_minus_steady_ns;
            view.since_wall_ns += wall_minus_steady_ns;
            visit(static_cast<const TaskView&>(view));
        }
    }

private:
    // Its times are CLOCK_MONOTONIC's. false: it is free, or changes all the time.
    static bool copy(const TaskSlot& slot, TaskView& out);

    const TraceClock& clock_;
    SlotPool<TaskSlot> slots_;
    std::atomic<std::uint64_t> last_id_{0};
    std::atomic<std::uint32_t> untracked_{0};
};

}  // namespace quipu
