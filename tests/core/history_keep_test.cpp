// What of history outlives quipud, and how much a kill takes.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>

#include "tests/core/history_lab.hpp"

BOOST_AUTO_TEST_SUITE(core_history_keep)

using namespace quipu;
using namespace quipu::test;

namespace {

// What a store would hold after these commits.
struct Shelf {
    std::map<std::uint32_t, DurableHistorySeries> series;
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> blocks;
    std::vector<HistoryMark> marks;
    std::uint32_t last_id = 0;

    void commit(const HistoryChanges& changes) {
        for (const auto& row : changes.series) series[row.id] = row;
        for (const std::uint32_t id : changes.gone_series) series.erase(id);
        last_id = std::max(last_id, changes.last_id);
        for (const HistoryWindows& kept : changes.kept) {
            std::erase_if(blocks, [&kept](const auto& block) {
                const auto [step_s, window] = block.first;
                return step_s == kept.step_s && (window < kept.first || window > kept.last);
            });
        }
        for (const auto& block : changes.blocks) blocks[{block.step_s, block.window}] = block.bytes;
        if (changes.has_marks) marks = changes.marks;
    }

    void restore(State& state, Now now) const {
        state.history.restore(head(), now);
        state.history.restore_blocks(checked(rows()), now);
    }

    [[nodiscard]] SavedHistory head() const {
        SavedHistory saved;
        saved.last_id = last_id;
        for (const auto& [id, row] : series) saved.series.push_back(row);
        saved.marks = marks;
        return saved;
    }

    [[nodiscard]] SavedBlocks rows() const {
        SavedBlocks rows;
        for (const auto& [key, bytes] : blocks) rows.blocks.push_back({key.first, key.second, bytes});
        return rows;
    }
};

// A quipud with a store.
struct KeptLab : Lab {
    Shelf& shelf;
    Counter mails;

    explicit KeptLab(Shelf& the_shelf, std::int64_t begin_s = start_s, HistoryLimits limits = {})
        : Lab(limits), shelf(the_shelf), mails(maild.outbox.counter("m/mails", "", "")) {
        time_s = begin_s;
        shelf.restore(state, now());
        maild.connect();
    }

    void run(std::int64_t seconds) {
        for (std::int64_t i = 0; i < seconds; ++i) {
            pass(1, [this] { mails.add(); });
            shelf.commit(state.history.take_changes(false));
        }
    }

    void end() { shelf.commit(state.history.take_changes(true)); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(commits_carry_one_block_every_ten_seconds) {
    Shelf shelf;
    KeptLab lab(shelf);
    int commits = 0;
    std::size_t blocks = 0;
    for (int i = 0; i < 1200; ++i) {
        lab.pass(1, [&] { lab.mails.add(); });
        const HistoryChanges changes = lab.state.history.take_changes(false);
        if (!changes.is_empty()) ++commits;
        blocks += changes.blocks.size();
    }
    BOOST_TEST(commits >= 119);
    BOOST_TEST(commits <= 120 + 3);
    BOOST_TEST(blocks <= 120u + 20u + 3u);
}

BOOST_AUTO_TEST_CASE(after_a_failure_it_is_a_bounded_number_of_blocks_a_commit_and_in_the_end_all) {
    Shelf shelf;
    KeptLab lab(shelf);
    lab.pass(7200, [&] { lab.mails.add(); });
    lab.state.history.mark_all_changed({});
    std::size_t commits = 0;
    for (; lab.state.history.has_changes(); ++commits) {
        BOOST_REQUIRE(commits < 100u);
        const HistoryChanges changes = lab.state.history.take_changes(false);
        BOOST_TEST(changes.blocks.size() <= History::blocks_per_commit);
        shelf.commit(changes);
    }
    BOOST_TEST(commits >= 4u);  // 15 windows of 1 s, 11 of 10 s, 1 of a minute
    Lab later;
    later.time_s = lab.time_s;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 10, start_s + 30, 10) == "10 20 30");
    BOOST_TEST(later.shown("m/mails", start_s + 7198, start_s + 7200, 1) == "7198 7199 7200");
}

BOOST_AUTO_TEST_CASE(after_an_orderly_end_nothing_is_missing) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(1234);
        lab.end();
    }
    Lab later;
    later.time_s = start_s + 1236;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 1232, start_s + 1236, 1) == "1232 1233 1234 - -");
    BOOST_TEST(later.shown("m/mails", start_s + 1210, start_s + 1230, 10) == "1210 1220 1230");
    BOOST_TEST(later.shown("m/mails", start_s + 1140, start_s + 1200, 60) == "1140 1200");
    BOOST_TEST(later.shown("m/mails", start_s + 900, start_s + 900, 900) == "900");
    BOOST_TEST(later.state.history.marks().size() == 3u);  // started twice, connected
}

