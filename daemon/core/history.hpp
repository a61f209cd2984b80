// How values went, for charts: every series' value once a second, at four resolutions.
//
//     1 s for 15 minutes   --ten make one-->   10 s for 2 hours   --six-->   1 minute for a day   --15-->   15 minutes
//     for 30 days
//
// A point of a count is its total as of the point's time; a coarser one is the last of the finer ones. A point of a
// gauge is its value; a coarser one is the mean of the finer ones. Where nobody said what the value is there is no
// point: a gap. So no mail daemon connected, quipud away, the machine asleep or the clock set forward leave a gap, not
// a flat line. Where the clock is set back, points after the new time go, and are taken again.
//
// A count that begins while its mail daemon is connected (a label's first time) has begun from what there was before,
// mostly nothing, so its first burst shows as a rate (history_begin.cpp). The first totals after a connection do not.
//
// Who has history: up to HistoryLimits::series series. First come first served, within four ranks: the documented mail
// vocabulary, others, quipud's own, and labels of one family beyond HistoryLimits::labels_per_family (whoever talks
// SMTP can make such). A newcomer of a better rank takes the place of the last that came of a worse one. The place of
// a series that has ended goes to a newcomer when it is needed. Who gives up its place loses its history.
//
// Memory: windows of 60 points of all series in one block, written as differences (history_column.hpp); at worst 8
// bytes a point, 56 MB for 1,000 series (most_bytes()). Nothing is allocated before there are points.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "daemon/core/durable_history.hpp"
#include "daemon/core/history_ring.hpp"
#include "daemon/core/metrics.hpp"
#include "daemon/core/now.hpp"

namespace quipu {

struct HistoryLimits {
    std::uint32_t series = 1000;            // beyond: no history, counted. A histogram takes one for each cell
    std::uint32_t labels_per_family = 100;  // beyond: ranked last
    std::uint32_t marks = 500;              // beyond: the oldest goes
    std::int64_t ended_after_s = 900;       // a series that nobody has pushed for that long has ended
};

inline constexpr std::size_t history_tier_count = 4;

struct HistoryKey {
    std::string name;
    std::string label;
    std::uint32_t cell = 0;  // of a histogram: the index of its cell

    auto operator<=>(const HistoryKey&) const = default;
};

// A series that is followed.
struct HistorySeries {
    std::uint32_t slot = 0;
    std::uint32_t id = 0;
    Kind kind = Kind::counter;
    std::uint8_t rank = 0;
    const Series* source = nullptr;  // null: known from disk, nobody has defined it in this run
    bool is_live = false;            // a connected emitter pushes it
    std::int64_t last_live_s = 0;
};

using HistorySeriesByKey = std::map<HistoryKey, HistorySeries>;

struct HistoryCounts {
    std::uint64_t refused_series = 0;   // without history because there were too many
    std::uint64_t given_up_series = 0;  // gave their place to others
    std::uint64_t clock_steps = 0;      // the clock was set, or the machine slept
    std::uint64_t damaged_rows = 0;     // of the state file, left out
    std::size_t bytes = 0;              // cost_bytes() at the last sample
};

// A stretch of points of one resolution.
struct HistoryRange {
    std::size_t tier = 0;
    std::int64_t first = 0;  // index, see history_ring.hpp
    std::int64_t count = 0;
};

struct HistoryValues {
    bool is_real = false;
    std::vector<std::uint64_t> values;  // doubles' bits where is_real
    std::vector<bool> present;
};

// Who pushes at present, as the caller knows it.
struct HistoryWitnesses {
    std::span<const InstanceMetrics* const> connected;
    bool has_changed = true;  // since the last sample: who is connected, or what they have defined
    // As long as `connected`: from when on what that one defines is new, not what it had before it connected. Empty:
    // that is not known.
    std::span<const std::int64_t> settled_s;

    [[nodiscard]] bool push(const Series& series) const;  // one of them does
};

class History {
public:
    // Ranks of those who want a place; 0 is the mail vocabulary's, 1 that of any other family.
    static constexpr std::uint8_t own_rank = 2;
    static constexpr std::uint8_t many_rank = 3;

    static constexpr std::size_t max_mark_bytes = 300;
    static constexpr std::int64_t part_interval_s = 10;
    static constexpr std::size_t blocks_per_commit = 8;
    static constexpr std::size_t bytes_per_commit = 1024 * 1024;
    // Beyond: the row is not ours. So many are not used up in a lifetime.
    static constexpr std::uint32_t max_id = 0x7fff'ffff;

    explicit History(HistoryLimits limits = {});

    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // --- Taking points (history.cpp)

    // Once a second, right after the second has begun. A second call in the same second does nothing.
    void sample(const Metrics& metrics, const HistoryWitnesses& witnesses, Now now);

    // Something to be seen beside the curves: kind is one word ("started"), what a phrase for people.
    void mark(std::int64_t time_s, std::string_view kind, std::string_view what);

    // --- Reading (history_read.cpp)

    [[nodiscard]] const HistoryLimits& limits() const { return limits_; }

