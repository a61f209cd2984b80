// What outlives quipud: changes taken for the store, and the way back.
#include "daemon/core/state.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(core_state)

using namespace quipu;
using namespace quipu::test;

namespace {

// What a store would hold after these commits: absolute rows by key.
struct Shelf {
    std::map<std::string, DurableFamily> families;
    std::map<std::string, DurableCount> retired;
    std::map<std::string, std::pair<DurableInstance, std::map<std::string, DurableCount>>> instances;

    static std::string key(const DurableCount& row) {
        return row.family + "\n" + row.label + "\n" + std::to_string(row.cell);
    }

    void commit(const Changes& changes) {
        for (const auto& row : changes.families) families[row.name] = row;
        for (const auto& row : changes.retired) retired[key(row)] = row;
        for (const auto& name : changes.forgotten_instances) instances.erase(name);
        for (const auto& row : changes.instances) {
            auto& [instance, counts] = instances[row.instance];
            auto words = row.words ? row.words : instance.words;
            instance = row;
            instance.words = std::move(words);
            for (const auto& count : row.counts) counts[key(count)] = count;
        }
    }

    [[nodiscard]] Saved saved() const {
        Saved all;
        for (const auto& [name, row] : families) all.families.push_back(row);
        for (const auto& [name, row] : retired) all.retired.push_back(row);
        for (const auto& [name, entry] : instances) {
            DurableInstance row = entry.first;
            row.counts.clear();
            for (const auto& [key, count] : entry.second) row.counts.push_back(count);
            all.instances.push_back(row);
        }
        return all;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_changed_is_an_empty_commit) {
    State state;
    BOOST_TEST(take_changes(state, Book::store, test_now).is_empty());
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "", "");
    a.connect();
    mails.add();
    a.push();
    BOOST_TEST(!take_changes(state, Book::store, test_now).is_empty());
    BOOST_TEST(take_changes(state, Book::store, test_now).is_empty());
}

BOOST_AUTO_TEST_CASE(totals_survive_a_restart_of_quipud_and_go_on_exactly) {
    Shelf shelf;
    State first;
    Duct living(first, 'a');
    Duct dead(first, 'b');
    const CounterMap living_codes = living.outbox.counter_map("m/codes", "code", "");
    const CounterMap dead_codes = dead.outbox.counter_map("m/codes", "code", "");
    living.connect();
    dead.connect();
    living_codes.add("250", 10);
    dead_codes.add("250", 5);
    dead_codes.add("550", 1);
    living.push();
    dead.push();
    shelf.commit(take_changes(first, Book::store, test_now));
    dead.breaks();
    set_ended(first, *first.emitters.find(std::string(16, 'b')), "killed", test_now);
    shelf.commit(take_changes(first, Book::store, test_now));

    State second;
    restore(second, shelf.saved(), test_now);
    BOOST_TEST(count_of(second, "m/codes", "250") == 15U);
    BOOST_TEST(count_of(second, "m/codes", "550") == 1U);
    BOOST_TEST(take_changes(second, Book::store, test_now).is_empty());

    living_codes.add("250", 1);
    EmitterSession session(second, Peer{1000, 1000, 4711});
    std::string out;
    living.outbox.connected(identity('a'), 1, 1, out);
    living.outbox.push(out);
    BOOST_TEST(session.feed(as_bytes(out), test_now));
    BOOST_TEST(count_of(second, "m/codes", "250") == 16U);
}

BOOST_AUTO_TEST_CASE(an_instance_that_never_comes_back_after_a_restart_is_retired_once) {
    Shelf shelf;
    {
        State first;
        Duct a(first);
        const Counter mails = a.outbox.counter("m/mails", "", "");
        a.connect();
        mails.add(7);
        a.push();
        shelf.commit(take_changes(first, Book::store, test_now));
    }
    for (int restart = 0; restart < 3; ++restart) {
        State state;
        restore(state, shelf.saved(), test_now);
        BOOST_TEST(count_of(state, "m/mails") == 7U);
        Now later = test_now;
        later.steady_ns += 61'000'000'000;
        end_overdue(state, later);
        shelf.commit(take_changes(state, Book::store, test_now));
        BOOST_REQUIRE_EQUAL(shelf.instances.size(), 1U);
        BOOST_TEST(shelf.instances.begin()->second.first.is_ended);
        BOOST_TEST(shelf.retired.begin()->second.value == 7U);
    }
}

BOOST_AUTO_TEST_CASE(a_failed_commit_is_made_up_for_by_the_next) {
    Shelf shelf;
    State state;
    Duct a(state, 'a');
    Duct b(state, 'b');
    const Counter mails = a.outbox.counter("m/mails", "", "");
    const Counter more = b.outbox.counter("m/mails", "", "");
    a.connect();
    b.connect();
    mails.add(1);
    more.add(2);
    a.push();
    b.push();
    shelf.commit(take_changes(state, Book::store, test_now));
    b.breaks();
    set_ended(state, *state.emitters.find(std::string(16, 'b')), "killed", test_now);
    mark_all_changed(state, take_changes(state, Book::store, test_now));  // the store says no
    shelf.commit(take_changes(state, Book::store, test_now));
    State second;
    restore(second, shelf.saved(), test_now);
    BOOST_TEST(count_of(second, "m/mails") == 3U);
    BOOST_TEST((second.emitters.find(std::string(16, 'a'))->life == Life::lost));
    BOOST_TEST((second.emitters.find(std::string(16, 'b'))->life == Life::ended));
}

// A disk that is full for days: what there is to remove does not grow for days.
BOOST_AUTO_TEST_CASE(a_store_that_fails_for_long_is_told_to_forget_all_others) {
    State state;
    Changes failed;
    failed.forgotten_instances.assign(most_forgotten, std::string(16, 'z'));
    mark_all_changed(state, failed);
    Changes next = take_changes(state, Book::store, test_now);
    BOOST_TEST(next.forgotten_instances.size() == most_forgotten);
    BOOST_TEST(!next.forgets_others);
    next.forgotten_traces = {{1, 2}};
    mark_all_changed(state, next);
    next = take_changes(state, Book::store, test_now);
    BOOST_TEST(next.forgets_others);
    BOOST_TEST(next.forgotten_instances.empty());
    BOOST_TEST(next.forgotten_traces.empty());
    BOOST_TEST(!next.is_empty());
    mark_all_changed(state, next);
    BOOST_TEST(take_changes(state, Book::store, test_now).forgets_others);
    BOOST_TEST(!take_changes(state, Book::store, test_now).forgets_others);
}

BOOST_AUTO_TEST_CASE(an_instance_that_comes_back_from_the_dead_is_not_counted_twice_on_disk) {
    Shelf shelf;
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "", "");
    a.connect();
    mails.add(4);
    a.push();
    a.breaks();
    set_ended(state, *state.emitters.find(std::string(16, 'a')), "lost", test_now);
    shelf.commit(take_changes(state, Book::store, test_now));
    mails.add(1);
    a.connect();
    a.push();
    shelf.commit(take_changes(state, Book::store, test_now));
    State second;
    restore(second, shelf.saved(), test_now);
    BOOST_TEST(count_of(second, "m/mails") == 5U);
}

BOOST_AUTO_TEST_CASE(quipuds_own_counters_and_gauges_are_not_kept) {
    State state;
    Duct a(state);
    const Gauge open = a.outbox.gauge("m/open", "", "", Merge::sum);
    a.connect();
    open.set(4);
    a.push();
    const Changes changes = take_changes(state, Book::store, test_now);
    for (const DurableFamily& family : changes.families) {
        BOOST_TEST(family.name != "m/open");
        BOOST_TEST(!family.name.starts_with("quipu/ingest/"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
