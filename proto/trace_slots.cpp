#include "proto/trace_slots.hpp"

#include <new>

namespace quipu {

TraceSlots::TraceSlots(std::uint32_t max_open)
    : max_(std::min(max_open, chunk_slots * max_chunks)),
      chunks_(std::make_unique<std::atomic<TraceSlot*>[]>(max_ / chunk_slots + 1)) {}

TraceSlots::~TraceSlots() {
    for (std::uint32_t i = 0; i <= max_ / chunk_slots; ++i) delete[] chunks_[i].load();
}

bool TraceSlots::ensure_chunk(std::uint32_t index) noexcept {
    std::atomic<TraceSlot*>& chunk = chunks_[index / chunk_slots];
    if (chunk.load(std::memory_order_acquire)) return true;
    auto* made = new (std::nothrow) TraceSlot[chunk_slots];
    if (!made) return false;
    TraceSlot* expected = nullptr;
    if (!chunk.compare_exchange_strong(expected, made, std::memory_order_acq_rel)) delete[] made;
    return true;
}

std::uint32_t TraceSlots::take() noexcept {
    std::uint64_t head = free_.load(std::memory_order_acquire);
    while ((head & 0xffffffff) != 0) {
        const auto index = static_cast<std::uint32_t>(head) - 1;
        const std::uint64_t next = (*this)[index].next_free.load(std::memory_order_relaxed);
        const std::uint64_t replacement = ((head >> 32) + 1) << 32 | next;
        if (free_.compare_exchange_weak(head, replacement, std::memory_order_acq_rel)) {
            open_.fetch_add(1, std::memory_order_relaxed);
            return index;
        }
    }
    if (unused_.load(std::memory_order_relaxed) >= max_) return none;
    // The chunk first: the courier walks all indexes below unused_.
    std::uint32_t index = unused_.load(std::memory_order_relaxed);
    do {
        if (index >= max_ || !ensure_chunk(index)) return none;
    } while (!unused_.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
    open_.fetch_add(1, std::memory_order_relaxed);
    return index;
}

void TraceSlots::push_begun(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    slot.next_begun = begun_.load(std::memory_order_relaxed);
    while (!begun_.compare_exchange_weak(slot.next_begun, index + 1, std::memory_order_release)) {
    }
}

void TraceSlots::push_ended(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    slot.next_ended = ended_.load(std::memory_order_relaxed);
    while (!ended_.compare_exchange_weak(slot.next_ended, index + 1, std::memory_order_release)) {
    }
}

std::uint32_t TraceSlots::reverse(std::uint32_t link, std::uint32_t TraceSlot::*next) {
    std::uint32_t reversed = 0;
    while (link != 0) {
        TraceSlot& slot = (*this)[link - 1];
        const std::uint32_t following = slot.*next;
        slot.*next = reversed;
        reversed = link;
        link = following;
    }
    return reversed;
}

void TraceSlots::push_free(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    std::uint64_t head = free_.load(std::memory_order_relaxed);
    std::uint64_t replacement = 0;
    do {
        slot.next_free.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
        replacement = ((head >> 32) + 1) << 32 | (index + 1);
    } while (!free_.compare_exchange_weak(head, replacement, std::memory_order_acq_rel));
}

void TraceSlots::give_back(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    slot.generation.fetch_add(1, std::memory_order_relaxed);
    slot.is_live = slot.is_announced = slot.is_held = false;
    open_.fetch_sub(1, std::memory_order_relaxed);
    push_free(index);
}

void TraceSlots::reset_after_fork() noexcept {
    begun_.store(0, std::memory_order_relaxed);
    ended_.store(0, std::memory_order_relaxed);
    free_.store(0, std::memory_order_relaxed);
    open_.store(0, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < used_count(); ++i) {
        TraceSlot& slot = (*this)[i];
        slot.generation.fetch_add(1, std::memory_order_relaxed);
        slot.is_live = slot.is_announced = slot.is_held = false;
        push_free(i);
    }
}

}  // namespace quipu
