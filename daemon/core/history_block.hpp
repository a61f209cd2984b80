// One window of sixty points of all series together: what history keeps once the window is over, in memory and as one
// row on disk.
//
//     for each series, ids ascending: varint id, varint length, that many bytes of column (history_column.hpp)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/durable_history.hpp"
#include "daemon/core/history_column.hpp"

namespace quipu {

class HistoryBlock {
public:
    // Ids ascending, none twice.
    void add(std::uint32_t id, const HistoryColumn& column);
    void shrink_to_fit();

    // Of one series: id, length, column.
    static constexpr std::size_t max_entry_bytes = 5 + 2 + max_column_bytes;

    // From disk: looks at every column. false: damaged; `out` is then of no use.
    [[nodiscard]] static bool parse(std::string bytes, HistoryBlock& out);

    [[nodiscard]] const std::string& bytes() const { return bytes_; }

    // false: the series has no point in here (or a damaged one).
    [[nodiscard]] bool read(std::uint32_t id, HistoryColumn& out) const;

    [[nodiscard]] bool is_empty() const { return entries_.empty(); }

    // What it takes in memory; with so many series, at most.
    [[nodiscard]] std::size_t cost_bytes() const;
    [[nodiscard]] static std::size_t most_bytes(std::size_t series);

private:
    struct Entry {
        std::uint32_t id = 0;
        std::uint32_t offset = 0;  // of its length
    };

    std::string bytes_;
    std::vector<Entry> entries_;
};

// What SavedBlocks holds, looked at: megabytes, so the thread that reads it from disk does this, too.
struct CheckedBlocks {
    struct One {
        std::int64_t step_s = 0;
        std::int64_t window = 0;
        bool is_sound = false;
        HistoryBlock block;
    };

    std::vector<One> blocks;
    std::vector<HistoryWindows> kept;
    std::uint64_t damaged_rows = 0;
};

CheckedBlocks checked(SavedBlocks saved);

}  // namespace quipu
