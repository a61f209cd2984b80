#include "proto/trace_slots.hpp"

namespace quipu {

[[gnu::hot]] void TraceSlots::push_begun(std::uint32_t index) noexcept {
    TraceLinks& link = links(index);
    link.next_begun = begun_.load(std::memory_order_relaxed);
    while (!begun_.compare_exchange_weak(link.next_begun, index + 1, std::memory_order_release)) {
    }
}

[[gnu::hot]] void TraceSlots::push_ended(std::uint32_t index) noexcept {
    TraceLinks& link = links(index);
    link.next_ended = ended_.load(std::memory_order_relaxed);
    while (!ended_.compare_exchange_weak(link.next_ended, index + 1, std::memory_order_release)) {
    }
}

std::uint32_t TraceSlots::reverse(std::uint32_t link, std::uint32_t TraceLinks::*next) {
    std::uint32_t reversed = 0;
    while (link != 0) {
        std::uint32_t& place = links(link - 1).*next;
        const std::uint32_t following = place;
        place = reversed;
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
