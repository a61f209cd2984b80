#include "daemon/core/queries.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(core_queries)

using namespace quipu;
using namespace quipu::test;

namespace {

// Two connected processes; a answers "queue", b answers when the test says so.
struct Fixture {
    State state;
    Duct a{state, 'a'};
    Duct b{state, 'b'};
    std::vector<Query> held;

    Fixture() {
        a.outbox.on_query("queue", [](Query query) {
            query.write("answer for ");
            query.write(query.arg("who"));
            query.finish();
        });
        b.outbox.on_query("queue", [this](Query query) { held.push_back(std::move(query)); });
        a.connect();
        b.connect();
    }

    AskId ask(std::string topic, std::vector<std::uint32_t> emitters) {
        Ask ask;
        ask.topic = std::move(topic);
        ask.args = {{"who", "me"}};
        ask.emitters = std::move(emitters);
        return state.queries.open(ask, state.emitters, test_now);
    }

    // What quipud has to say goes to the emitter, and back.
    void turn(Duct& duct) {
        duct.deliver({});
        duct.push();
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_ask_of_nobody_is_finished_at_once) {
    Fixture f;
    const AskId id = f.ask("queue", {});
    BOOST_TEST(f.state.queries.is_finished(id));
    BOOST_TEST(f.state.queries.take(id).empty());
}

BOOST_AUTO_TEST_CASE(an_answer_in_parts_is_put_together) {
    Fixture f;
    const AskId id = f.ask("queue", {1});
    BOOST_TEST(!f.state.queries.is_finished(id));
    f.turn(f.a);
    BOOST_REQUIRE(f.state.queries.take_finished() == std::vector<AskId>{id});
    const auto replies = f.state.queries.take(id);
    BOOST_REQUIRE(replies.size() == 1U);
    BOOST_TEST(replies[0].body == "answer for me");
    BOOST_TEST((replies[0].outcome == Outcome::answered));
    BOOST_TEST(replies[0].status == wire::Status::ok);
    BOOST_TEST(f.state.queries.open_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_topic_that_nobody_answers_says_so) {
    Fixture f;
    const AskId id = f.ask("weather", {1});
    f.turn(f.a);
    BOOST_REQUIRE(f.state.queries.is_finished(id));
    BOOST_TEST(f.state.queries.take(id)[0].status == wire::Status::unknown_topic);
}

BOOST_AUTO_TEST_CASE(an_ask_of_two_waits_for_both_and_keeps_their_order) {
    Fixture f;
    const AskId id = f.ask("queue", {2, 1});
    f.turn(f.a);
    BOOST_TEST(!f.state.queries.is_finished(id));
    f.turn(f.b);
    BOOST_TEST(!f.state.queries.is_finished(id));
    BOOST_REQUIRE(f.held.size() == 1U);
    f.held[0].finish(AnswerStatus::busy, "later");
    f.turn(f.b);
    BOOST_REQUIRE(f.state.queries.is_finished(id));
    const auto replies = f.state.queries.take(id);
    BOOST_TEST(replies[0].status == wire::Status::busy);
    BOOST_TEST(replies[0].body == "later");
    BOOST_TEST(replies[1].body == "answer for me");
}

BOOST_AUTO_TEST_CASE(an_emitter_that_goes_away_ends_its_part) {
    Fixture f;
    const AskId id = f.ask("queue", {2});
    f.b.breaks();
    BOOST_REQUIRE(f.state.queries.is_finished(id));
    BOOST_TEST((f.state.queries.take(id)[0].outcome == Outcome::gone));
}

BOOST_AUTO_TEST_CASE(the_deadline_ends_an_ask_and_cancels_it_at_the_emitter) {
    Fixture f;
    const AskId id = f.ask("queue", {2});
    f.turn(f.b);
    BOOST_TEST(!f.held.at(0).is_cancelled());
    Now later = test_now;
    later.steady_ns = f.state.queries.next_deadline_steady_ns();
    f.state.queries.expire(f.state.emitters, later);
    BOOST_REQUIRE(f.state.queries.is_finished(id));
    BOOST_TEST((f.state.queries.take(id)[0].outcome == Outcome::late));
    f.turn(f.b);
    BOOST_TEST(f.held[0].is_cancelled());
    BOOST_TEST(!f.held[0].write("too late"));
    BOOST_TEST(f.state.queries.next_deadline_steady_ns() == 0);
}

BOOST_AUTO_TEST_CASE(an_asker_that_leaves_cancels_at_the_emitter_and_a_late_answer_is_counted) {
    Fixture f;
    const AskId id = f.ask("queue", {2});
    f.turn(f.b);
    f.held.at(0).write("part");
    f.b.push();
    f.state.queries.cancel(id, f.state.emitters);
    BOOST_TEST(f.state.queries.open_count() == 0U);
    f.held[0].write("late");
    f.b.push();
    BOOST_TEST(f.state.own.unknown_answers.total == 1U);
    f.turn(f.b);
    BOOST_TEST(f.held[0].is_cancelled());
    BOOST_TEST(f.b.is_open);
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_its_bound_is_cut_off) {
    State state(Limits{.queries = {.open = 4, .answer_bytes = 10, .total_answer_bytes = 100}});
    Duct a(state);
    a.outbox.on_query("queue", [](Query query) {
        query.write("0123456789");
        query.write("x");
        query.finish();
    });
    a.connect();
    const AskId id = state.queries.open(Ask{.topic = "queue", .emitters = {1}}, state.emitters, test_now);
    a.deliver({});
    a.push();
    BOOST_REQUIRE(state.queries.is_finished(id));
    const auto replies = state.queries.take(id);
    BOOST_TEST((replies[0].outcome == Outcome::too_long));
    BOOST_TEST(replies[0].body.empty());
    BOOST_TEST(a.is_open);
}

BOOST_AUTO_TEST_CASE(asks_beyond_the_limit_are_refused) {
    State state(Limits{.queries = {.open = 1}});
    Duct a(state);
    a.connect();
    const Ask ask{.topic = "queue", .emitters = {1}};
    BOOST_TEST(state.queries.open(ask, state.emitters, test_now) != 0U);
    BOOST_TEST(state.queries.open(ask, state.emitters, test_now) == 0U);
}

BOOST_AUTO_TEST_CASE(an_emitter_cannot_answer_for_another) {
    Fixture f;
    const AskId id = f.ask("queue", {2});
    std::string forged;
    wire::append_frame_of(forged, wire::Answer{.query = 1, .chunk = "forged", .last = true});
    f.a.deliver(forged);
    BOOST_TEST(!f.state.queries.is_finished(id));
    BOOST_TEST(f.state.own.unknown_answers.total == 1U);
}

BOOST_AUTO_TEST_CASE(a_dropped_question_is_answered_failed) {
    Fixture f;
    const AskId id = f.ask("queue", {2});
    f.turn(f.b);
    f.held.clear();
    f.b.push();
    BOOST_REQUIRE(f.state.queries.is_finished(id));
    BOOST_TEST(f.state.queries.take(id)[0].status == wire::Status::failed);
}

BOOST_AUTO_TEST_SUITE_END()
