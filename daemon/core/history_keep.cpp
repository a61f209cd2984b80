// What of history is written to disk, and taken back from it.
#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/core/history.hpp"
#include "proto/limits.hpp"

namespace quipu {

namespace {

constexpr std::size_t no_row_bytes = 1024;  // of a block without any series: never too long

bool is_sound(const DurableHistorySeries& row) {
    const bool is_kind = row.kind == Kind::counter || row.kind == Kind::gauge || row.kind == Kind::histogram;
    const bool is_cell = row.cell == 0 || (row.kind == Kind::histogram && row.cell < limits::max_bounds + 2);
    const bool is_short = row.name.size() <= limits::max_name_bytes && row.label.size() <= limits::max_label_bytes;
    return is_kind && is_cell && is_short && !row.name.empty() && row.id != 0 && row.id <= History::max_id;
}

}  // namespace

void History::restore(const SavedHistory& saved, Now now) {
    is_kept_ = true;
    counts_.damaged_rows += saved.damaged_rows;
    marks_ = saved.marks;
    const auto is_earlier = [](const HistoryMark& a, const HistoryMark& b) { return a.time_s < b.time_s; };
    std::stable_sort(marks_.begin(), marks_.end(), is_earlier);
    if (marks_.size() > limits_.marks) marks_.erase(marks_.begin(), marks_.end() - limits_.marks);
    if (saved.last_id <= max_id) last_id_ = saved.last_id;
    for (const DurableHistorySeries& row : saved.series) {
        const bool is_alone = row.cell != 0 && !series_.contains({row.name, row.label, row.cell - 1});
        if (!is_sound(row) || is_alone) {
            ++counts_.damaged_rows;
            gone_ids_.push_back(row.id);
            continue;
        }
        last_id_ = std::max(last_id_, row.id);
        const bool has_room = free_slots() > 0;
        const auto [it, is_new] =
            has_room ? series_.try_emplace({row.name, row.label, row.cell}) : std::pair(series_.end(), false);
        if (!is_new) {
            gone_ids_.push_back(row.id);
            continue;
        }
        const auto free = std::find(ids_.begin(), ids_.end(), 0U);
        *free = row.id;
        it->second.slot = static_cast<std::uint32_t>(free - ids_.begin());
        it->second.id = row.id;
        it->second.kind = row.kind;
        it->second.last_live_s = now.wall_ns / second_ns;
    }
}

std::vector<WantedBlocks> History::wanted_blocks(Now now) const {
    const std::int64_t now_s = std::max<std::int64_t>(now.wall_ns / second_ns, 1);
    const std::size_t max_bytes = no_row_bytes + limits_.series * HistoryBlock::max_entry_bytes;
    std::vector<WantedBlocks> wanted;
    for (const HistoryRing& ring : rings_) {
        const auto count = static_cast<std::int64_t>(ring.kept_windows()) + 1;  // and the one that was open
        wanted.push_back({ring.step_s(), ring.index_of(now_s) / block_points, count, max_bytes});
    }
    return wanted;
}

void History::restore_blocks(CheckedBlocks checked, Now now) {
    const std::int64_t now_s = std::max<std::int64_t>(now.wall_ns / second_ns, 1);
    counts_.damaged_rows += checked.damaged_rows;
    kept_ = std::move(checked.kept);
    std::array<std::int64_t, history_tier_count> last{};
    last.fill(-1);
    for (CheckedBlocks::One& row : checked.blocks) {
        const auto is_its = [&row](const HistoryRing& ring) { return ring.step_s() == row.step_s; };
        const auto ring = std::find_if(rings_.begin(), rings_.end(), is_its);
        // Of the future: the clock was wrong then, or is wrong now, so it stays on disk.
        const bool is_future = ring != rings_.end() && row.window > ring->index_of(now_s) / block_points;
        if (is_future) continue;
        if (ring == rings_.end() || !row.is_sound) {
            ++counts_.damaged_rows;
            continue;
        }
        auto& last_window = last[static_cast<std::size_t>(ring - rings_.begin())];
        last_window = std::max(last_window, row.window);
        ring->put(row.window, std::move(row.block), ids_);
    }
    // What was over when it was written is whole; the last may not have been, and later ones were not written.
    const std::int64_t until_s = last_s_ != 0 ? last_s_ : now_s;
    for (std::size_t tier = 1; tier < rings_.size(); ++tier) rebuild(tier, last[tier], until_s);
    is_loaded_ = true;
}

bool History::is_part_due() const {
    if (last_s_ == 0 || rings_[0].open_window() < 0) return false;
    return part_s_ == 0 || last_s_ - part_s_ >= part_interval_s || last_s_ < part_s_;
}

bool History::has_changes() const {
    return is_kept_ && is_loaded_ && (!changed_windows_.empty() || is_part_due());
}

void History::take_blocks(HistoryChanges& changes, bool is_end) {
    const auto take_open = [&](const HistoryRing& ring) {
        if (ring.open_window() < 0) return;
        changes.blocks.push_back({ring.step_s(), ring.open_window(), ring.open_block(ids_).bytes()});
    };
    if (is_end) {
        for (const HistoryRing& ring : rings_) take_open(ring);
        part_s_ = last_s_;
    } else if (is_part_due()) {
        take_open(rings_[0]);
        part_s_ = last_s_;
    }
    std::size_t bytes = 0;
    while (!changed_windows_.empty() && changes.blocks.size() < blocks_per_commit && bytes < bytes_per_commit) {
        const auto [tier, window] = *changed_windows_.begin();
        changed_windows_.erase(changed_windows_.begin());
        const HistoryBlock* block = rings_[tier].sealed(window);
        if (!block) continue;
        changes.blocks.push_back({rings_[tier].step_s(), window, block->bytes()});
        bytes += block->bytes().size();
    }
}

HistoryChanges History::take_changes(bool is_end) {
    HistoryChanges changes;
    if (!is_kept_ || !is_loaded_ || (!is_end && !has_changes())) return changes;
    take_blocks(changes, is_end);
    changes.kept = std::exchange(kept_, {});
    for (const HistoryRing& ring : rings_) {
        HistoryWindows kept{ring.step_s(), 0, std::numeric_limits<std::int64_t>::max()};
        if (ring.has_forgotten()) kept.first = ring.first_window();
        if (is_cut_) kept.last = ring.last_window();
        if (ring.has_forgotten() || is_cut_) changes.kept.push_back(kept);
    }
    is_cut_ = false;
    changes.last_id = last_id_;
    if (!new_ids_.empty()) {
        for (const auto& [key, series] : series_) {
            if (!new_ids_.contains(series.id)) continue;
            changes.series.push_back({series.id, key.name, key.label, key.cell, series.kind});
        }
        new_ids_.clear();
    }
    changes.gone_series = std::exchange(gone_ids_, {});
    changes.has_marks = std::exchange(are_marks_changed_, false);
    if (changes.has_marks) changes.marks = marks_;
    return changes;
}

void History::mark_all_changed(const HistoryChanges& failed) {
    if (!is_kept_) return;
    gone_ids_.insert(gone_ids_.end(), failed.gone_series.begin(), failed.gone_series.end());
    are_marks_changed_ = true;
    kept_.insert(kept_.end(), failed.kept.begin(), failed.kept.end());
    part_s_ = 0;
    for (const auto& [key, series] : series_) new_ids_.insert(series.id);
    for (std::size_t tier = 0; tier < rings_.size(); ++tier) {
        for (const std::int64_t window : rings_[tier].windows()) {
            if (window != rings_[tier].open_window()) changed_windows_.emplace(tier, window);
        }
    }
}

}  // namespace quipu
