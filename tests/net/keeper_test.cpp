// What is kept, and when: a quipud without sockets on a real directory, killed at any moment.
#include "daemon/net/keeper.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <random>

#include "daemon/core/emitter_session.hpp"
#include "daemon/net/exchange.hpp"
#include "tests/net/keeper_run.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/files.hpp"
#include "tests/support/net_fixture.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(net_keeper)

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

BOOST_FIXTURE_TEST_CASE(what_an_answer_has_shown_survives_a_kill_before_the_next_commit, Quiet) {
    const TempDir dir;
    const TempDir scratch;
    Run run(dir.path());
    Process a('a');
    a.connect(run.state);
    a.add(5);
    a.push();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == ~std::uint64_t{0});  // nobody has seen it
    run.publish();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 5U);
    a.add(2);
    a.push();
    run.publish();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 7U);
    BOOST_TEST(run.state.own.journal_entries.total == 2U);
    run.publish();
    BOOST_TEST(run.state.own.journal_entries.total == 2U);  // nothing has changed
    run.commit();
    run.publish();
    BOOST_TEST(run.state.own.journal_entries.total == 2U);  // the store has it all
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 7U);
    BOOST_TEST(run.state.own.unkept_answers.total == 0U);
}

// The commit is on its way: whether it lands or not, the answer holds.
BOOST_FIXTURE_TEST_CASE(an_answer_during_a_commit_is_safe_without_waiting_for_it, Quiet) {
    const TempDir dir;
    const TempDir scratch;
    Run run(dir.path());
    Process a('a');
    a.connect(run.state);
    a.add(5);
    a.push();
    run.wait_until([&run] {
        run.keeper->tick();
        return !has_changes(run.state, Book::store);  // taken
    });
    run.publish();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 5U);
}

BOOST_FIXTURE_TEST_CASE(an_instance_that_ends_or_comes_back_is_counted_once, Quiet) {
    const TempDir dir;
    const TempDir scratch;
    Run run(dir.path());
    Process a('a');
    a.connect(run.state);
    a.add(5);
    a.push();
    run.commit();
    a.add(1);
    a.push();
    run.publish();
    a.end(run.state);
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 6U);
    run.publish();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 6U);
    run.commit();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 6U);
    a.add(1);
    a.connect(run.state);
    run.publish();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 7U);
    run.commit();
    BOOST_TEST(count_after_kill(dir.path(), scratch) == 7U);
}

// Taken for dead while it lives, a restart of quipud, and it speaks again.
BOOST_FIXTURE_TEST_CASE(an_instance_taken_for_ended_before_a_restart_is_not_counted_twice_after_it, Quiet) {
    const TempDir dir;
    Process a('a');
    a.add(5);
    {
        Run run(dir.path());
        a.connect(run.state);
        a.end(run.state);
        run.close();
        BOOST_TEST(run.keeper->is_all_kept());
    }
    Run run(dir.path());
    BOOST_TEST(count_of(run.state, mails) == 5U);
    a.add(1);
    a.connect(run.state);
    BOOST_TEST(count_of(run.state, mails) == 6U);
}

BOOST_FIXTURE_TEST_CASE(an_orderly_end_leaves_one_file_with_everything, Quiet) {
    const TempDir dir;
    {
        Run run(dir.path());
        Process a('a');
        a.add(5);
        a.connect(run.state);
        run.publish();
        run.close();
        BOOST_TEST(run.keeper->is_all_kept());
    }
    for (const auto& entry : fs::directory_iterator(dir.path())) {
        const std::string name = entry.path().filename().string();
        BOOST_TEST((name == "quipu.db" || name == "quipu.lock"), name);
    }
    BOOST_TEST(count_of(Run(dir.path()).state, mails) == 5U);
}

BOOST_FIXTURE_TEST_CASE(history_is_there_after_a_kill_and_after_an_end, Quiet) {
    const TempDir dir;
    const TempDir scratch;
    Now now = test_now;
    const auto pass = [&now](Run& run, Process& process, int seconds) {
        for (int i = 0; i < seconds; ++i) {
            now.wall_ns += 1'000'000'000;
            now.steady_ns += 1'000'000'000;
            process.add(1);
            process.push();
            run.state.history_feed.sample(run.state, now);
            run.commit();
        }
    };
    // "first to last, so many"
    const auto shown = [](const Run& run) {
        const HistorySeries* series = run.state.history.find(mails, "");
        if (!series) return std::string("none");
        const std::int64_t end_s = test_now.wall_ns / 1'000'000'000 + 1000;
        const HistoryRing& ring = run.state.history.ring(0);
        HistoryValues values;
        run.state.history.read(*series, {0, ring.index_of(end_s - 2000), 2000}, values);
        std::vector<std::uint64_t> found;
        for (std::size_t i = 0; i < values.values.size(); ++i) {
            if (values.present[i]) found.push_back(values.values[i]);
        }
        if (found.empty()) return std::string("no points");
        return std::to_string(found.front()) + " to " + std::to_string(found.back()) + ", " +
               std::to_string(found.size());
    };
    const auto is_loaded = [](Run& run) {
        run.wait_until([&run] { return run.state.history.ring(0).last_window() >= 0; });
    };
    Process a('a');
    {
        Run run(dir.path());
        a.connect(run.state);
        run.commit();
        pass(run, a, 131);
        copy(dir.path(), scratch.file("killed"));
        pass(run, a, 5);
        run.close();
    }
    Run killed(scratch.file("killed"));
    is_loaded(killed);
    BOOST_TEST(shown(killed) == "1 to 131, 131");
    BOOST_TEST(killed.state.history.counts().damaged_rows == 0U);
    Run ended(dir.path());
    is_loaded(ended);
    BOOST_TEST(shown(ended) == "1 to 136, 136");
}

