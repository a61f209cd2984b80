// What one instance has counted, cell by cell. There may be millions of them: a count is four words, and finding it by
// its cell costs about one more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "daemon/core/metrics_marks.hpp"

namespace quipu {

struct Cell;

// What a total can still grow by.
inline std::uint64_t room_above(std::uint64_t total) {
    return std::numeric_limits<std::uint64_t>::max() - total;
}

// What one instance has in one cell.
struct Count {
    Cell* cell = nullptr;
    std::uint64_t held = 0;  // before its present connection
    std::uint64_t now = 0;   // in its present connection
    Marks marks;

    [[nodiscard]] std::uint64_t shown() const { return held > now ? held : now; }
};

// One count a cell. None is ever taken out, and each stays where it is.
class Counts {
public:
    // Null: there is none of that cell.
    [[nodiscard]] Count* find(const Cell& cell);
    [[nodiscard]] const Count* find(const Cell& cell) const;

    // The cell's count, made at zero where absent.
    Count& of(Cell& cell);

    [[nodiscard]] std::size_t size() const { return counts_.size(); }

    // In the order in which they came.
    [[nodiscard]] auto begin() { return counts_.begin(); }

    [[nodiscard]] auto end() { return counts_.end(); }

private:
    [[nodiscard]] std::size_t slot_of(const Cell& cell) const;
    void grow();

    std::deque<Count> counts_;
    // Open addressing: 0 is free, n is counts_[n - 1]. A power of two of them, at most three quarters of them taken.
    std::vector<std::uint32_t> slots_;
};

}  // namespace quipu
