#include "proto/trace_clock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string_view>

namespace quipu {

constinit thread_local std::uint64_t last_stamp_ns = 0;

namespace {

constexpr std::uint64_t look_interval_ns = 10'000'000'000;
// Readings of clock, counter and clock again that take longer were interrupted.
constexpr std::uint64_t same_moment_ns = 1000;

// Whether CLOCK_MONOTONIC is made of the counter. Then the kernel has found that it runs at one rate, also while
// processors sleep, and alike on all of them.
bool is_counter_the_clock() noexcept {
#if defined(__x86_64__)
    const int fd = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    std::array<char, 16> name{};
    const ssize_t n = ::read(fd, name.data(), name.size());
    ::close(fd);
    return n > 0 && std::string_view(name.data(), static_cast<std::size_t>(n)) == "tsc\n";
#else
    return false;
#endif
}

}  // namespace

std::uint64_t steady_now_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1)
    );
}

std::uint64_t wall_now_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1)
    );
}

void TickLine::set(std::uint64_t ticks, std::uint64_t ns) noexcept {
    const std::uint64_t passed_ticks = ticks - last_ticks_;
    const std::uint64_t passed_ns = ns - last_ns_;
    if (last_ns_ != 0 && passed_ns < nearest_ns) return;
    const bool is_known = last_ns_ != 0 && passed_ns <= furthest_ns && passed_ticks != 0;
    const std::uint64_t steepness = is_known ? (passed_ns << 32) / passed_ticks : 0;
    const std::uint64_t apart = std::max(steepness, last_steepness_) - std::min(steepness, last_steepness_);
    const bool is_straight = steepness != 0 && last_steepness_ != 0 && apart <= last_steepness_ >> 12;
    draw(ticks, ns, steepness, is_straight ? (reach_ns << 32) / steepness : 0);
    last_ticks_ = ticks;
    last_ns_ = ns;
    last_steepness_ = steepness;
}

void TickLine::stop() noexcept {
    draw(0, 0, 0, 0);
    last_ns_ = last_steepness_ = 0;
}

void TickLine::draw(std::uint64_t ticks, std::uint64_t ns, std::uint64_t steepness, std::uint64_t reach) noexcept {
    // Whoever reads one of these sees that the version has changed before.
    const std::uint32_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    ticks_.store(ticks, std::memory_order_release);
    ns_.store(ns, std::memory_order_release);
    steepness_.store(steepness, std::memory_order_release);
    reach_.store(reach, std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
}

void TraceClock::adjust() noexcept {
    std::uint64_t before_ns = steady_now_ns();
    if (before_ns >= next_look_ns_) {
        next_look_ns_ = before_ns + look_interval_ns;
        is_usable_ = is_counter_the_clock();
        if (!is_usable_) line_.stop();
    }
    if (!is_usable_) return;
    for (int attempt = 0; attempt < 3; ++attempt) {
        before_ns = steady_now_ns();
        const std::uint64_t at = ticks();
        const std::uint64_t after_ns = steady_now_ns();
        if (after_ns - before_ns > same_moment_ns) continue;
        line_.set(at, before_ns + (after_ns - before_ns) / 2);
        return;
    }
}

}  // namespace quipu
