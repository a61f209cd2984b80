#include "daemon/core/counts.hpp"

#include <algorithm>
#include <utility>

namespace quipu {

namespace {

constexpr std::size_t first_slots = 16;

// Addresses differ in bits in the middle; a multiplication carries them up.
std::size_t hash(const Cell& cell) {
    return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(&cell) * 0x9e3779b97f4a7c15ULL >> 32);
}

}  // namespace

// Where the cell's count is, or would be. There are slots, and some are free.
std::size_t Counts::slot_of(const Cell& cell) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash(cell) & mask;
    while (slots_[slot] != 0 && counts_[slots_[slot] - 1].cell != &cell) slot = (slot + 1) & mask;
    return slot;
}

const Count* Counts::find(const Cell& cell) const {
    const std::uint32_t place = slots_.empty() ? 0 : slots_[slot_of(cell)];
    return place == 0 ? nullptr : &counts_[place - 1];
}

Count* Counts::find(const Cell& cell) {
    return const_cast<Count*>(std::as_const(*this).find(cell));
}

Count& Counts::of(Cell& cell) {
    if (Count* known = find(cell)) return *known;
    if ((counts_.size() + 1) * 4 > slots_.size() * 3) grow();
    Count& made = counts_.emplace_back();
    made.cell = &cell;
    slots_[slot_of(cell)] = static_cast<std::uint32_t>(counts_.size());
    return made;
}

void Counts::grow() {
    // The old ones first: both together would be the peak.
    const std::size_t size = std::max(first_slots, slots_.size() * 2);
    slots_ = {};
    slots_.resize(size);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        slots_[slot_of(*counts_[i].cell)] = static_cast<std::uint32_t>(i + 1);
    }
}

}  // namespace quipu