BOOST_AUTO_TEST_CASE(a_kill_takes_the_last_ten_seconds_and_no_more) {
    for (std::int64_t end = 3990; end < 4030; ++end) {
        Shelf shelf;
        {
            KeptLab lab(shelf);
            lab.time_s = start_s + 3840;
            lab.run(end - 3840);
        }
        Lab later;
        later.time_s = start_s + end + 5;
        shelf.restore(later.state, later.now());
        later.sample();
        const std::string last = std::to_string(end - 3840 - History::part_interval_s);
        const std::int64_t last_s = start_s + end - History::part_interval_s;
        BOOST_TEST(later.shown("m/mails", last_s, last_s, 1) == last);
    }
}

BOOST_AUTO_TEST_CASE(what_a_kill_took_of_coarser_points_is_made_again) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(4001);  // 66 whole minutes and 41 seconds
    }
    Lab later;
    later.time_s = start_s + 4005;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 3959, start_s + 3962, 1) == "3959 3960 3961 3962");
    BOOST_TEST(later.shown("m/mails", start_s + 3940, start_s + 4000, 10) == "3940 3950 3960 3970 3980 3990 4000");
    BOOST_TEST(later.shown("m/mails", start_s + 3600, start_s + 3960, 60) == "3600 3660 3720 3780 3840 3900 3960");
    BOOST_TEST(later.shown("m/mails", start_s + 900, start_s + 3600, 900) == "900 1800 2700 3600");
}

BOOST_AUTO_TEST_CASE(a_restart_forgets_nothing_of_what_is_promised) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(10'000);
        lab.end();
    }
    Lab later;
    later.time_s = start_s + 10'001;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 9100, start_s + 9101, 1) == "9100 9101");
    BOOST_TEST(later.shown("m/mails", start_s + 2800, start_s + 2810, 10) == "2800 2810");
}

BOOST_AUTO_TEST_CASE(points_go_on_after_a_restart_in_the_same_windows) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(130);
        lab.end();
    }
    KeptLab lab(shelf, start_s + 135);
    lab.run(100);
    BOOST_TEST(lab.shown("m/mails", start_s + 128, start_s + 138, 1) == "128 129 130 - - - - - 1 2 3");
    BOOST_TEST(lab.shown("m/mails", start_s + 120, start_s + 150, 10) == "120 130 5 15");
    lab.end();
    Lab later;
    later.time_s = lab.time_s;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 128, start_s + 138, 1) == "128 129 130 - - - - - 1 2 3");
}

BOOST_AUTO_TEST_CASE(blocks_that_are_read_late_join_the_points_taken_meanwhile) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(130);
        lab.end();
    }
    Lab lab;
    lab.time_s = start_s + 135;
    const Counter mails = lab.maild.outbox.counter("m/mails", "", "");
    lab.state.history.restore(shelf.head(), lab.now());
    lab.maild.connect();
    lab.pass(70, [&] { mails.add(); });
    BOOST_TEST(lab.state.history.take_changes(false).is_empty());  // or what is not read yet would be removed
    lab.state.history.restore_blocks(checked(shelf.rows()), lab.now());
    BOOST_TEST(lab.shown("m/mails", start_s + 128, start_s + 138, 1) == "128 129 130 - - - - - 1 2 3");
    BOOST_TEST(lab.shown("m/mails", start_s + 60, start_s + 180, 60) == "60 120 45");
    const HistoryChanges changes = lab.state.history.take_changes(false);
    BOOST_TEST(!changes.blocks.empty());
}

BOOST_AUTO_TEST_CASE(a_series_that_nobody_pushes_any_more_can_still_be_read) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(60);
        lab.end();
    }
    Lab later;
    later.time_s = start_s + 100;
    shelf.restore(later.state, later.now());
    later.sample();
    const HistorySeries* series = later.state.history.find("m/mails", "");
    BOOST_REQUIRE(series);
    BOOST_TEST(!series->source);
    BOOST_TEST(later.shown("m/mails", start_s + 58, start_s + 60, 1) == "58 59 60");
}

BOOST_AUTO_TEST_CASE(what_is_forgotten_in_memory_goes_from_disk_too) {
    Shelf shelf;
    KeptLab lab(shelf);
    lab.run(1500);
    std::size_t finest = 0;
    for (const auto& [key, bytes] : shelf.blocks) finest += key.first == 1 ? 1 : 0;
    BOOST_TEST(finest <= 900u / block_points + 1);
}

BOOST_AUTO_TEST_CASE(blocks_of_the_future_are_not_shown_and_stay_on_disk) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(130);
        lab.end();
    }
    const std::size_t rows = shelf.blocks.size();
    KeptLab lab(shelf, 1000);  // the machine woke up in 1970
    lab.run(65);
    BOOST_TEST(lab.state.history.range(start_s, start_s + 130, 1).count == 0);
    BOOST_TEST(shelf.blocks.size() > rows);
}

