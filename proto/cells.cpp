#include "proto/cells.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace quipu {

constinit thread_local ThreadCells this_thread_cells;

namespace {

std::unique_ptr<std::atomic<std::uint64_t>[], FreeMemory> zeroed_cells(std::uint32_t count) {
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
    void* memory = std::calloc(count, sizeof(std::atomic<std::uint64_t>));
    if (!memory) throw std::bad_alloc();
    return std::unique_ptr<std::atomic<std::uint64_t>[], FreeMemory>(static_cast<std::atomic<std::uint64_t>*>(memory));
}

// The blocks that this thread has, one an emitter; gives them back when the thread ends. Holds the ThreadBlocks, so
// that an emitter destroyed before its threads leaves nothing dangling.
struct ThreadExit {
    std::vector<std::pair<std::shared_ptr<ThreadBlocks>, ThreadBlock*>> blocks;

    ~ThreadExit() {
        this_thread_cells = {};
        for (auto& [owner, block] : blocks) block->is_in_use.store(false, std::memory_order_release);
    }
};

// Set once the thread's ThreadExit is gone: destructors that run later count in the shared block.
constinit thread_local bool is_thread_ending = false;

struct ThreadEnding {
    ~ThreadEnding() { is_thread_ending = true; }
};

thread_local ThreadExit thread_exit;
thread_local ThreadEnding thread_ending;  // made after thread_exit, so destroyed before it

std::uint64_t next_serial() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

ThreadBlocks::ThreadBlocks(std::uint32_t max_series, std::uint32_t max_threads, std::uint32_t ring_bytes)
    : serial_(next_serial()), max_series_(max_series), max_threads_(max_threads), ring_bytes_(ring_bytes) {
    shared_.cells = zeroed_cells(max_series);
}

ThreadBlocks::~ThreadBlocks() {
    for (ThreadBlock* block = first(); block;) delete std::exchange(block, block->next);
}

ThreadBlock* ThreadBlocks::reuse() noexcept {
    for (ThreadBlock* block = first(); block; block = block->next) {
        bool expected = false;
        if (block->is_in_use.compare_exchange_strong(expected, true, std::memory_order_acquire)) return block;
    }
    return nullptr;
}

ThreadBlock* ThreadBlocks::mine() noexcept {
    if (is_thread_ending) return nullptr;
    (void)thread_ending;
    try {
        return find_or_make();
    } catch (const std::bad_alloc&) {
        return nullptr;  // the shared block serves
    }
}

ThreadBlock* ThreadBlocks::find_or_make() {
    const auto is_ours = [this](const auto& entry) { return entry.first.get() == this; };
    auto& mine = thread_exit.blocks;
    const auto known = std::find_if(mine.begin(), mine.end(), is_ours);
    ThreadBlock* block = known != mine.end() ? known->second : reuse();
    if (!block) {
        if (threads_.fetch_add(1, std::memory_order_relaxed) >= max_threads_) {
            threads_.fetch_sub(1, std::memory_order_relaxed);
            return nullptr;
        }
        auto made = std::make_unique<ThreadBlock>();
        made->cells = zeroed_cells(max_series_);
        made->ring.set_size(ring_bytes_);
        block = made.release();
        block->next = head_.load(std::memory_order_relaxed);
        while (!head_.compare_exchange_weak(block->next, block, std::memory_order_release)) {
        }
    }
    if (known == mine.end()) mine.emplace_back(shared_from_this(), block);
    this_thread_cells = {serial_, block->cells.get(), block};
    return block;
}

void ThreadBlocks::sum(std::vector<std::uint64_t>& totals) const {
    const auto add = [&totals](const ThreadBlock& block) {
        for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += block.cells[i].load(std::memory_order_relaxed);
    };
    std::fill(totals.begin(), totals.end(), 0);
    add(shared_);
    for (const ThreadBlock* block = first(); block; block = block->next) add(*block);
}

void ThreadBlocks::reset_after_fork(std::uint32_t series) noexcept {
    const auto reset = [series](ThreadBlock& block) {
        for (std::uint32_t i = 0; i < series; ++i) block.cells[i].store(0, std::memory_order_relaxed);
        block.ring.reset();
    };
    reset(shared_);
    for (ThreadBlock* block = first(); block; block = block->next) {
        reset(*block);
        block->is_in_use.store(false, std::memory_order_relaxed);
    }
    // Only the forking thread goes on; the slow path finds its block again.
    for (auto& [owner, block] : thread_exit.blocks) block->is_in_use.store(true, std::memory_order_relaxed);
    this_thread_cells = {};
}

}  // namespace quipu
