// The emitter's outbox against quipud's session, whole: numbers stay right through every way of breaking.
#include "daemon/core/emitter_session.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "proto/limits.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/trace_lines.hpp"

BOOST_AUTO_TEST_SUITE(core_emitter_session)

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_CASE(what_is_counted_is_published) {
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "mails taken", "");
    const CounterMap codes = a.outbox.counter_map("m/codes", "code", "replies");
    const Gauge open = a.outbox.gauge("m/open", "open connections", "", Merge::sum);
    const Text version = a.outbox.text("m/version", "version");
    a.connect();
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 0U);
    BOOST_TEST(state.metrics.find("m/codes")->series.empty());
    mails.add();
    mails.add(2);
    codes("250").add();
    codes.add("250", 4);
    codes.add("550");
    open.set(3);
    open.add(-1);
    version.set("1.2");
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 3U);
    BOOST_TEST(count_of(state, "m/codes", "250") == 5U);
    BOOST_TEST(count_of(state, "m/codes", "550") == 1U);
    BOOST_TEST(state.metrics.find("m/open")->series.find("")->second.gauge().shown == 2.0);
    BOOST_TEST(state.metrics.find("m/version")->series.find("")->second.text().shown == "1.2");
    BOOST_TEST(a.is_open);
    BOOST_TEST(a.outbox.is_welcome());
}

BOOST_AUTO_TEST_CASE(gauges_by_label_are_published_by_label) {
    State state;
    Duct a(state, 'a', {.program = "maild", .max_labels = 2});
    const GaugeMap ages = a.outbox.gauge_map("m/ages", "age", "items by age", Merge::sum);
    a.connect();
    ages("young").set(3);
    ages("old").set(1);
    ages("young").add(1);
    ages("one too many").set(99);
    a.push();
    const auto& series = state.metrics.find("m/ages")->series;
    BOOST_TEST(series.size() == 2U);
    BOOST_TEST(series.find("young")->second.gauge().shown == 4.0);
    BOOST_TEST(series.find("old")->second.gauge().shown == 1.0);
    BOOST_TEST(count_of(state, "quipu/emitter/refusedSeries") == 1U);
}

BOOST_AUTO_TEST_CASE(hello_tells_who_pushes) {
    State state;
    Duct a(state);
    a.outbox.on_query("queue", [](Query) {});
    a.connect();
    const EmitterRecord* emitter = state.emitters.newest();
    BOOST_REQUIRE(emitter);
    BOOST_TEST(emitter->program == "maild");
    BOOST_TEST(emitter->version == "1.0");
    BOOST_TEST(emitter->hostname == "mx.example");
    BOOST_TEST(emitter->cmdline.at(1) == "--hostname=mx.example");
    BOOST_TEST(emitter->flags.at(0).name == "hostname");
    BOOST_TEST(emitter->answers("queue"));
    BOOST_TEST(instance_hex(*emitter) == "61616161616161616161616161616161");
    BOOST_TEST((emitter->life == Life::connected));
}

BOOST_AUTO_TEST_CASE(whatever_the_mail_daemon_says_of_itself_fits_into_frames) {
    State state;
    const std::string huge(300'000, 'x');
    Duct a(state, 'a', {.program = huge, .version = huge, .max_series = 4000, .max_labels = 4000});
    a.say_as([&huge](Identity& it) {
        it.hostname = huge;
        it.cmdline.assign(2000, huge);
        it.flags.assign(2000, Flag{huge, huge, true});
    });
    a.outbox.set_config_text(huge);
    for (int i = 0; i < 2000; ++i) {
        a.outbox.on_query(std::to_string(i) + huge, [](Query) {});
        (void)a.outbox.counter(std::to_string(i) + huge, huge, huge);
    }
    const CounterMap labels = a.outbox.counter_map("m/labels", huge, huge);
    for (int i = 0; i < 1000; ++i) labels.add(std::string(500, 'l') + std::to_string(i));
    labels.add(huge);
    a.outbox.text("m/text", huge).set(huge);
    Trace trace = a.outbox.begin_trace(huge, huge, 0);
    trace.event(huge);
    trace.printf("%s", huge.c_str());
    a.connect();
    a.push();
    BOOST_TEST(a.is_open);
    BOOST_TEST(state.own.refused_sessions.total == 0U);
    BOOST_TEST(state.emitters.newest()->cmdline.size() == 8U);
    BOOST_TEST(count_of(state, "m/labels", "(other)") == 1U);
    BOOST_REQUIRE(state.traces.active().size() == 1U);
    BOOST_TEST(state.traces.active().front()->title.size() == 256U);
    BOOST_TEST(first_lines(*state.traces.active().front()).at(1).text.size() == 4096U);
}

BOOST_AUTO_TEST_CASE(a_topic_added_after_hello_is_told_too) {
    State state;
    Duct a(state);
    a.connect();
    BOOST_TEST(!state.emitters.newest()->answers("queue"));
    a.outbox.on_query("queue", [](Query) {});
    a.outbox.set_config_text("port: 25");
    a.push();
    BOOST_TEST(state.emitters.newest()->answers("queue"));
    BOOST_TEST(state.emitters.newest()->config_text == "port: 25");
}

BOOST_AUTO_TEST_CASE(lost_pushes_and_broken_connections_lose_nothing_and_double_nothing) {
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "mails", "");
    a.connect();
    mails.add(10);
    a.push();
    mails.add(5);
    a.lose_push();
    BOOST_TEST(count_of(state, "m/mails") == 10U);
    mails.add(1);
    a.connect();
    BOOST_TEST(count_of(state, "m/mails") == 10U);
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 16U);
    a.breaks();
    a.connect();
    a.push();
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 16U);
}