BOOST_AUTO_TEST_CASE(a_damaged_block_is_a_gap_and_nothing_else) {
    Shelf shelf;
    {
        KeptLab lab(shelf);
        lab.run(180);
        lab.end();
    }
    for (auto& [key, bytes] : shelf.blocks) {
        if (key == std::pair<std::int64_t, std::int64_t>(1, start_s / 60 + 1))
            bytes.resize(8);  // whatever series come first
    }
    shelf.blocks[{7, 3}] = "x";
    shelf.blocks[{1, -3}] = "x";
    Lab later;
    later.time_s = start_s + 200;
    shelf.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.state.history.counts().damaged_rows == 3u);
    BOOST_TEST(later.shown("m/mails", start_s + 60, start_s + 62, 1) == "60 - -");
    BOOST_TEST(later.shown("m/mails", start_s + 121, start_s + 122, 1) == "121 122");
}

BOOST_AUTO_TEST_CASE(series_that_make_no_sense_are_left_out_and_counted) {
    SavedHistory saved;
    saved.last_id = 0xffff'ffff;
    const std::string longest(256, 'n');
    saved.series = {
        {1, "m/good", "", 0, Kind::gauge},
        {0, "m/zero", "", 0, Kind::counter},
        {2, "", "", 0, Kind::counter},
        {3, longest + "n", "", 0, Kind::counter},
        {4, longest, "", 0, Kind::counter},
        {5, "m/text", "", 0, Kind::text},
        {6, "m/count", "", 1, Kind::counter},
        {7, "m/alone", "", 3, Kind::histogram},
        {0x8000'0000, "m/large", "", 0, Kind::counter},
        {9, "m/good", "", 0, Kind::gauge},  // a second one
    };
    Lab lab;
    lab.state.history.restore(saved, lab.now());
    BOOST_TEST(lab.state.history.series().size() == 2u);
    BOOST_TEST(lab.state.history.counts().damaged_rows == 7u);
    lab.state.history.restore_blocks({}, lab.now());
    const Counter more = lab.maild.outbox.counter("m/more", "", "");
    lab.maild.connect();
    lab.pass(1, [&] { more.add(); });
    BOOST_TEST(lab.state.history.find("m/more", "")->id > 9u);
    BOOST_TEST(lab.state.history.find("m/more", "")->id < 1000u);
}

// The state file may be anybody's: every column is looked at before it is believed.
BOOST_AUTO_TEST_CASE(a_block_with_any_byte_changed_is_read_or_left_out) {
    HistoryBlock block;
    HistoryColumn counts;
    HistoryColumn reals;
    reals.is_real = true;
    for (int i = 0; i < block_points; i += 2) {
        counts.set(i, static_cast<std::uint64_t>(i) * 1000);
        reals.set(i, std::bit_cast<std::uint64_t>(i * 0.1));
    }
    block.add(1, counts);
    block.add(2, reals);
    for (std::size_t at = 0; at < block.bytes().size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = block.bytes();
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            HistoryBlock read;
            if (!HistoryBlock::parse(bytes, read)) continue;
            for (const std::uint32_t id : {1U, 2U}) {
                HistoryColumn column;
                if (!read.read(id, column) || !column.is_real) continue;
                for (int i = 0; i < block_points; ++i) {
                    const double value = std::bit_cast<double>(column.values[static_cast<std::size_t>(i)]);
                    BOOST_REQUIRE((!column.has(i) || std::isfinite(value)));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_failed_commit_is_handed_out_again_whole) {
    Shelf shelf;
    KeptLab lab(shelf);
    lab.run(130);
    lab.pass(60, [&] { lab.mails.add(); });
    const HistoryChanges failed = lab.state.history.take_changes(false);
    BOOST_TEST(!failed.is_empty());
    lab.state.history.mark_all_changed(failed);
    Shelf anew;
    anew.commit(lab.state.history.take_changes(false));
    Lab later;
    later.time_s = lab.time_s;
    anew.restore(later.state, later.now());
    later.sample();
    BOOST_TEST(later.shown("m/mails", start_s + 1, start_s + 3, 1) == "1 2 3");
    BOOST_TEST(later.shown("m/mails", start_s + 179, start_s + 180, 1) == "179 180");
}

BOOST_AUTO_TEST_CASE(ids_of_given_up_series_are_not_used_again) {
    Shelf shelf;
    std::uint32_t last = 0;
    {
        KeptLab lab(shelf);
        lab.run(61);
        for (const auto& [id, row] : shelf.series) last = std::max(last, id);
    }
    shelf.series.erase(last);  // what it was for is still in blocks
    KeptLab lab(shelf, start_s + 100);
    const Counter more = lab.maild.outbox.counter("m/more", "", "");
    more.add();
    lab.run(2);
    BOOST_TEST(lab.state.history.find("m/more", "")->id > last);
    BOOST_TEST(lab.shown("m/more", start_s + 58, start_s + 60, 1) == "- - -");
}

BOOST_AUTO_TEST_SUITE_END()
