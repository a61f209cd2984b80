// Open traces of the mail daemon: a bounded set of slots, taken and given back without a lock.
//
//   free --take()--> open --push_begun()--> courier announces it
//    ^                 `---push_ended()---> courier sends its rest and its end --give_back()--+
//    +----------------------------------------------------------------------------------------+
//
// A slot belongs to the thread that holds the Trace until it is pushed as ended, then to the courier. So beginning and
// ending a trace never fails for want of ring space: only events between can be lost.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace quipu {

struct LabelNode;

struct TraceSlot {
    std::atomic<std::uint32_t> generation{0};
    std::uint64_t id = 0;
    std::uint64_t begin_ns = 0;  // CLOCK_MONOTONIC
    std::uint64_t end_ns = 0;
    std::uint64_t parent = 0;           // trace id, 0: none
    const LabelNode* family = nullptr;  // its latency series; the label is the family's name
    std::uint32_t lost = 0;             // events refused since the last one that was taken
    std::uint16_t title_size = 0;
    std::array<char, 256> title;

    // The courier's: it has seen the slot begun; has announced it in this connection; events it threw away.
    bool is_live = false;
    bool is_announced = false;
    bool is_held = false;  // sampled out: its events wait in HeldTraces
    std::uint32_t discarded = 0;

    std::atomic<std::uint32_t> next_free{0};  // links hold index + 1, 0: none
    std::uint32_t next_begun = 0;
    std::uint32_t next_ended = 0;
};

class TraceSlots {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit TraceSlots(std::uint32_t max_open);
    ~TraceSlots();
    TraceSlots(const TraceSlots&) = delete;
    TraceSlots& operator=(const TraceSlots&) = delete;

    // Index of a slot, or none: too many are open. Any thread.
    std::uint32_t take() noexcept;
    void push_begun(std::uint32_t index) noexcept;
    void push_ended(std::uint32_t index) noexcept;

    [[nodiscard]] TraceSlot& operator[](std::uint32_t index) noexcept {
        return chunks_[index / chunk_slots].load(std::memory_order_acquire)[index % chunk_slots];
    }

    // Courier only. Calls visit(index) for each pushed since the last call, oldest first.
    template <typename Visit>
    void take_begun(Visit visit) {
        std::uint32_t link = reverse(begun_.exchange(0, std::memory_order_acquire), &TraceSlot::next_begun);
        while (link != 0) {
            const std::uint32_t index = link - 1;
            link = (*this)[index].next_begun;
            visit(index);
        }
    }

    template <typename Visit>
    void take_ended(Visit visit) {
        std::uint32_t link = reverse(ended_.exchange(0, std::memory_order_acquire), &TraceSlot::next_ended);
        while (link != 0) {
            const std::uint32_t index = link - 1;
            link = (*this)[index].next_ended;
            visit(index);
        }
    }

    void give_back(std::uint32_t index) noexcept;

    // How many slots were ever used: indexes below this are valid. And how many are in use now, about.
    [[nodiscard]] std::uint32_t used_count() const { return std::min(unused_.load(std::memory_order_acquire), max_); }

    [[nodiscard]] std::uint32_t open_count() const { return open_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint32_t max_open() const { return max_; }

    // In a forked child: every open trace is the parent's.
    void reset_after_fork() noexcept;

private:
    static constexpr std::uint32_t chunk_slots = 256;
    static constexpr std::uint32_t max_chunks = 4096;

    std::uint32_t reverse(std::uint32_t link, std::uint32_t TraceSlot::*next);
    bool ensure_chunk(std::uint32_t index) noexcept;
    void push_free(std::uint32_t index) noexcept;

    std::uint32_t max_;
    std::unique_ptr<std::atomic<TraceSlot*>[]> chunks_;
    std::atomic<std::uint64_t> free_{0};  // upper half: a count against ABA; lower half: index + 1
    std::atomic<std::uint32_t> unused_{0};
    std::atomic<std::uint32_t> open_{0};
    std::atomic<std::uint32_t> begun_{0};
    std::atomic<std::uint32_t> ended_{0};
};

}  // namespace quipu