BOOST_AUTO_TEST_CASE(a_quipud_that_starts_anew_gets_the_whole_totals) {
    Duct* a = nullptr;
    State first;
    Duct duct(first);
    a = &duct;
    const Counter mails = a->outbox.counter("m/mails", "mails", "");
    a->connect();
    mails.add(10);
    a->push();
    State second;
    EmitterSession session(second, Peer{1000, 1000, 4711});
    std::string out;
    a->outbox.connected(identity('a'), 1, 1, out);
    mails.add(1);
    a->outbox.push(out);
    BOOST_TEST(session.feed(as_bytes(out), test_now));
    BOOST_TEST(count_of(second, "m/mails") == 11U);
}

BOOST_AUTO_TEST_CASE(the_same_conversation_cut_anywhere_gives_the_same_state) {
    std::string conversation;
    {
        Outbox outbox({.program = "maild"});
        const CounterMap codes = outbox.counter_map("m/codes", "code", "replies");
        outbox.connected(identity('a'), 1, 1, conversation);
        codes.add("250", 7);
        Trace trace = outbox.begin_trace("SMTP.Conn", "peer", 0);
        trace.printf("-> %s", "EHLO");
        outbox.push(conversation);
        codes.add("550", 3);
        trace.finish();
        outbox.push(conversation);
    }
    const auto check = [](const State& state) {
        BOOST_TEST(count_of(state, "m/codes", "250") == 7U);
        BOOST_TEST(count_of(state, "m/codes", "550") == 3U);
        BOOST_TEST(ended(state.traces.families().find("SMTP.Conn")->second) == 1U);
        BOOST_TEST(state.own.refused_sessions.total == 0U);
        BOOST_TEST(state.own.unknown_fields.total == 0U);
    };
    for (std::size_t cut = 0; cut <= conversation.size(); ++cut) {
        State state;
        EmitterSession session(state, {});
        const bool is_open = session.feed(as_bytes(conversation).first(cut), test_now) &&
                             session.feed(as_bytes(conversation).subspan(cut), test_now);
        BOOST_REQUIRE(is_open);
        check(state);
    }
    State state;
    EmitterSession session(state, {});
    for (const std::uint8_t& byte : as_bytes(conversation)) BOOST_REQUIRE(session.feed({&byte, 1}, test_now));
    check(state);
}

