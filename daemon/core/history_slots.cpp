// Who has history, where there are more series than places.
#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "daemon/core/history.hpp"
#include "daemon/core/traces.hpp"

namespace quipu {

namespace {

// How long until it is looked again whether somebody's place has become free for those who have none.
constexpr std::int64_t walk_pause_s = 60;

// Labels of one family in a walk: a family may have more than a hundred thousand.
constexpr std::size_t most_looked_at = 10000;

std::uint8_t rank_of(const Family& family) {
    if (family.is_own) return History::own_rank;
    const bool is_documented = family.name.starts_with(vocabulary_prefix) || family.name == trace_latency_family;
    return is_documented ? 0 : 1;
}

std::size_t width(const Series& series) {
    const auto* histogram = std::get_if<HistogramValue>(&series.value);
    return histogram ? histogram->cells.size() : 1;
}

// All cells of one series stand side by side.
HistoryKey key_of(const std::string& name, const std::string& label, std::uint32_t cell) {
    return {name, label, cell};
}

bool is_of(const HistoryKey& key, const std::string& name, const std::string& label) {
    return key.name == name && key.label == label;
}

}  // namespace

void History::admit(const Metrics& metrics, const HistoryWitnesses& witnesses) {
    const bool is_due = waiting_ > 0 && last_s_ >= next_walk_s_;  // somebody may have ended meanwhile
    if (!witnesses.has_changed && !is_due) return;
    next_walk_s_ = last_s_ + walk_pause_s;
    waiting_ = 0;
    const bool are_new = std::exchange(are_all_followed_, true);
    std::vector<Newcomer> newcomers;
    for (const auto& [name, family] : metrics.families()) {
        if (family.kind != Kind::text) collect(family, witnesses, newcomers);
    }
    const auto is_better = [](const Newcomer& a, const Newcomer& b) { return a.rank < b.rank; };
    std::stable_sort(newcomers.begin(), newcomers.end(), is_better);
    for (std::size_t i = 0; i < newcomers.size(); ++i) {
        if (admit(newcomers[i])) {
            if (are_new) begin(newcomers[i], witnesses);
            continue;
        }
        const std::size_t wanted = width(*newcomers[i].series);
        waiting_ += wanted;
        if (wanted > 1) continue;
        waiting_ += newcomers.size() - i - 1;  // those behind it are no better
        break;
    }
    counts_.refused_series = std::max(counts_.refused_series, waiting_);
    are_all_followed_ = are_all_followed_ && waiting_ == 0;
}

// The family's series that somebody pushes and that are not followed yet, as many as could get a place.
void History::collect(const Family& family, const HistoryWitnesses& witnesses, std::vector<Newcomer>& out) {
    std::size_t followed = 0;
    for (auto it = series_.lower_bound(key_of(family.name, {}, 0)); it != series_.end(); ++it) {
        if (it->first.name != family.name) break;
        if (it->first.cell == 0 && it->second.source) ++followed;
    }
    if (followed == family.series.size()) return;
    if (followed >= limits_.labels_per_family && free_slots() == 0) {
        waiting_ += family.series.size() - followed;
        return;
    }
    const std::uint8_t rank = rank_of(family);
    std::size_t found = 0;
    std::size_t looked_at = 0;
    for (const auto& [label, series] : family.series) {
        if (found == limits_.series || ++looked_at > most_looked_at) {
            are_all_followed_ = false;
            break;
        }
        if (followed_.contains(&series) || !(family.is_own || witnesses.push(series))) continue;
        const bool is_many = followed + found >= limits_.labels_per_family;
        out.push_back({is_many ? many_rank : rank, &family, &label, &series});
        ++found;
    }
}

// false: there is no place for it.
bool History::admit(const Newcomer& newcomer) {
    const std::size_t count = width(*newcomer.series);
    // Known from disk: it has the same cells, or it is another one.
    const auto known = series_.lower_bound(key_of(newcomer.family->name, *newcomer.label, 0));
    bool is_known = false;
    if (known != series_.end() && is_of(known->first, newcomer.family->name, *newcomer.label)) {
        std::uint32_t cells = 0;
        for (auto it = known; it != series_.end() && is_of(it->first, known->first.name, known->first.label); ++it) {
            is_known = it->first.cell == cells++ && it->second.kind == newcomer.family->kind;
            if (!is_known) break;
        }
        is_known = is_known && cells == count;
        if (!is_known) give_up(HistoryKey(known->first));
    }
    if (!is_known && !make_room(newcomer.rank, count)) return false;
    for (std::uint32_t cell = 0; cell < count; ++cell) {
        const auto [it, is_new] = series_.try_emplace(key_of(newcomer.family->name, *newcomer.label, cell));
        HistorySeries& series = it->second;
        series.kind = newcomer.family->kind;
        series.rank = newcomer.rank;
        series.source = newcomer.series;
        if (!is_new) continue;
        const auto free = std::find(ids_.begin(), ids_.end(), 0U);
        series.slot = static_cast<std::uint32_t>(free - ids_.begin());
        series.id = *free = ++last_id_;
        series.last_live_s = last_s_;
        if (is_kept_) new_ids_.insert(series.id);
    }
    followed_.insert(newcomer.series);
    return true;
}

// Takes places from the ended, the longest ended first, then from worse ranks, the last that came first.
bool History::make_room(std::uint8_t rank, std::size_t count) {
    if (free_slots() >= count) return true;

    struct Victim {
        bool has_ended;
        std::int64_t order;  // the least goes first
        const HistoryKey* key;
    };

    std::vector<Victim> victims;
    for (const auto& [key, series] : series_) {
        const bool has_ended = !series.is_live && series.last_live_s + limits_.ended_after_s <= last_s_;
        if (key.cell != 0 || (!has_ended && series.rank <= rank)) continue;  // cells go together
        const std::int64_t by_rank = -((std::int64_t{series.rank} << 32) + series.id);
        victims.push_back({has_ended, has_ended ? series.last_live_s : by_rank, &key});
    }
    if (free_slots() + victims.size() < count) return false;
    std::sort(victims.begin(), victims.end(), [](const Victim& a, const Victim& b) {
        return std::tuple(!a.has_ended, a.order) < std::tuple(!b.has_ended, b.order);
    });
    for (std::size_t i = 0; free_slots() < count; ++i) give_up(HistoryKey(*victims[i].key));
    return true;
}

// All cells of the series. What sealed blocks have of it stays there unread, until they go.
void History::give_up(const HistoryKey& key) {
    const HistoryKey first = key_of(key.name, key.label, 0);
    for (auto it = series_.lower_bound(first); it != series_.end();) {
        if (!is_of(it->first, first.name, first.label)) break;
        const HistorySeries& series = it->second;
        are_all_followed_ = are_all_followed_ && !series.is_live;
        for (HistoryRing& ring : rings_) ring.forget(series.slot);
        ids_[series.slot] = 0;
        followed_.erase(series.source);
        if (new_ids_.erase(series.id) == 0 && is_kept_) gone_ids_.push_back(series.id);
        it = series_.erase(it);
    }
    ++counts_.given_up_series;
}

}  // namespace quipu
