#include "proto/trace_slots.hpp"

namespace quipu {

[[gnu::hot]] void TraceSlots::push_begun(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    slot.next_begun = begun_.load(std::memory_order_relaxed);
    while (!begun_.compare_exchange_weak(slot.next_begun, index + 1, std::memory_order_release)) {
    }
}

[[gnu::hot]] void TraceSlots::push_ended(std::uint32_t index) noexcept {
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

void TraceSlots::give_back(std::uint32_t index) noexcept {
    TraceSlot& slot = (*this)[index];
    slot.generation.fetch_add(1, std::memory_order_relaxed);
    slot.is_live = slot.is_announced = slot.is_held = false;
    SlotPool::give_back(index);
}

void TraceSlots::reset_after_fork() noexcept {
    begun_.store(0, std::memory_order_relaxed);
    ended_.store(0, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < used_count(); ++i) {
        TraceSlot& slot = (*this)[i];
        slot.generation.fetch_add(1, std::memory_order_relaxed);
        slot.is_live = slot.is_announced = slot.is_held = false;
    }
    SlotPool::reset_after_fork();
}

}  // namespace quipu
