// Where counts live in the mail daemon: every thread has cells of its own, written by that thread alone with one
// relaxed load and store; the courier adds them up. A thread that ends leaves its block, values and all, to the next.
//
//   index of a series:   0      1      2     ...  max_series
//   thread A's block  [  5  |   0  |   2  |          ]   + ring of trace events
//   thread B's block  [  1  |   7  |   0  |          ]   + ring of trace events
//   shared block      [  0  |   0  |   0  |          ]   threads beyond max_threads: atomic adds
//
// Memory is got zeroed from the system and touched only where used.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/event_ring.hpp"

namespace quipu {

struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
};

struct ThreadBlock {
    std::unique_ptr<std::atomic<std::uint64_t>[], FreeMemory> cells;
    EventRing ring;
    std::atomic<bool> is_in_use{true};
    ThreadBlock* next = nullptr;  // set before the block is published
};

class ThreadBlocks : public std::enable_shared_from_this<ThreadBlocks> {
public:
    ThreadBlocks(std::uint32_t max_series, std::uint32_t max_threads, std::uint32_t ring_bytes);
    ~ThreadBlocks();
    ThreadBlocks(const ThreadBlocks&) = delete;
    ThreadBlocks& operator=(const ThreadBlocks&) = delete;

    // Unique among all emitters that this process ever had.
    [[nodiscard]] std::uint64_t serial() const { return serial_; }

    // The calling thread's block, which this_thread_cells then points to. Null: the thread has to use the shared
    // block, since there are too many threads or this one is ending.
    ThreadBlock* mine() noexcept;

    // For threads without a block of their own.
    void add_shared(std::uint32_t index, std::uint64_t n) noexcept {
        shared_.cells[index].fetch_add(n, std::memory_order_relaxed);
    }

    // The sums of the first totals.size() cells. Courier only.
    void sum(std::vector<std::uint64_t>& totals) const;

    // All blocks with rings, newest first; walk with ->next. Courier only.
    [[nodiscard]] ThreadBlock* first() const { return head_.load(std::memory_order_acquire); }

    // In a forked child, before anything else: all counts and rings are the parent's, so they go.
    void reset_after_fork(std::uint32_t series) noexcept;

private:
    ThreadBlock* find_or_make();
    ThreadBlock* reuse() noexcept;

    std::uint64_t serial_;
    std::uint32_t max_series_;
    std::uint32_t max_threads_;
    std::uint32_t ring_bytes_;
    std::atomic<std::uint32_t> threads_{0};
    std::atomic<ThreadBlock*> head_{nullptr};
    ThreadBlock shared_;
};

}  // namespace quipu
