#include "proto/trace_clock.hpp"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>

BOOST_AUTO_TEST_SUITE(proto_trace_clock)

using namespace quipu;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t push = 100 * ms;

// A counter of 2.5 GHz, and a clock; both are moved by hand.
struct Moved {
    std::uint64_t ticks = 7'000'000'000;
    std::uint64_t ns = 3'000'000'000;
    TickLine line;

    void pass(std::uint64_t passed_ns) {
        ns += passed_ns;
        ticks += passed_ns * 5 / 2;
    }

    void set() { line.set(ticks, ns); }

    // As when the courier runs: a pair at every push.
    void run(int pushes) {
        for (int i = 0; i < pushes; ++i) {
            pass(push);
            set();
        }
    }

    [[nodiscard]] std::optional<std::uint64_t> read() const {
        std::uint64_t read_ns = 0;
        return line.at(ticks, read_ns) ? std::optional(read_ns) : std::nullopt;
    }

    // Read, and off by at most that much.
    [[nodiscard]] bool is_known_within(std::uint64_t bound_ns) const {
        const std::optional<std::uint64_t> seen = read();
        return seen && *seen + bound_ns >= ns && *seen <= ns + bound_ns;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_is_drawn_once_two_successive_pairs_agree) {
    Moved moved;
    BOOST_TEST(!moved.read());
    moved.run(2);
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(moved.is_known_within(0));
    moved.pass(70 * ms);
    BOOST_TEST(moved.is_known_within(1));
}

BOOST_AUTO_TEST_CASE(pairs_that_come_in_quick_succession_change_nothing) {
    Moved moved;
    moved.run(3);
    for (int i = 0; i < 9; ++i) {
        moved.pass(ms);
        moved.line.set(moved.ticks, moved.ns + ms / 10);  // read badly
    }
    BOOST_TEST(moved.is_known_within(1));
}

BOOST_AUTO_TEST_CASE(the_line_ends_where_the_courier_has_not_been_for_a_second) {
    Moved moved;
    moved.run(3);
    moved.pass(999 * ms);
    BOOST_TEST(moved.is_known_within(1));
    moved.pass(2 * ms);
    BOOST_TEST(!moved.read());
    moved.pass(3600'000 * ms);
    BOOST_TEST(!moved.read());
    moved.run(1);  // it says nothing on the hour before
    BOOST_TEST(!moved.read());
    moved.run(2);
    BOOST_TEST(moved.is_known_within(0));
}

BOOST_AUTO_TEST_CASE(a_computer_that_slept_for_hours_while_the_counter_ran_on_has_no_line_until_it_is_known_anew) {
    Moved moved;
    moved.run(3);
    moved.ticks += 9'000'000'000'000;  // the clock stood still
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(moved.is_known_within(0));
}

BOOST_AUTO_TEST_CASE(a_counter_that_began_anew_is_not_believed) {
    Moved moved;
    moved.run(3);
    moved.ticks = 1000;
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(!moved.read());
    moved.run(2);
    BOOST_TEST(moved.is_known_within(0));
}

BOOST_AUTO_TEST_CASE(a_counter_that_stands_still_is_not_believed) {
    Moved moved;
    for (int i = 0; i < 5; ++i) {
        moved.ns += push;
        moved.set();
    }
    BOOST_TEST(!moved.read());
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_slewed_is_followed) {
    Moved moved;
    moved.run(3);
    for (int i = 0; i < 50; ++i) {
        moved.pass(push);
        moved.ns += 4'000;  // 40 ppm faster than before
        moved.set();
        moved.pass(push / 2);
        BOOST_TEST(moved.is_known_within(4'000));
        moved.pass(push / 2);
    }
}

BOOST_AUTO_TEST_CASE(a_counter_that_loses_pace_is_left_and_taken_again_at_its_new_one) {
    Moved moved;
    moved.run(3);
    moved.pass(push);
    moved.ns += 5 * ms;
    moved.set();
    BOOST_TEST(!moved.read());  // the two last rates differ
    moved.run(1);
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(moved.is_known_within(0));
}

BOOST_AUTO_TEST_CASE(a_line_that_was_stopped_is_not_used) {
    Moved moved;
    moved.run(3);
    moved.line.stop();
    BOOST_TEST(!moved.read());
    moved.run(2);
    BOOST_TEST(!moved.read());
    moved.run(1);
    BOOST_TEST(moved.is_known_within(0));
}

// The line stays the same while it is drawn again and again: whoever reads another one has read half of each.
BOOST_AUTO_TEST_CASE(readers_never_see_half_a_line) {
    TickLine line;
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> wrong{0};
    std::thread reader([&] {
        while (!is_over.load(std::memory_order_relaxed)) {
            for (std::uint64_t right = push; right < 1000 * push; right += 7 * push / 3) {
                std::uint64_t ns = 0;
                if (line.at(right * 5, ns) && (ns + 1 < right || ns > right + 1)) ++wrong;
            }
        }
    });
    for (int round = 0; round < 500; ++round) {
        for (std::uint64_t ns = push; ns < 1000 * push; ns += push) line.set(ns * 5, ns);
        line.stop();
    }
    is_over = true;
    reader.join();
    BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(stamps_agree_with_the_kernels_clock_and_never_step_back) {
    constexpr std::uint64_t bound_ns = ms;
    TraceClock clock;
    std::uint64_t last = 0;
    const std::uint64_t deadline = steady_now_ns() + 200 * ms;
    std::uint64_t next_push = 0;
    for (std::uint64_t before = 0; before < deadline;) {
        before = steady_now_ns();
        if (before >= next_push) {
            clock.adjust();
            next_push = before + 20 * ms;
        }
        before = steady_now_ns();
        const std::uint64_t stamp = clock.now();
        const std::uint64_t after = steady_now_ns();
        BOOST_REQUIRE(stamp + bound_ns >= before);
        BOOST_REQUIRE(stamp <= after + bound_ns);
        BOOST_REQUIRE(stamp >= last);
        last = stamp;
    }
}

BOOST_AUTO_TEST_CASE(without_a_courier_the_kernels_clock_is_read) {
    const TraceClock clock;
    const std::uint64_t before = std::max(steady_now_ns(), last_stamp_ns);
    const std::uint64_t stamp = clock.now();
    const std::uint64_t after = steady_now_ns();
    BOOST_TEST(stamp >= before);
    BOOST_TEST(stamp <= std::max(after, before));
}

BOOST_AUTO_TEST_SUITE_END()