// Any order of counting, answering, committing, ends and kills. The mail daemons that live on make their counts exact
// again; those that are gone with quipud have left at least what was shown, and never more than they said.
BOOST_FIXTURE_TEST_CASE(no_order_of_events_takes_anything_back_or_counts_it_twice, Quiet) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            std::mt19937 random(seed);
            const auto dice = [&random](unsigned sides) { return static_cast<unsigned>(random() % sides); };
            const TempDir dir;
            auto run = std::make_unique<Run>(dir.path());
            std::vector<std::unique_ptr<Process>> living;
            std::uint64_t shown = 0;
            std::uint64_t said_by_the_dead = 0;
            bool is_exact = true;  // no mail daemon has died with quipud
            char name = 'a';
            for (int step = 0; step < 120; ++step) {
                const unsigned what = dice(20);
                if (living.size() < 2) {
                    living.push_back(std::make_unique<Process>(name++));
                    living.back()->connect(run->state);
                }
                Process& one = *living[dice(static_cast<unsigned>(living.size()))];
                if (what < 8) {
                    one.add(1 + dice(9));
                    one.push();
                } else if (what < 13) {
                    run->publish();
                    const std::uint64_t now = count_of(run->state, mails);
                    BOOST_REQUIRE(now != ~std::uint64_t{0});
                    BOOST_REQUIRE(now >= shown);
                    shown = now;
                } else if (what < 15) {
                    run->commit();
                } else if (what < 16) {
                    run->keeper->tick();  // begun, not waited for
                } else if (what < 17) {
                    said_by_the_dead += one.added;
                    one.end(run->state);
                    run->publish();  // its counts are nowhere else now
                    std::erase_if(living, [&one](const auto& process) { return process.get() == &one; });
                } else {
                    const TempDir killed;
                    copy(dir.path(), killed.file("state"));
                    const bool is_one_dead = what == 19 && step > 60;
                    for (auto& process : living) process->drop();
                    run.reset();
                    for (const auto& entry : fs::directory_iterator(dir.path())) fs::remove(entry.path());
                    fs::copy(killed.file("state"), dir.path(), fs::copy_options::recursive);
                    run = std::make_unique<Run>(dir.path());
                    if (is_one_dead) {
                        said_by_the_dead += one.added;
                        is_exact = false;
                        std::erase_if(living, [&one](const auto& process) { return process.get() == &one; });
                    }
                    const std::uint64_t now = count_of(run->state, mails);
                    if (now != ~std::uint64_t{0}) BOOST_REQUIRE(now >= shown);
                    for (auto& process : living) process->connect(run->state);
                }
                std::uint64_t said = said_by_the_dead;
                for (const auto& process : living) said += process->added;
                const std::uint64_t now = count_of(run->state, mails);
                if (is_exact) BOOST_REQUIRE_EQUAL(now, said);
                BOOST_REQUIRE(now <= said);
                BOOST_REQUIRE(now >= shown);
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(where_the_directory_cannot_be_written_answers_go_on_and_health_tells, Quiet) {
    const TempDir dir;
    Run run(dir.file("state"));
    Process a('a');
    a.add(5);
    a.connect(run.state);
    run.commit();
    run.publish();  // what the scribe was given before the commit is written, too
    fs::remove_all(dir.file("state"));
    a.add(1);
    a.push();
    run.publish();
    BOOST_TEST(run.state.own.journal_errors.total == 1U);
    BOOST_TEST(!run.state.health.at(0).is_ok);
    run.publish();
    a.add(1);
    a.push();
    run.publish();
    BOOST_TEST(run.state.own.journal_errors.total == 1U);  // not tried again before the store has succeeded
    BOOST_TEST(run.state.own.unkept_answers.total == 1U);
    fs::create_directory(dir.file("state"));
    run.wait_until([&run] {
        run.keeper->tick();
        return run.state.health.at(0).is_ok;
    });
    BOOST_TEST(run.state.own.store_errors.total >= 1U);
    a.add(1);
    a.push();
    run.publish();
    BOOST_TEST(run.state.own.unkept_answers.total == 1U);
    const TempDir scratch;
    BOOST_TEST(count_after_kill(dir.file("state"), scratch) == 8U);
}

// What a damaged file that stays where it is has beside it is for whoever looks, too.
BOOST_FIXTURE_TEST_CASE(the_journal_of_a_file_that_cannot_be_set_aside_is_left_as_it_is, Quiet) {
    const TempDir dir;
    write_file(dir.file("quipu.db"), "damaged");
    write_file(dir.file("quipu.db-published-0"), "entries");
    write_file(dir.file("quipu.db-published-1"), "more of them");
    for (char i = 'a'; i < 'i'; ++i) write_file(dir.file("quipu.db.damaged-") + i, "x");
    {
        Run run(dir.path());
        Process a('a');
        a.add(5);
        a.connect(run.state);
        run.publish();
        BOOST_TEST(run.state.own.unkept_answers.total == 1U);
        BOOST_TEST(!run.state.health.at(0).is_ok);
        run.commit();
        a.add(1);
        a.push();
        run.publish();
        BOOST_TEST(count_of(run.state, mails) == 6U);
        run.close();
        BOOST_TEST(!run.keeper->is_all_kept());
    }
    BOOST_TEST(read_file(dir.file("quipu.db")) == "damaged");
    BOOST_TEST(read_file(dir.file("quipu.db-published-0")) == "entries");
    BOOST_TEST(read_file(dir.file("quipu.db-published-1")) == "more of them");
    fs::remove(dir.file("quipu.db.damaged-a"));
    {
        Run run(dir.path());
        Process a('a');
        a.add(5);
        a.connect(run.state);
        run.publish();
        run.close();
        BOOST_TEST(run.keeper->is_all_kept());
    }
    BOOST_TEST(count_of(Run(dir.path()).state, mails) == 5U);
    std::size_t kept = 0;
    for (const auto& entry : fs::directory_iterator(dir.path())) {
        const std::string bytes = read_file(entry.path().string());
        kept += bytes == "damaged" || bytes == "entries" || bytes == "more of them";
    }
    BOOST_TEST(kept == 3U);
}

// The last count in the stream's bytes; 0: none yet.
std::uint64_t last_streamed(const std::string& stream) {
    constexpr std::string_view name = "\"test/count\":";
    const std::size_t at = stream.rfind(name);
    return at == std::string::npos ? 0 : std::stoull(stream.substr(at + name.size()));
}

BOOST_FIXTURE_TEST_CASE(what_a_stream_has_shown_survives_a_kill, Quiet) {
    const TempDir dir;
    const TempDir scratch;
    ServerOptions options;
    options.state_dir = dir.file("state");
    options.http_times.stream_turn = std::chrono::milliseconds(1);
    Edge edge(dir, options);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    BOOST_REQUIRE(emitter.send(RawEmitter::count_frames(1)));
    BOOST_REQUIRE(edge.run_until([&edge] { return edge.count("test/count") == 1U; }));
    Client follower(edge, edge.connect_http());
    follower.send(get_request("/api/v1/stream?name=test/count"));
    wire::Deltas more;
    more.ids = {1};
    more.deltas = {1};
    const std::string one_more = RawEmitter::frame(more);
    std::uint64_t shown = 0;
    for (int event = 0; event < 3; ++event) {
        // Something new at every turn of the loop, so that at no time all of it happens to be written down.
        follower.receive_until([&](const std::string& received) {
            BOOST_REQUIRE(emitter.send(one_more));
            return last_streamed(received) > shown && received.ends_with("\n\n");
        });
        shown = last_streamed(follower.received);
        copy(options.state_dir, scratch.file("killed"));
        const Run again(scratch.file("killed"));
        BOOST_TEST(count_of(again.state, "test/count") >= shown);
    }
}

BOOST_FIXTURE_TEST_CASE(without_a_directory_nothing_is_gathered_for_it, Quiet) {
    Run run("", Limits{.emitters = {.ended_on_record = 1}});
    for (char name = 'a'; name < 'f'; ++name) {
        Process process(name);
        process.connect(run.state);
        process.end(run.state);
    }
    BOOST_TEST(run.state.forgotten[0].size() == 4U);
    run.keeper->tick();
    for (const auto& forgotten : run.state.forgotten) BOOST_TEST(forgotten.empty());
}

BOOST_FIXTURE_TEST_CASE(without_a_directory_nothing_is_kept_and_nothing_waits, Quiet) {
    Run run("");
    Process a('a');
    a.add(5);
    a.connect(run.state);
    run.publish();
    run.keeper->tick();
    run.close();
    BOOST_TEST(run.keeper->is_all_kept());
    BOOST_TEST(run.state.own.journal_entries.total == 0U);
    BOOST_TEST(run.state.health.at(0).detail == "memory only: no state_dir is set");
}

BOOST_AUTO_TEST_SUITE_END()
