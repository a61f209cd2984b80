// A bounded set of slots, taken and given back by any thread without a lock. Memory comes in chunks, on first use, and
// stays. Slots are linked into lists: the free ones into ours, others as the user of `Links` likes. The links lie side
// by side and apart from the slots: who follows a list waits for memory once for many of them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace quipu {

// Indexes + 1 of slots, 0: the last one.
struct FreeLink {
    std::atomic<std::uint32_t> next_free{0};  // SlotPool's
};

template <typename Slot, typename Links = FreeLink>
class SlotPool {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit SlotPool(std::uint32_t max_open)
        : max_(std::min(max_open, chunk_slots * max_chunks)),
          chunks_(std::make_unique<std::atomic<Chunk*>[]>(max_ / chunk_slots + 1)) {}

    ~SlotPool() {
        for (std::uint32_t i = 0; i <= max_ / chunk_slots; ++i) delete chunk_of(i * chunk_slots).load();
    }

    SlotPool(const SlotPool&) = delete;
    SlotPool& operator=(const SlotPool&) = delete;

    // Index of a slot, or none: too many are open.
    std::uint32_t take() noexcept {
        std::uint64_t head = free_.load(std::memory_order_acquire);
        while ((head & 0xffffffff) != 0) {
            const auto index = static_cast<std::uint32_t>(head) - 1;
            const std::uint64_t next = links(index).next_free.load(std::memory_order_relaxed);
            const std::uint64_t replacement = ((head >> 32) + 1) << 32 | next;
            if (free_.compare_exchange_weak(head, replacement, std::memory_order_acq_rel)) {
                if (next != 0) fetch(static_cast<std::uint32_t>(next) - 1);
                return index;
            }
        }
        std::uint32_t index = unused_.load(std::memory_order_relaxed);
        do {
            // The chunk first: readers walk all indexes below unused_.
            if (index >= max_ || !ensure_chunk(index)) return none;
        } while (!unused_.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
        return index;
    }

    void give_back(std::uint32_t index) noexcept {
        std::atomic<std::uint32_t>& next_free = links(index).next_free;
        std::uint64_t head = free_.load(std::memory_order_relaxed);
        std::uint64_t replacement = 0;
        do {
            next_free.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
            replacement = ((head >> 32) + 1) << 32 | (index + 1);
        } while (!free_.compare_exchange_weak(head, replacement, std::memory_order_acq_rel));
    }

    [[nodiscard]] Slot& operator[](std::uint32_t index) noexcept { return chunk(index).slots[index % chunk_slots]; }

    [[nodiscard]] Links& links(std::uint32_t index) noexcept { return chunk(index).links[index % chunk_slots]; }

    // How many slots were ever used: indexes below this are valid.
    [[nodiscard]] std::uint32_t used_count() const { return std::min(unused_.load(std::memory_order_acquire), max_); }

    [[nodiscard]] std::uint32_t max_open() const { return max_; }

    // In a forked child: every slot is free.
    void reset_after_fork() noexcept {
        free_.store(0, std::memory_order_relaxed);
        for (std::uint32_t i = 0; i < used_count(); ++i) give_back(i);
    }

private:
    static constexpr std::uint32_t chunk_slots = 256;
    static constexpr std::uint32_t max_chunks = 4096;

    struct Chunk {
        std::array<Links, chunk_slots> links;
        std::array<Slot, chunk_slots> slots;
    };

    Chunk& chunk(std::uint32_t index) noexcept { return *chunk_of(index).load(std::memory_order_acquire); }

    std::atomic<Chunk*>& chunk_of(std::uint32_t index) noexcept {
        const std::uint32_t chunk = index / chunk_slots;
        if (chunk < first_chunks_.size()) [[likely]]
            return first_chunks_[chunk];
        return chunks_[chunk];
    }

    bool ensure_chunk(std::uint32_t index) noexcept {
        std::atomic<Chunk*>& place = chunk_of(index);
        if (place.load(std::memory_order_acquire)) return true;
        auto* made = new (std::nothrow) Chunk;
        if (!made) return false;
        Chunk* expected = nullptr;
        if (!place.compare_exchange_strong(expected, made, std::memory_order_acq_rel)) delete made;
        return true;
    }

    // What is taken next comes from memory while this one is used: a locked instruction waits for all that was written.
    void fetch(std::uint32_t index) noexcept {
        const auto* const slot = reinterpret_cast<const std::byte*>(&(*this)[index]);
        __builtin_prefetch(slot, 1);
        __builtin_prefetch(slot + 64, 1);
    }

    // What every call looks at comes first.
    std::array<std::atomic<Chunk*>, 4> first_chunks_{};  // mostly all there are: found without a further look at memory
    std::atomic<std::uint64_t> free_{0};                 // upper half: a count against ABA; lower half: index + 1
    const std::uint32_t max_;
    std::unique_ptr<std::atomic<Chunk*>[]> chunks_;  // the others
    std::atomic<std::uint32_t> unused_{0};
};

}  // namespace quipu
