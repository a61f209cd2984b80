// Open traces of the mail daemon: a bounded set of slots, taken and given back without a lock.
//
//   free --take()--> open --push_begun()--> courier announces it
//    ^                 `---push_ended()---> courier sends its rest and its end --give_back()--+
//    +----------------------------------------------------------------------------------------+
//
// A slot belongs to the thread that holds the Trace until it is pushed as ended, then to the courier. So beginning and
// ending a trace never fails for want of ring space: only events between can be lost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "proto/slot_pool.hpp"

namespace quipu {

struct LabelNode;

// What every event looks at lies in the first cache line: between two events of a mail daemon the rest has gone cold.
struct alignas(64) TraceSlot {
    std::atomic<std::uint32_t> generation{0};
    std::uint32_t first_cell = 0;  // of its latencies
    std::uint64_t id = 0;
    std::uint64_t begin_ns = 0;  // CLOCK_MONOTONIC
    std::uint64_t end_ns = 0;
    const LabelNode* family = nullptr;  // the label is its name
    std::uint32_t lost = 0;             // events refused since the last one that was taken
    bool is_inferred = false;

    // The courier's: it has seen the slot begun; has announced it in this connection; events it threw away.
    bool is_live = false;
    bool is_announced = false;
    bool is_held = false;  // sampled out: its events wait in HeldTraces
    std::uint32_t discarded = 0;

    std::uint16_t title_size = 0;
    std::uint64_t parent = 0;  // trace id, 0: none
    std::array<char, 256> title;
};

struct TraceLinks : FreeLink {
    std::uint32_t next_begun = 0;
    std::uint32_t next_ended = 0;
};

class TraceSlots : private SlotPool<TraceSlot, TraceLinks> {
public:
    using SlotPool::none;
    using SlotPool::SlotPool;
    using SlotPool::take;
    using SlotPool::operator[];
    using SlotPool::max_open;
    using SlotPool::used_count;

    // Any thread.
    void push_begun(std::uint32_t index) noexcept;
    void push_ended(std::uint32_t index) noexcept;

    // Courier only. Calls visit(index) for each pushed since the last call, oldest first.
    template <typename Visit>
    void take_begun(Visit visit) {
        std::uint32_t link = reverse(begun_.exchange(0, std::memory_order_acquire), &TraceLinks::next_begun);
        while (link != 0) {
            const std::uint32_t index = link - 1;
            link = links(index).next_begun;
            visit(index);
        }
    }

    template <typename Visit>
    void take_ended(Visit visit) {
        std::uint32_t link = reverse(ended_.exchange(0, std::memory_order_acquire), &TraceLinks::next_ended);
        while (link != 0) {
            const std::uint32_t index = link - 1;
            link = links(index).next_ended;
            visit(index);
        }
    }

    void give_back(std::uint32_t index) noexcept;

    // In a forked child: every open trace is the parent's.
    void reset_after_fork() noexcept;

private:
    std::uint32_t reverse(std::uint32_t link, std::uint32_t TraceLinks::*next);

    std::atomic<std::uint32_t> begun_{0};
    std::atomic<std::uint32_t> ended_{0};
};

}  // namespace quipu
