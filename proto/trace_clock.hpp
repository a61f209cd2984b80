// The clock of trace events: CLOCK_MONOTONIC, by way of the processor's time stamp counter where the kernel itself
// makes that clock of it. The kernel's own reading is most of what an event costs; the counter alone takes less than
// half of that. Elsewhere, and whenever there is a doubt, the kernel is asked.
//
//   ns    .                      A line from ticks to ns: it begins at the last pair of readings, is as steep as
//   |    x '  <- reach_ns        between the last two, and is good for reach_ns from there.
//   |  x                         The courier takes a pair at every push, so drift does not add up.
//   +----------- ticks
//
// What could go wrong, and what becomes of it:
//   the computer slept, the counter was set, the clock is made faster or slower   two successive pairs disagree on how
//       steep the line is: none is drawn until two agree
//   the courier does not run (a forked child's, or none yet)                      no line, or it ends after reach_ns
//   the kernel has found the counter to be unsteady and reads another source      looked up every ten seconds
// What is left is at most a 4096th of the time since the last pair: 25 us at the usual push interval, mostly some
// tens of ns.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace quipu {

// CLOCK_MONOTONIC, from the kernel.
std::uint64_t steady_now_ns();
// The time of day, since 1970 in UTC.
std::uint64_t wall_now_ns();

// From ticks of a counter to ns of a clock with which it keeps pace. One thread sets it, any thread reads.
class TickLine {
public:
    static constexpr std::uint64_t reach_ns = 1'000'000'000;
    // Pairs closer than this say too little on how steep the line is; those further apart say nothing.
    static constexpr std::uint64_t nearest_ns = 10'000'000;
    static constexpr std::uint64_t furthest_ns = 2 * reach_ns;

    // A pair, read at the same moment; ns is not 0. Ignored where it comes less than nearest_ns after the last one.
    void set(std::uint64_t ticks, std::uint64_t ns) noexcept;
    // No line until three more pairs have come.
    void stop() noexcept;

    // Cheap: whether at() may know.
    [[nodiscard]] bool is_drawn() const noexcept { return reach_.load(std::memory_order_relaxed) != 0; }

    // false: there is no line at that point, or it is being drawn at this moment.
    [[nodiscard]] bool at(std::uint64_t ticks, std::uint64_t& ns) const noexcept {
        // Each load is done before the next one: what was read belongs together where the version has stayed.
        const std::uint32_t version = version_.load(std::memory_order_acquire);
        const std::uint64_t past = ticks - ticks_.load(std::memory_order_acquire);
        const std::uint64_t begin_ns = ns_.load(std::memory_order_acquire);
        const std::uint64_t steepness = steepness_.load(std::memory_order_acquire);
        const std::uint64_t reach = reach_.load(std::memory_order_acquire);
        ns = begin_ns + (past * steepness >> 32);
        // One branch, not three: between two events of a mail daemon the processor forgets which way they go.
        const std::uint32_t is_torn = (version & 1) | (version_.load(std::memory_order_relaxed) ^ version);
        return (static_cast<std::uint64_t>(past >= reach) | is_torn) == 0;
    }

private:
    void draw(std::uint64_t ticks, std::uint64_t ns, std::uint64_t steepness, std::uint64_t reach) noexcept;

    std::atomic<std::uint32_t> version_{0};  // odd while the line is drawn
    std::atomic<std::uint64_t> ticks_{0};
    std::atomic<std::uint64_t> ns_{0};
    std::atomic<std::uint64_t> steepness_{0};  // ns a tick, times 2^32
    std::atomic<std::uint64_t> reach_{0};      // in ticks; 0: no line

    // Of who sets it:
    std::uint64_t last_ticks_ = 0;
    std::uint64_t last_ns_ = 0;         // 0: there was no pair
    std::uint64_t last_steepness_ = 0;  // of the last two pairs; 0: not known
};

// The last stamp that a thread got.
extern constinit thread_local std::uint64_t last_stamp_ns;

class TraceClock {
public:
    // Any thread. On one thread it never steps back.
    [[nodiscard]] std::uint64_t now() const noexcept {
        std::uint64_t ns = 0;
        // Where the kernel does not use the counter, reading it may be slow.
        if (!line_.is_drawn() || !line_.at(ticks(), ns)) [[unlikely]]
            ns = steady_now_ns();
        last_stamp_ns = std::max(last_stamp_ns, ns);
        return last_stamp_ns;
    }

    // Courier only: at every push.
    void adjust() noexcept;

private:
    static std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
        return __builtin_ia32_rdtsc();
#else
        return 0;
#endif
    }

    TickLine line_;
    std::uint64_t next_look_ns_ = 0;  // at the kernel's clock source
    bool is_usable_ = false;          // as of the last look
};

}  // namespace quipu
