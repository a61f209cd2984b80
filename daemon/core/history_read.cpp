#include <algorithm>

#include "daemon/core/history.hpp"
#include "proto/limits.hpp"

namespace quipu {

const HistorySeries* History::find(std::string_view name, std::string_view label, std::uint32_t cell) const {
    const auto it = series_.find(HistoryKey{std::string(name), std::string(label), cell});
    return it == series_.end() ? nullptr : &it->second;
}

HistoryRange History::range(std::int64_t from_s, std::int64_t to_s, std::int64_t step_s) const {
    from_s = std::max<std::int64_t>(from_s, 1);
    to_s = std::min(to_s, last_s_);
    HistoryRange range;
    if (from_s > to_s) return range;
    for (range.tier = 0; range.tier < rings_.size(); ++range.tier) {
        const HistoryRing& ring = rings_[range.tier];
        if (step_s != 0 ? ring.step_s() != step_s : ring.first_window() < 0) continue;
        const std::int64_t begin = ring.first_window() * block_points;
        const std::int64_t most = ring.points() + block_points;
        const std::int64_t last = to_s / ring.step_s() - 1;  // the last one whose step is over by then
        range.first = std::max((from_s + ring.step_s() - 1) / ring.step_s() - 1, begin);
        range.count = ring.first_window() < 0 ? 0 : std::max<std::int64_t>(last - range.first + 1, 0);
        const bool reaches_back = begin <= ring.index_of(from_s) || !ring.has_forgotten();
        if (step_s == 0 && range.tier + 1 < rings_.size() && (!reaches_back || range.count > most)) continue;
        if (range.count > most) {
            range.first = last + 1 - most;
            range.count = most;
        }
        return range;
    }
    return {};
}

void History::read(const HistorySeries& series, const HistoryRange& range, HistoryValues& out) const {
    const HistoryRing& ring = rings_[range.tier];
    out.is_real = series.kind == Kind::gauge;
    out.values.assign(static_cast<std::size_t>(range.count), 0);
    out.present.assign(static_cast<std::size_t>(range.count), false);
    HistoryColumn column;
    for (std::int64_t i = 0; i < range.count;) {
        const std::int64_t n = range.first + i;
        const std::int64_t window = n / block_points;
        const std::int64_t end = std::min(range.count, (window + 1) * block_points - range.first);
        // Of the other kind: of a state file that somebody else wrote.
        if (!ring.read(series.slot, series.id, window, column) || column.is_real != out.is_real) {
            i = end;
            continue;
        }
        for (; i < end; ++i) {
            const auto at = static_cast<int>((range.first + i) % block_points);
            if (!column.has(at)) continue;
            out.values[static_cast<std::size_t>(i)] = column.values[static_cast<std::size_t>(at)];
            out.present[static_cast<std::size_t>(i)] = true;
        }
    }
}

std::size_t History::cost_bytes() const {
    // A series' own: its node in the map, and names beyond what a string holds inside.
    std::size_t bytes = ids_.capacity() * sizeof(ids_[0]);
    for (const auto& [key, series] : series_) {
        bytes += sizeof key + sizeof series + 48 + key.name.capacity() + key.label.capacity();
    }
    for (const HistoryMark& mark : marks_) bytes += sizeof mark + mark.what.capacity();
    for (const HistoryRing& ring : rings_) bytes += ring.cost_bytes();
    return bytes;
}

std::size_t History::most_bytes() const {
    const std::size_t series = limits_.series;
    std::size_t bytes = series * (sizeof(std::uint32_t) + sizeof(HistoryKey) + sizeof(HistorySeries) + 48);
    bytes += series * (limits::max_name_bytes + limits::max_label_bytes) +
             limits_.marks * (sizeof(HistoryMark) + max_mark_bytes);
    for (const HistoryRing& ring : rings_) bytes += ring.most_bytes(series);
    return bytes;
}

}  // namespace quipu
