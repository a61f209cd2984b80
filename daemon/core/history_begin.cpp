// The first points of a count that has just begun.
#include <algorithm>

#include "daemon/core/history.hpp"

namespace quipu {

namespace {

const Cell* cell_of(const Series& series, std::size_t index) {
    if (const auto* count = std::get_if<Cell>(&series.value)) return index == 0 ? count : nullptr;
    const auto* histogram = std::get_if<HistogramValue>(&series.value);
    return histogram && index < histogram->cells.size() ? &histogram->cells[index] : nullptr;
}

}  // namespace

// The newcomer has been defined since the last sample. What its emitters have counted in it came since then, too, if
// they were connected all the while: until then the total was what others had left.
void History::begin(const Newcomer& newcomer, const HistoryWitnesses& witnesses) {
    if (newcomer.family->is_own || witnesses.settled_s.size() != witnesses.connected.size()) return;
    for (std::uint32_t index = 0;; ++index) {
        const Cell* cell = cell_of(*newcomer.series, index);
        const auto it = series_.find({newcomer.family->name, *newcomer.label, index});
        if (!cell || it == series_.end()) return;
        std::uint64_t total = cell->total;
        std::int64_t settled_s = 0;
        for (std::size_t i = 0; i < witnesses.connected.size(); ++i) {
            const Count* part = witnesses.connected[i]->counts.find(*cell);
            if (!part) continue;
            total -= std::min(part->shown(), total);
            settled_s = std::max(settled_s, witnesses.settled_s[i]);
        }
        begin(it->second, total, settled_s);
    }
}

// Sets the last point of each resolution to `total`, where the next one follows it at once and the emitters were
// settled by then; not where it was pushed (it is known from disk) after that point.
void History::begin(HistorySeries& series, std::uint64_t total, std::int64_t settled_s) {
    const bool is_new = series.last_live_s == last_s_;
    for (std::size_t tier = 0; tier < rings_.size(); ++tier) {
        HistoryRing& ring = rings_[tier];
        const std::int64_t last = before_s_ != 0 ? ring.index_of(before_s_) : -1;
        const std::int64_t n = tier == 0 ? last : derived_[tier];
        if (n < 0 || n + 1 != ring.index_of(last_s_) || n / block_points != ring.open_window()) continue;
        const std::int64_t time_s = ring.time_of(n);
        const HistoryColumn* column = ring.open_column(series.slot);
        const bool is_taken = column && column->has(static_cast<int>(n % block_points));
        if (time_s < settled_s || is_taken || (!is_new && series.last_live_s > time_s)) continue;
        ring.set(series.slot, n, false, total);
    }
}

}  // namespace quipu
