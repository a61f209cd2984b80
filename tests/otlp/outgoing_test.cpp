// What is sent when, and what is given up: with a clock of its own.
#include "daemon/otlp/outgoing.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(otlp_outgoing)

using namespace quipu;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t wall = 784'111'777 * second;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

Now at(double seconds) {
    const auto ns = static_cast<std::int64_t>(seconds * 1e9);
    return {.steady_ns = ns, .wall_ns = wall + ns};
}

OtlpSpan span(std::size_t bytes = 10) {
    static const auto resource = std::make_shared<const std::string>("r");
    return {resource, std::string(bytes, 's')};
}

struct Lab {
    OtlpOutgoing outgoing;

    explicit Lab(OtlpLimits limits = {}) : outgoing("1.0", limits) {}

    void push(int spans, double when) {
        for (int i = 0; i < spans; ++i) outgoing.push(span(), at(when));
    }

    // Spans of the request that leaves then; 0: none does.
    std::size_t leaves(double when) { return outgoing.next(at(when)) ? outgoing.on_their_way() : 0; }

    OtlpVerdict answer(unsigned status, double when, std::string_view retry_after = {}, double random = 1) {
        return outgoing.answered({.status = status, .retry_after = retry_after}, at(when), random);
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_waits_for_nothing) {
    Lab lab;
    BOOST_TEST(lab.outgoing.due_steady_ns() == never);
    BOOST_TEST(lab.leaves(1000) == 0U);
    BOOST_TEST(lab.outgoing.is_empty());
}

BOOST_AUTO_TEST_CASE(a_batch_leaves_when_its_oldest_has_waited_five_seconds) {
    Lab lab;
    lab.push(1, 10);
    lab.push(2, 14);
    BOOST_TEST(lab.outgoing.due_steady_ns() == 15 * second);
    BOOST_TEST(lab.leaves(14.9) == 0U);
    BOOST_TEST(lab.leaves(15) == 3U);
    BOOST_TEST(lab.outgoing.due_steady_ns() == never);
    lab.push(1, 15);
    BOOST_TEST(lab.leaves(30) == 0U);  // one is on its way
    BOOST_TEST((lab.answer(200, 30) == OtlpVerdict::taken));
    BOOST_TEST(lab.outgoing.counts().sent == 3U);
    BOOST_TEST(lab.leaves(30) == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_batch_leaves_at_once_by_spans_and_by_bytes) {
    Lab by_spans({.batch_spans = 4});
    by_spans.push(9, 1);
    BOOST_TEST(by_spans.outgoing.due_steady_ns() == 0);
    BOOST_TEST(by_spans.leaves(1) == 4U);
    by_spans.answer(200, 1);
    BOOST_TEST(by_spans.leaves(1) == 4U);
    by_spans.answer(200, 1);
    BOOST_TEST(by_spans.leaves(1) == 0U);
    BOOST_TEST(by_spans.leaves(6) == 1U);

    Lab by_bytes({.batch_bytes = 3000});
    for (int i = 0; i < 4; ++i) by_bytes.outgoing.push(span(900), at(1));
    BOOST_TEST(by_bytes.leaves(1) == 2U);  // each costs something beside its bytes
    by_bytes.answer(200, 1);
    by_bytes.outgoing.push(span(9000), at(1));
    BOOST_TEST(by_bytes.leaves(1) == 2U);
    by_bytes.answer(200, 1);
    BOOST_TEST(by_bytes.leaves(1) == 1U);  // larger than a batch: alone
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_and_have_jitter) {
    Lab lab({.batch_delay_ns = 0});
    lab.push(1, 0);
    BOOST_TEST(lab.leaves(0) == 1U);
    double now = 0;
    for (const double pause : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0}) {
        BOOST_TEST((lab.answer(503, now) == OtlpVerdict::again));
        BOOST_TEST(lab.leaves(now + pause - 0.001) == 0U);
        BOOST_TEST(lab.leaves(now + pause) == 1U);
        now += pause;
    }
    BOOST_TEST(lab.outgoing.counts().retries == 8U);
    BOOST_TEST((lab.answer(200, now) == OtlpVerdict::taken));
    lab.push(1, now);
    BOOST_TEST(lab.leaves(now) == 1U);
    lab.answer(503, now, {}, 0);  // a success forgets the failures before it; half the pause at least
    BOOST_TEST(lab.leaves(now + 0.499) == 0U);
    BOOST_TEST(lab.leaves(now + 0.5) == 1U);
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_repeated_and_what_will_not_is_dropped) {
    for (const unsigned status : {0U, 429U, 502U, 503U, 504U}) {
        Lab lab({.batch_delay_ns = 0});
        lab.push(2, 0);
        BOOST_TEST(lab.leaves(0) == 2U);
        BOOST_TEST((lab.answer(status, 0) == OtlpVerdict::again));
        BOOST_TEST(lab.leaves(1) == 2U);
        lab.answer(200, 1);
        BOOST_TEST(lab.outgoing.counts().sent == 2U);
        BOOST_TEST(lab.outgoing.counts().failed == 0U);
    }
    for (const unsigned status : {301U, 400U, 401U, 404U, 408U, 413U, 500U, 501U}) {
        Lab lab({.batch_delay_ns = 0});
        lab.push(2, 0);
        BOOST_TEST(lab.leaves(0) == 2U);
        BOOST_TEST((lab.answer(status, 0) == OtlpVerdict::refused));
        BOOST_TEST(lab.outgoing.is_empty());
        BOOST_TEST(lab.outgoing.counts().failed == 2U);
        BOOST_TEST(lab.outgoing.counts().retries == 0U);
    }
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed_where_it_is_longer_and_bounded) {
    Lab lab({.batch_delay_ns = 0});
    lab.push(1, 0);
    BOOST_TEST(lab.leaves(0) == 1U);
    lab.answer(429, 0, "17");
    BOOST_TEST(lab.leaves(16.9) == 0U);
    BOOST_TEST(lab.leaves(17) == 1U);
    lab.answer(503, 17, "Sun, 06 Nov 1994 08:50:37 GMT");
    BOOST_TEST(lab.leaves(59.9) == 0U);
    BOOST_TEST(lab.leaves(60) == 1U);
    lab.answer(503, 60, "0");  // nobody asks for a storm
    BOOST_TEST(lab.leaves(63.9) == 0U);
    BOOST_TEST(lab.leaves(64) == 1U);
    lab.answer(503, 64, "99999999999999999");
    BOOST_TEST(lab.leaves(64 + 3599) == 0U);
    BOOST_TEST(lab.leaves(64 + 3600) == 1U);
}

BOOST_AUTO_TEST_CASE(retry_after_in_every_form) {
    const std::int64_t now = wall;
    BOOST_TEST(retry_after_ns("120", now).value() == 120 * second);
    BOOST_TEST(retry_after_ns(" 0 ", now).value() == 0);
    BOOST_TEST(retry_after_ns("Sun, 06 Nov 1994 08:49:38 GMT", now).value() == second);
    BOOST_TEST(retry_after_ns("Sun, 06 Nov 1994 08:49:36 GMT", now).value() == 0);
    BOOST_TEST(retry_after_ns("Mon, 29 Feb 2016 00:00:00 GMT", now).value() == 1'456'704'000 * second - now);
    for (const std::string_view wrong :
         {"",
          "-1",
          "1.5",
          "soon",
          "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 25:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 CET",
          "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun, 06 Foo 1994 08:49:37 GMT"}) {
        BOOST_TEST_CONTEXT(wrong) {
            BOOST_TEST(!retry_after_ns(wrong, now).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(while_the_collector_is_away_the_oldest_are_dropped_and_memory_is_bounded) {
    Lab lab({.queue_bytes = 100'000, .batch_delay_ns = 0});
    lab.push(1, 0);
    BOOST_TEST(lab.leaves(0) == 1U);
    lab.answer(0, 0);
    for (int i = 0; i < 1000; ++i) lab.outgoing.push(span(872), at(0));  // 1000 bytes each with what it costs
    BOOST_TEST(lab.outgoing.waiting() == 100U);
    BOOST_TEST(lab.outgoing.counts().dropped == 900U);
    BOOST_TEST(lab.leaves(1) == 1U);  // the first is still tried
    lab.answer(200, 1);
    BOOST_TEST(lab.leaves(1) == 100U);
    lab.answer(200, 1);
    BOOST_TEST(lab.outgoing.counts().sent == 101U);
    BOOST_TEST(lab.outgoing.is_empty());
}

BOOST_AUTO_TEST_CASE(spans_that_were_refused_of_a_batch_are_counted) {
    Lab lab({.batch_delay_ns = 0});
    lab.push(5, 0);
    BOOST_TEST(lab.leaves(0) == 5U);
    const std::string_view body(
        "\x0A\x07\x08\x02\x12\x03"
        "why",
        9
    );
    const auto verdict = lab.outgoing.answered({.status = 200, .body = body}, at(0), 0);
    BOOST_TEST((verdict == OtlpVerdict::taken_in_part));
    BOOST_TEST(lab.outgoing.counts().sent == 3U);
    BOOST_TEST(lab.outgoing.counts().failed == 2U);
}

BOOST_AUTO_TEST_CASE(at_the_end_nothing_waits_and_the_rest_is_dropped) {
    Lab lab;
    lab.push(3, 0);
    BOOST_TEST(lab.leaves(0) == 0U);
    lab.outgoing.hurry();
    BOOST_TEST(lab.leaves(0) == 3U);
    lab.answer(503, 0);
    lab.push(2, 0);
    lab.outgoing.give_up();
    BOOST_TEST(lab.outgoing.is_empty());
    BOOST_TEST(lab.outgoing.counts().dropped == 5U);
    BOOST_TEST(lab.outgoing.counts().sent == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