BOOST_AUTO_TEST_CASE(a_peer_that_dies_inside_a_frame_leaves_nothing_half_applied) {
    Outbox outbox({.program = "maild"});
    const Counter one = outbox.counter("m/one", "", "");
    const Counter two = outbox.counter("m/two", "", "");
    std::string start;
    outbox.connected(identity('a'), 1, 1, start);
    outbox.push(start);
    one.add(1);
    two.add(1);
    std::string deltas;
    outbox.push(deltas);
    for (std::size_t cut = 1; cut < deltas.size(); ++cut) {
        State state;
        EmitterSession session(state, {});
        BOOST_REQUIRE(session.feed(as_bytes(start), test_now));
        BOOST_REQUIRE(session.feed(as_bytes(deltas).first(cut), test_now));
        const bool is_inside = session.is_waiting();
        session.closed(test_now);
        BOOST_TEST(count_of(state, "m/one") == count_of(state, "m/two"));
        BOOST_TEST(state.own.truncated_frames.total == (is_inside ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(a_malformed_peer_is_told_why_and_hurts_no_other) {
    struct Case {
        const char* name;
        std::string bytes;
        Errc expected;
    };

    std::string deltas_first;
    wire::append_frame_of(deltas_first, wire::Deltas{{1}, {1}});
    std::string unknown_id;
    Outbox outbox({.program = "maild"});
    outbox.connected(identity('b'), 1, 1, unknown_id);
    std::string twice = unknown_id + unknown_id;
    wire::append_frame_of(unknown_id, wire::Deltas{{99}, {1}});
    const std::vector<Case> cases = {
        {"deltas before Hello", deltas_first, Errc::hello_expected},
        {"an id that nobody defined", unknown_id, Errc::id_unknown},
        {"Hello twice", twice, Errc::hello_again},
        {"length zero", std::string(4, '\0'), Errc::frame_empty},
        {"length beyond the limit", std::string("\xff\xff\xff\xff", 4), Errc::frame_too_long},
        {"not protobuf", std::string("\x02\x00\x00\x00\xff\xff", 6), Errc::malformed},
    };
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.name) {
            State state;
            Duct good(state, 'a');
            const Counter mails = good.outbox.counter("m/mails", "", "");
            good.connect();
            EmitterSession bad(state, {});
            BOOST_TEST(!bad.feed(as_bytes(tc.bytes), test_now));
            BOOST_TEST(bad.error() == tc.expected);
            Outbox its_side({.program = "maild"});
            BOOST_TEST(its_side.take(as_bytes(bad.output())) == Errc::ok);
            BOOST_TEST(its_side.refusal() == sentence(tc.expected));
            bad.closed(test_now);
            BOOST_TEST(state.own.refused_sessions.total == 1U);
            mails.add();
            good.push();
            BOOST_TEST(good.is_open);
            BOOST_TEST(count_of(state, "m/mails") == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_message_of_a_newer_peer_is_skipped_and_counted) {
    State state;
    Duct a(state);
    a.connect();
    std::string frame;
    append_frame(frame, std::string("\xfa\x06\x03new", 6));  // field 111, wire type 2
    a.deliver(frame);
    BOOST_TEST(a.is_open);
    BOOST_TEST(state.own.unknown_messages.total == 1U);
}

BOOST_AUTO_TEST_CASE(bye_is_acknowledged_and_ends_the_instance) {
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "", "");
    a.connect();
    mails.add(4);
    a.push();
    std::string bye;
    wire::append_frame_of(bye, wire::Bye{"exit"});
    a.deliver(bye);
    BOOST_TEST(a.outbox.is_acknowledged());
    a.breaks();
    const EmitterRecord* emitter = state.emitters.newest();
    BOOST_TEST((emitter->life == Life::ended));
    BOOST_TEST(emitter->how == "said goodbye: exit");
    BOOST_TEST(count_of(state, "m/mails") == 4U);
}

BOOST_AUTO_TEST_CASE(a_hundred_restarts_of_the_mail_daemon_keep_the_total_growing) {
    State state;
    std::uint64_t before = 0;
    for (int i = 0; i < 100; ++i) {
        Duct a(state, static_cast<char>(i));
        const Counter mails = a.outbox.counter("m/mails", "", "");
        a.connect();
        mails.add(3);
        a.push();
        a.breaks();
        set_ended(state, *state.emitters.find(std::string(16, static_cast<char>(i))), "killed", test_now);
        BOOST_REQUIRE(count_of(state, "m/mails") == before + 3);
        before += 3;
    }
    BOOST_TEST(state.emitters.all().size() == 32U);
}

BOOST_AUTO_TEST_CASE(a_lost_instance_of_unknown_fate_ends_after_the_grace) {
    State state;
    Duct a(state);
    a.connect();
    Trace trace = a.outbox.begin_trace("f", "t", 0);
    a.push();
    a.breaks();
    Now later = test_now;
    later.steady_ns += 59'000'000'000;
    end_overdue(state, later);
    BOOST_TEST((state.emitters.newest()->life == Life::lost));
    BOOST_TEST(state.traces.active().size() == 1U);
    later.steady_ns += 2'000'000'000;
    end_overdue(state, later);
    BOOST_TEST((state.emitters.newest()->life == Life::ended));
    BOOST_TEST(state.traces.active().empty());
}

BOOST_AUTO_TEST_CASE(lost_instances_do_not_pile_up) {
    State state;
    for (int i = 0; i < 400; ++i) {
        Duct a(state, 'a');
        a.say_as([i](Identity& it) {
            it.instance[0] = static_cast<char>(i), it.instance[1] = static_cast<char>(i / 256);
        });
        a.outbox.counter("m/mails", "", "").add();
        a.connect();
        a.push();
        a.breaks();
    }
    BOOST_TEST(state.emitters.all().size() == 256U + 32U);
    BOOST_TEST(count_of(state, "m/mails") == 400U);
}

BOOST_AUTO_TEST_CASE(an_instance_that_connects_twice_keeps_its_newer_connection) {
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "", "");
    a.connect();
    mails.add(1);
    a.push();
    EmitterSession newer(state, Peer{1000, 1000, 4711});
    std::string out;
    a.outbox.connected(identity('a'), 1, 1, out);
    a.outbox.push(out);
    BOOST_TEST(newer.feed(as_bytes(out), test_now));
    BOOST_TEST(a.session().is_replaced());
    a.breaks();
    BOOST_TEST((state.emitters.newest()->life == Life::connected));
    BOOST_TEST(count_of(state, "m/mails") == 1U);
}

BOOST_AUTO_TEST_CASE(another_user_cannot_take_an_instances_name) {
    State state;
    Duct a(state);
    a.connect();
    EmitterSession thief(state, Peer{2000, 2000, 1});
    std::string out;
    a.outbox.connected(identity('a'), 1, 1, out);
    BOOST_TEST(!thief.feed(as_bytes(out), test_now));
    BOOST_TEST(thief.error() == Errc::bad_instance);
    thief.closed(test_now);
    BOOST_TEST((state.emitters.newest()->life == Life::connected));
}

BOOST_AUTO_TEST_CASE(more_emitters_than_the_limit_are_refused) {
    Limits limits;
    limits.emitters.connected = 1;
    State state(limits);
    Duct a(state, 'a');
    Duct b(state, 'b');
    a.connect();
    b.connect();
    BOOST_TEST(a.is_open);
    BOOST_TEST(!b.is_open);
    BOOST_TEST(b.session().error() == Errc::too_many_emitters);
}

BOOST_AUTO_TEST_CASE(threads_that_end_leave_their_counts) {
    State state;
    Duct a(state);
    const Counter mails = a.outbox.counter("m/mails", "", "");
    a.connect();
    for (int round = 0; round < 20; ++round) {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&mails] {
                for (int n = 0; n < 1000; ++n) mails.add();
            });
        }
    }
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 160'000U);
}

