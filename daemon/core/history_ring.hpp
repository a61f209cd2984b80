// History at one resolution: sixty points at a time. The window that runs is open, one plain column a slot; those that
// are over are sealed blocks, as many as the resolution keeps.
//
// A point is known by its index n and covers the step (n * step_s, (n + 1) * step_s] of Unix time; it is shown at the
// step's end, so a count there is the total as of that moment. Window w holds the points 60 * w to 60 * w + 59.
//
// Slots are numbers below HistoryLimits::series that a series has while it is followed; its id is never used again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "daemon/core/history_block.hpp"

namespace quipu {

// ids[slot]; 0: the slot is free.
using HistoryIds = std::span<const std::uint32_t>;

class HistoryRing {
public:
    HistoryRing(std::int64_t step_s, std::uint32_t points) : step_s_(step_s), points_(points) {}

    [[nodiscard]] std::int64_t step_s() const { return step_s_; }

    [[nodiscard]] std::uint32_t points() const { return points_; }

    // So many sealed windows are kept, beside the open one.
    [[nodiscard]] std::size_t kept_windows() const { return points_ / block_points; }

    // Of the step in which, or at whose end, the second `time_s` (from 1) is.
    [[nodiscard]] std::int64_t index_of(std::int64_t time_s) const { return (time_s - 1) / step_s_; }

    [[nodiscard]] std::int64_t time_of(std::int64_t n) const { return (n + 1) * step_s_; }

    // -1: there is nothing.
    [[nodiscard]] std::int64_t first_window() const;
    [[nodiscard]] std::int64_t last_window() const;

    [[nodiscard]] std::int64_t open_window() const { return open_; }

    // Windows have gone because there were too many.
    [[nodiscard]] bool has_forgotten() const { return has_forgotten_; }

    // Windows that hold something, ascending.
    [[nodiscard]] std::vector<std::int64_t> windows() const;

    // false: the series has nothing there.
    [[nodiscard]] bool read(std::uint32_t slot, std::uint32_t id, std::int64_t window, HistoryColumn& out) const;
    // Of the open window; null: nothing yet.
    [[nodiscard]] const HistoryColumn* open_column(std::uint32_t slot) const;
    // null: no such sealed window.
    [[nodiscard]] const HistoryBlock* sealed(std::int64_t window) const;

    // Makes the window the open one, the newest there is; what was open is sealed. Returns the window that was sealed,
    // -1: none.
    std::int64_t open(std::int64_t window, HistoryIds ids);
    // In the open window.
    void set(std::uint32_t slot, std::int64_t n, bool is_real, std::uint64_t value);
    // In any window but those before the oldest kept; columns by slot, null: none. What is there already stays.
    void merge(std::int64_t window, HistoryIds ids, std::vector<std::unique_ptr<HistoryColumn>> columns);
    // As it was stored. What is there already stays.
    void put(std::int64_t window, HistoryBlock block, HistoryIds ids);
    // The clock was set back: points from n on go. A sealed window may become the open one.
    void drop_from(std::int64_t n, HistoryIds ids);
    // The slot is given up.
    void forget(std::uint32_t slot);
    // The open window as it would be sealed.
    [[nodiscard]] HistoryBlock open_block(HistoryIds ids) const;

    // What it takes in memory; with so many slots, at most.
    [[nodiscard]] std::size_t cost_bytes() const;
    [[nodiscard]] std::size_t most_bytes(std::size_t slots) const;

private:
    using Columns = std::vector<std::unique_ptr<HistoryColumn>>;

    static HistoryBlock block_of(const Columns& columns, HistoryIds ids);
    Columns columns_of(const HistoryBlock& block, HistoryIds ids) const;
    void seal(std::int64_t window, HistoryBlock block);

    std::int64_t step_s_;
    std::uint32_t points_;
    std::int64_t open_ = -1;
    bool has_forgotten_ = false;
    Columns columns_;  // by slot, of the open window
    std::map<std::int64_t, HistoryBlock> sealed_;
};

}  // namespace quipu
