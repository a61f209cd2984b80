// What of history is written to disk, and taken back from it.
#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/core/history.hpp"

namespace quipu {

void History::restore(const SavedHistory& saved, Now now) {
    is_kept_ = true;
    marks_ = saved.marks;
    if (marks_.size() > limits_.marks) marks_.erase(marks_.begin(), marks_.end() - limits_.marks);
    for (const DurableHistorySeries& row : saved.series) {
        last_id_ = std::max(last_id_, row.id);
        const bool has_room = free_slots() > 0 && row.id != 0;
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
        it->second.last_live_s = now.wall_ns / 1'000'000'000;
    }
}

void History::restore_blocks(std::vector<DurableHistoryBlock> blocks, Now now) {
    const std::int64_t now_s = std::max<std::int64_t>(now.wall_ns / 1'000'000'000, 1);
    std::array<std::int64_t, history_tier_count> last{};
    last.fill(-1);
    for (DurableHistoryBlock& row : blocks) {
        const auto is_its = [&row](const HistoryRing& ring) { return ring.step_s() == row.step_s; };
        const auto ring = std::find_if(rings_.begin(), rings_.end(), is_its);
        HistoryBlock block;
        // Of the future: the clock was wrong then, or is wrong now, so it stays on disk. And what is damaged is a gap.
        if (ring == rings_.end() || row.window < 0 || row.window > ring->index_of(now_s) / block_points) continue;
        if (!HistoryBlock::parse(std::move(row.bytes), block)) continue;
        auto& last_window = last[static_cast<std::size_t>(ring - rings_.begin())];
        last_window = std::max(last_window, row.window);
        ring->put(row.window, std::move(block), ids_);
    }
    // What was over when it was written is whole; the last may not have been, and later ones were not written.
    const std::int64_t until_s = last_s_ != 0 ? last_s_ : now_s;
    for (std::size_t tier = 1; tier < rings_.size(); ++tier) rebuild(tier, last[tier], until_s);
    is_loaded_ = true;
}

HistoryChanges History::take_changes(bool is_end) {
    HistoryChanges changes;
    if (!is_kept_ || !is_loaded_ || (changed_windows_.empty() && !is_end)) return changes;
    for (const auto& [tier, window] : std::exchange(changed_windows_, {})) {
        const HistoryBlock* block = rings_[tier].sealed(window);
        if (block) changes.blocks.push_back({rings_[tier].step_s(), window, block->bytes()});
    }
    for (const HistoryRing& ring : rings_) {
        if (is_end && ring.open_window() >= 0) {
            changes.blocks.push_back({ring.step_s(), ring.open_window(), ring.open_block(ids_).bytes()});
        }
        HistoryWindows kept{ring.step_s(), 0, std::numeric_limits<std::int64_t>::max()};
        if (ring.has_forgotten()) kept.first = ring.first_window();
        if (is_cut_) kept.last = ring.last_window();
        if (ring.has_forgotten() || is_cut_) changes.kept.push_back(kept);
    }
    is_cut_ = false;
    for (const auto& [key, series] : series_) {
        if (new_ids_.contains(series.id)) {
            changes.series.push_back({series.id, key.name, key.label, key.cell, series.kind});
        }
    }
    new_ids_.clear();
    changes.gone_series = std::exchange(gone_ids_, {});
    changes.has_marks = std::exchange(are_marks_changed_, false);
    if (changes.has_marks) changes.marks = marks_;
    return changes;
}

void History::mark_all_changed(const HistoryChanges& failed) {
    if (!is_kept_) return;
    gone_ids_.insert(gone_ids_.end(), failed.gone_series.begin(), failed.gone_series.end());
    are_marks_changed_ = true;
    is_cut_ = is_cut_ || !failed.kept.empty();
    for (const auto& [key, series] : series_) new_ids_.insert(series.id);
    for (std::size_t tier = 0; tier < rings_.size(); ++tier) {
        for (const std::int64_t window : rings_[tier].windows()) {
            if (window != rings_[tier].open_window()) changed_windows_.emplace(tier, window);
        }
    }
}

}  // namespace quipu
