// What of history outlives quipud, as plain values: handed to the store (disk/) and taken back from it at start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/message.hpp"

namespace quipu {

// A moment to be seen beside the curves: a restart, a clock that was set.
struct HistoryMark {
    std::int64_t time_s = 0;
    std::string kind;
    std::string what;

    bool operator==(const HistoryMark&) const = default;
};

// What an id in the blocks stands for.
struct DurableHistorySeries {
    std::uint32_t id = 0;
    std::string name;
    std::string label;
    std::uint32_t cell = 0;
    wire::Kind kind = wire::Kind::counter;
};

// One window of all series at one resolution; `bytes` as history_block.hpp tells.
struct DurableHistoryBlock {
    std::int64_t step_s = 0;
    std::int64_t window = 0;
    std::string bytes;
};

// Of one resolution: windows before `first` and after `last` are to be removed.
struct HistoryWindows {
    std::int64_t step_s = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
};

// Part of a commit. Writing the same twice does no harm.
struct HistoryChanges {
    std::uint32_t last_id = 0;                 // ids up to it have been used
    std::vector<DurableHistorySeries> series;  // new ones
    std::vector<std::uint32_t> gone_series;    // their rows go
    std::vector<DurableHistoryBlock> blocks;   // new or changed, a bounded number
    std::vector<HistoryWindows> kept;          // of some resolutions
    bool has_marks = false;                    // `marks` are all there are, and replace the old ones
    std::vector<HistoryMark> marks;

    [[nodiscard]] bool is_empty() const {
        return series.empty() && gone_series.empty() && blocks.empty() && kept.empty() && !has_marks;
    }
};

// What is read at once at start. The blocks are many bytes, and are read apart from it.
struct SavedHistory {
    std::uint32_t last_id = 0;
    std::vector<DurableHistorySeries> series;
    std::vector<HistoryMark> marks;
    std::uint64_t damaged_rows = 0;  // left out
};

// Which blocks are of use at start, of one resolution: the last `count` windows up to `last`. Later ones are of a time
// when the clock was wrong, or it is wrong now: the next `count` of them stay on disk, the others may go.
struct WantedBlocks {
    std::int64_t step_s = 0;
    std::int64_t last = 0;
    std::int64_t count = 0;
    std::size_t max_bytes = 0;  // of one; a longer one is damaged
};

// The answer to it, of all resolutions.
struct SavedBlocks {
    std::vector<DurableHistoryBlock> blocks;
    std::vector<HistoryWindows> kept;  // where there are too many of the future
    std::uint64_t damaged_rows = 0;    // left out
};

}  // namespace quipu