BOOST_AUTO_TEST_CASE(labels_that_clients_choose_end_in_other_with_an_exact_sum) {
    State state;
    Duct a(state, 'a', {.program = "maild", .max_labels = 100});
    const CounterMap verbs = a.outbox.counter_map("m/verbs", "command", "");
    a.connect();
    for (int i = 0; i < 100'000; ++i) verbs.add("verb" + std::to_string(i));
    a.push();
    const auto& series = state.metrics.find("m/verbs")->series;
    BOOST_TEST(series.size() == 101U);
    std::uint64_t sum = 0;
    for (const auto& [label, one] : series) sum += one.counter().total;
    BOOST_TEST(sum == 100'000U);
    BOOST_TEST(count_of(state, "m/verbs", "(other)") == 99'900U);
    BOOST_TEST(count_of(state, "quipu/emitter/foldedLabels") == 99'900U);
}

BOOST_AUTO_TEST_CASE(the_same_name_declared_again_is_the_same_series_and_another_kind_counts_nothing) {
    State state;
    Duct a(state);
    const Counter one = a.outbox.counter("m/mails", "", "");
    const Counter same = a.outbox.counter("m/mails", "", "");
    const Gauge wrong = a.outbox.gauge("m/mails", "", "", Merge::sum);
    a.connect();
    one.add();
    same.add();
    wrong.set(99);
    a.push();
    BOOST_TEST(count_of(state, "m/mails") == 2U);
    BOOST_TEST(count_of(state, "quipu/emitter/refusedSeries") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
