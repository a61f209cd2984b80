#include "daemon/core/history.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "daemon/core/now.hpp"

namespace quipu {

namespace {

constexpr std::int64_t clock_tolerance_s = 2;

// Nothing: nobody has said, or it is no number.
std::optional<std::uint64_t> value_of(const HistorySeries& series, std::uint32_t cell) {
    if (const auto* count = std::get_if<Cell>(&series.source->value)) return count->total;
    if (const auto* histogram = std::get_if<HistogramValue>(&series.source->value)) {
        return histogram->cells[cell].total;
    }
    if (series.source->kind() != Kind::gauge) return std::nullopt;
    const GaugeValue& gauge = series.source->gauge();
    if (!gauge.is_known || !std::isfinite(gauge.shown)) return std::nullopt;
    return std::bit_cast<std::uint64_t>(gauge.shown);
}

// The points [first, first + count) of a finer column as one.
std::optional<std::uint64_t> combined(const HistoryColumn& column, int first, int count) {
    double sum = 0;
    int found = 0;
    std::uint64_t last = 0;
    for (int i = first; i < first + count; ++i) {
        if (!column.has(i)) continue;
        ++found;
        last = column.values[static_cast<std::size_t>(i)];
        if (column.is_real) sum += std::bit_cast<double>(last);
    }
    if (found == 0) return std::nullopt;
    return column.is_real ? std::bit_cast<std::uint64_t>(sum / found) : last;
}

}  // namespace

bool HistoryWitnesses::push(const Series& series) const {
    const auto pushes = [&series](const InstanceMetrics* who) {
        if (const auto* count = std::get_if<Cell>(&series.value)) return who->counts.find(*count) != nullptr;
        if (const auto* histogram = std::get_if<HistogramValue>(&series.value)) {
            return who->counts.find(histogram->cells.front()) != nullptr;
        }
        const auto is_of = [who](const auto& part) { return part.first == who; };
        if (series.kind() != Kind::gauge) return false;
        const auto& parts = series.gauge().parts;
        return std::any_of(parts.begin(), parts.end(), is_of);
    };
    return std::any_of(connected.begin(), connected.end(), pushes);
}

History::History(HistoryLimits limits)
    : limits_(limits),
      rings_{HistoryRing(1, 900), HistoryRing(10, 720), HistoryRing(60, 1440), HistoryRing(900, 2880)},
      ids_(limits.series) {
    derived_.fill(-1);
}

void History::mark(std::int64_t time_s, std::string_view kind, std::string_view what) {
    if (limits_.marks == 0) return;
    if (marks_.size() >= limits_.marks) marks_.erase(marks_.begin());
    // Late ones too: a process is noticed after it has started.
    const auto is_later = [](std::int64_t time, const HistoryMark& mark) { return time < mark.time_s; };
    const auto place = std::upper_bound(marks_.begin(), marks_.end(), time_s, is_later);
    marks_.insert(place, {time_s, std::string(kind), std::string(what.substr(0, max_mark_bytes))});
    are_marks_changed_ = is_kept_;
}

void History::sample(const Metrics& metrics, const HistoryWitnesses& witnesses, Now now) {
    const std::int64_t time_s = now.wall_ns / second_ns;
    if (time_s < 1 || time_s == last_s_ || limits_.series == 0) return;
    if (last_s_ != 0) notice_clock(time_s, now);
    if (time_s < last_s_) step_back(time_s);
    if (last_s_ != 0) finish(time_s - 1);
    before_s_ = std::exchange(last_s_, time_s);
    last_steady_ns_ = now.steady_ns;
    const std::uint32_t last_id = last_id_;
    admit(metrics, witnesses);
    if (witnesses.has_changed || last_id != last_id_) look(witnesses);
    open(0, rings_[0].index_of(time_s) / block_points);
    take_points();
    finish(time_s);
    counts_.bytes = cost_bytes();
}

void History::look(const HistoryWitnesses& witnesses) {
    for (auto& [key, series] : series_) {
        if (series.source) series.is_live = series.rank == own_rank || witnesses.push(*series.source);
    }
}

void History::take_points() {
    const std::int64_t n = rings_[0].index_of(last_s_);
    for (auto& [key, series] : series_) {
        if (!series.is_live) continue;
        series.last_live_s = last_s_;
        const std::optional<std::uint64_t> value = value_of(series, key.cell);
        if (value) rings_[0].set(series.slot, n, series.kind == Kind::gauge, *value);
    }
}

void History::open(std::size_t tier, std::int64_t window) {
    const std::int64_t sealed = rings_[tier].open(window, ids_);
    if (sealed >= 0 && is_kept_) changed_windows_.emplace(tier, sealed);
}

// Of each coarser resolution, makes the point of the step in which the last sample was, if that step is over by then.
// The finer ones first: a coarser point is made of theirs.
void History::finish(std::int64_t until_s) {
    for (std::size_t tier = 1; tier < rings_.size(); ++tier) {
        const std::int64_t n = rings_[tier].index_of(last_s_);
        if (rings_[tier].time_of(n) > until_s || n <= derived_[tier]) continue;
        derive(tier, n);
        derived_[tier] = n;
    }
}

void History::derive(std::size_t tier, std::int64_t n) {
    const HistoryRing& finer = rings_[tier - 1];
    const std::int64_t ratio = rings_[tier].step_s() / finer.step_s();
    const std::int64_t first = n * ratio;
    open(tier, n / block_points);
    if (finer.open_window() != first / block_points) return;
    for (const auto& [key, series] : series_) {
        const HistoryColumn* column = finer.open_column(series.slot);
        if (!column) continue;
        const auto value = combined(*column, static_cast<int>(first % block_points), static_cast<int>(ratio));
        if (value) rings_[tier].set(series.slot, n, column->is_real, *value);
    }
}

// The step of each clock since the last sample must be about the same.
void History::notice_clock(std::int64_t time_s, Now now) {
    const std::int64_t wall_step = time_s - last_s_;
    const std::int64_t steady_step = (now.steady_ns - last_steady_ns_ + second_ns / 2) / second_ns;
    const std::int64_t set_by = wall_step - steady_step;
    if (set_by >= -clock_tolerance_s && set_by <= clock_tolerance_s) return;
    ++counts_.clock_steps;
    const std::string seconds = std::to_string(set_by < 0 ? -set_by : set_by) + " s";
    if (set_by < 0) {
        mark(time_s, "clock", "the clock was set back by " + seconds);
    } else {
        mark(time_s, "clock", "the clock was set forward by " + seconds + ", or the machine slept");
    }
}

void History::step_back(std::int64_t time_s) {
    for (std::size_t tier = 0; tier < rings_.size(); ++tier) {
        const std::int64_t n = rings_[tier].index_of(time_s);
        rings_[tier].drop_from(n, ids_);
        derived_[tier] = std::min(derived_[tier], n - 1);
    }
    last_s_ = 0;
    is_cut_ = is_kept_;
}

// --- Rebuilding what was not kept -----------------------------------------------------------------------------------

// Makes the points of a resolution, from a window on, from the finer one's, where they are missing and their step is
// over.
void History::rebuild(std::size_t tier, std::int64_t from_window, std::int64_t until_s) {
    HistoryRing& ring = rings_[tier];
    const HistoryRing& finer = rings_[tier - 1];
    const std::int64_t ratio = ring.step_s() / finer.step_s();
    const int points = static_cast<int>(block_points / ratio);  // of ours in a window of theirs
    std::map<std::int64_t, std::vector<std::unique_ptr<HistoryColumn>>> made;
    for (const std::int64_t window : finer.windows()) {
        const std::int64_t ours = window / ratio;
        if (ours < from_window) continue;
        auto& columns = made[ours];
        columns.resize(ids_.size());
        for (const auto& [key, series] : series_) {
            HistoryColumn column;
            if (!finer.read(series.slot, series.id, window, column)) continue;
            auto& target = columns[series.slot];
            if (!target) target = std::make_unique<HistoryColumn>();
            target->is_real = column.is_real;
            for (int i = 0; i < points; ++i) {
                const int at = static_cast<int>(window % ratio) * points + i;
                if (ring.time_of(ours * block_points + at) > until_s) break;
                const auto value = combined(column, i * static_cast<int>(ratio), static_cast<int>(ratio));
                if (value) target->set(at, *value);
            }
        }
    }
    for (auto& [window, columns] : made) {
        ring.merge(window, ids_, std::move(columns));
        if (window != ring.open_window() && ring.sealed(window)) changed_windows_.emplace(tier, window);
    }
}

}  // namespace quipu
