#include "daemon/core/history_ring.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace quipu {

std::int64_t HistoryRing::first_window() const {
    return sealed_.empty() ? open_ : sealed_.begin()->first;
}

std::int64_t HistoryRing::last_window() const {
    const std::int64_t last_sealed = sealed_.empty() ? -1 : sealed_.rbegin()->first;
    return std::max(open_, last_sealed);
}

std::vector<std::int64_t> HistoryRing::windows() const {
    std::vector<std::int64_t> all;
    for (const auto& [window, block] : sealed_) all.push_back(window);
    if (open_ >= 0) all.push_back(open_);
    return all;
}

bool HistoryRing::read(std::uint32_t slot, std::uint32_t id, std::int64_t window, HistoryColumn& out) const {
    if (window == open_) {
        const HistoryColumn* column = open_column(slot);
        if (column) out = *column;
        return column != nullptr;
    }
    const HistoryBlock* block = sealed(window);
    return block && block->read(id, out);
}

const HistoryBlock* HistoryRing::sealed(std::int64_t window) const {
    const auto it = sealed_.find(window);
    return it == sealed_.end() ? nullptr : &it->second;
}

HistoryBlock HistoryRing::block_of(const Columns& columns, HistoryIds ids) {
    std::vector<std::pair<std::uint32_t, const HistoryColumn*>> filled;
    for (std::size_t slot = 0; slot < columns.size() && slot < ids.size(); ++slot) {
        if (ids[slot] != 0 && columns[slot] && columns[slot]->present != 0) {
            filled.emplace_back(ids[slot], columns[slot].get());
        }
    }
    std::sort(filled.begin(), filled.end());
    HistoryBlock block;
    for (const auto& [id, column] : filled) block.add(id, *column);
    block.shrink_to_fit();
    return block;
}

HistoryRing::Columns HistoryRing::columns_of(const HistoryBlock& block, HistoryIds ids) const {
    Columns columns(ids.size());
    for (std::size_t slot = 0; slot < ids.size(); ++slot) {
        HistoryColumn column;
        if (ids[slot] != 0 && block.read(ids[slot], column)) {
            columns[slot] = std::make_unique<HistoryColumn>(column);
        }
    }
    return columns;
}

// Retention counts windows, it does not look at the clock: a clock that is wrong for a while forgets nothing.
void HistoryRing::seal(std::int64_t window, HistoryBlock block) {
    if (block.is_empty()) return;
    sealed_[window] = std::move(block);
    // At start the newest is not open yet.
    while (sealed_.size() > kept_windows() + (open_ < 0 ? 1 : 0)) {
        sealed_.erase(sealed_.begin());
        has_forgotten_ = true;
    }
}

std::int64_t HistoryRing::open(std::int64_t window, HistoryIds ids) {
    if (window == open_) return -1;
    assert(window >= last_window());
    const std::int64_t before = std::exchange(open_, window);
    if (before >= 0) seal(before, block_of(columns_, ids));
    for (auto& column : columns_) {
        if (column) column->present = 0;
    }
    if (const auto it = sealed_.find(window); it != sealed_.end()) {  // it was kept when it was not over yet
        columns_ = columns_of(it->second, ids);
        sealed_.erase(it);
    }
    return before >= 0 && sealed_.contains(before) ? before : -1;
}

const HistoryColumn* HistoryRing::open_column(std::uint32_t slot) const {
    return slot < columns_.size() ? columns_[slot].get() : nullptr;
}

void HistoryRing::set(std::uint32_t slot, std::int64_t n, bool is_real, std::uint64_t value) {
    assert(n / block_points == open_);
    if (slot >= columns_.size()) columns_.resize(slot + 1);
    auto& column = columns_[slot];
    if (!column) column = std::make_unique<HistoryColumn>();
    column->is_real = is_real;
    column->set(static_cast<int>(n % block_points), value);
}

void HistoryRing::merge(std::int64_t window, HistoryIds ids, Columns columns) {
    if (window == open_) {
        columns_.resize(std::max(columns_.size(), columns.size()));
        for (std::size_t slot = 0; slot < columns.size(); ++slot) {
            if (!columns[slot]) continue;
            if (columns_[slot]) {
                const bool is_real = columns_[slot]->present != 0 ? columns_[slot]->is_real : columns[slot]->is_real;
                columns_[slot]->is_real = is_real;
                columns_[slot]->fill_gaps(*columns[slot]);
            } else {
                columns_[slot] = std::move(columns[slot]);
            }
        }
        return;
    }
    if (const HistoryBlock* block = sealed(window)) {
        Columns there = columns_of(*block, ids);
        columns.resize(std::max(columns.size(), there.size()));
        for (std::size_t slot = 0; slot < there.size(); ++slot) {
            if (!there[slot]) continue;
            if (columns[slot]) there[slot]->fill_gaps(*columns[slot]);
            columns[slot] = std::move(there[slot]);
        }
    }
    seal(window, block_of(columns, ids));
}

void HistoryRing::put(std::int64_t window, HistoryBlock block, HistoryIds ids) {
    if (window == open_ || sealed_.contains(window)) {
        merge(window, ids, columns_of(block, ids));
    } else {
        seal(window, std::move(block));
    }
}

void HistoryRing::drop_from(std::int64_t n, HistoryIds ids) {
    const std::int64_t window = n / block_points;
    sealed_.erase(sealed_.upper_bound(window), sealed_.end());
    if (open_ > window) {
        open_ = -1;
        for (auto& column : columns_) column.reset();
    }
    if (const auto it = sealed_.find(window); it != sealed_.end()) {
        columns_ = columns_of(it->second, ids);
        open_ = window;
        sealed_.erase(it);
    }
    if (open_ != window) return;
    for (auto& column : columns_) {
        if (column) column->drop_from(static_cast<int>(n % block_points));
    }
}

void HistoryRing::forget(std::uint32_t slot) {
    if (slot < columns_.size()) columns_[slot].reset();
}

HistoryBlock HistoryRing::open_block(HistoryIds ids) const {
    return block_of(columns_, ids);
}

std::size_t HistoryRing::cost_bytes() const {
    std::size_t bytes = columns_.capacity() * sizeof(columns_[0]);
    for (const auto& column : columns_) bytes += column ? sizeof(HistoryColumn) : 0;
    for (const auto& [window, block] : sealed_) bytes += block.cost_bytes();
    return bytes;
}

std::size_t HistoryRing::most_bytes(std::size_t slots) const {
    const std::size_t open = slots * (2 * sizeof(columns_[0]) + sizeof(HistoryColumn));
    return open + (kept_windows() + 1) * HistoryBlock::most_bytes(slots);
}

}  // namespace quipu