    [[nodiscard]] const HistoryCounts& counts() const { return counts_; }

    [[nodiscard]] const HistorySeriesByKey& series() const { return series_; }

    // null: it has no history.
    [[nodiscard]] const HistorySeries* find(std::string_view name, std::string_view label, std::uint32_t cell = 0)
        const;

    [[nodiscard]] const std::vector<HistoryMark>& marks() const { return marks_; }  // oldest first

    // Of the last point; 0: none yet.
    [[nodiscard]] std::int64_t last_s() const { return last_s_; }

    [[nodiscard]] const HistoryRing& ring(std::size_t tier) const { return rings_[tier]; }

    // The points with from_s <= time <= to_s that may exist, of the finest resolution that reaches back as far as
    // from_s or as there is anything; step_s not 0: of that resolution. count 0: there are none.
    [[nodiscard]] HistoryRange range(std::int64_t from_s, std::int64_t to_s, std::int64_t step_s = 0) const;
    void read(const HistorySeries& series, const HistoryRange& range, HistoryValues& out) const;

    [[nodiscard]] std::size_t cost_bytes() const;
    // What cost_bytes() can be at most; and no more than that is on disk.
    [[nodiscard]] std::size_t most_bytes() const;

    // --- What outlives quipud (history_keep.cpp)

    // From here on changes are collected for take_changes(). Series and marks come first, at once; blocks may come
    // later, while points are taken already.
    // Whatever the rows hold: what makes no sense is left out and counted.
    void restore(const SavedHistory& saved, Now now);
    [[nodiscard]] std::vector<WantedBlocks> wanted_blocks(Now now) const;
    void restore_blocks(CheckedBlocks checked, Now now);

    // Every part_interval_s, and when a window is over: what take_changes() would hand out.
    [[nodiscard]] bool has_changes() const;
    // What there is of the finest resolution's open window, where it is due; windows that are over, the oldest first,
    // at most blocks_per_commit in all and about bytes_per_commit at a time; and with them new series and marks. So a
    // kill takes the last part_interval_s. `is_end`: also what is not over, of all resolutions.
    HistoryChanges take_changes(bool is_end);
    // A commit failed: the next take_changes() hands out everything, what `failed` was to remove included.
    void mark_all_changed(const HistoryChanges& failed);

private:
    struct Newcomer {
        std::uint8_t rank = 0;
        const Family* family = nullptr;
        const std::string* label = nullptr;
        const Series* series = nullptr;
    };

    // history.cpp
    void take_points();
    void look(const HistoryWitnesses& witnesses);
    void finish(std::int64_t until_s);
    void derive(std::size_t tier, std::int64_t n);
    void open(std::size_t tier, std::int64_t window);
    void notice_clock(std::int64_t time_s, Now now);
    void step_back(std::int64_t time_s);

    // history_slots.cpp
    void admit(const Metrics& metrics, const HistoryWitnesses& witnesses);
    void collect(const Family& family, const HistoryWitnesses& witnesses, std::vector<Newcomer>& out);
    bool admit(const Newcomer& newcomer);
    bool make_room(std::uint8_t rank, std::size_t count);
    void give_up(const HistoryKey& key);

    [[nodiscard]] std::size_t free_slots() const { return limits_.series - series_.size(); }

    // history_begin.cpp
    void begin(const Newcomer& newcomer, const HistoryWitnesses& witnesses);
    void begin(HistorySeries& series, std::uint64_t total, std::int64_t settled_s);

    // history_keep.cpp
    [[nodiscard]] bool is_part_due() const;
    void take_blocks(HistoryChanges& changes, bool is_end);
    void rebuild(std::size_t tier, std::int64_t from_window, std::int64_t until_s);

    HistoryLimits limits_;
    std::array<HistoryRing, history_tier_count> rings_;
    std::array<std::int64_t, history_tier_count> derived_{};  // index of the last point that was made
    HistorySeriesByKey series_;
    std::vector<std::uint32_t> ids_;  // by slot; 0: free
    std::uint32_t last_id_ = 0;
    std::vector<HistoryMark> marks_;
    HistoryCounts counts_;
    std::int64_t last_s_ = 0;
    std::int64_t last_steady_ns_ = 0;

    std::unordered_set<const Series*> followed_;
    std::uint64_t waiting_ = 0;      // series that want a place
    bool are_all_followed_ = false;  // at the last walk: whoever comes now is new
    std::int64_t before_s_ = 0;      // of the sample before this one; 0: there was none
    std::int64_t next_walk_s_ = 0;

    bool is_kept_ = false;    // there is a store
    bool is_loaded_ = false;  // its blocks are here
    std::set<std::pair<std::size_t, std::int64_t>> changed_windows_;
    std::set<std::uint32_t> new_ids_;
    std::vector<std::uint32_t> gone_ids_;
    bool are_marks_changed_ = false;
    bool is_cut_ = false;               // windows after the last are to be removed from disk
    std::vector<HistoryWindows> kept_;  // too many of the future are there
    std::int64_t part_s_ = 0;           // when the finest resolution was last handed out
};

}  // namespace quipu
