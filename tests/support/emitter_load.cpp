// A mail daemon's busy inside without the mail: emitter-load SOCKET. Two threads make emitter calls at a steady pace
// and time each of them. For a line on stdin it prints what the calls since the line before took; for the line "end" it
// stops calling and prints what it counted. It ends with stdin.
//
//     calls 123456 p50_ns 40 p99.9_ns 900 longest_ns 80000
//     counted load/count 100000
//     counted load/labels 100000
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "proto/emitter.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// 10 ns a step; the last one takes all that is longer.
class Times {
public:
    void add(std::uint64_t ns) {
        ++steps_[std::min(ns / 10, steps_.size() - 1)];
        ++calls_;
        longest_ = std::max(longest_, ns);
    }

    void add(const Times& other) {
        for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i] += other.steps_[i];
        calls_ += other.calls_;
        longest_ = std::max(longest_, other.longest_);
    }

    [[nodiscard]] std::uint64_t share_ns(std::uint64_t per_mille) const {
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            seen += steps_[i];
            if (seen * 1000 >= calls_ * per_mille) return (i + 1) * 10;
        }
        return longest_;
    }

    [[nodiscard]] std::uint64_t calls() const { return calls_; }

    [[nodiscard]] std::uint64_t longest() const { return longest_; }

private:
    std::array<std::uint64_t, 100'000> steps_{};
    std::uint64_t calls_ = 0;
    std::uint64_t longest_ = 0;
};

struct Shared {
    explicit Shared(const std::string& socket_path)
        : emitter({.program = "load", .version = "1", .socket_path = socket_path, .log = [](std::string_view) {}}),
          count(emitter.counter("load/count", "counts")),
          labels(emitter.counter_map("load/labels", "label", "counts by label")) {}

    quipu::Emitter emitter;
    quipu::Counter count;
    quipu::CounterMap labels;
    std::atomic<std::uint64_t> counted{0};
    std::atomic<std::uint64_t> labelled{0};
    std::atomic<bool> is_over{false};
    std::mutex mutex;
    Times times;  // under the mutex
};

template <typename Call>
void timed(Times& times, Call call) {
    const auto begin = Clock::now();
    call();
    times.add(static_cast<std::uint64_t>((Clock::now() - begin) / std::chrono::nanoseconds(1)));
}

// A hundred calls each four milliseconds: 25,000 a second, with the other thread 50,000.
void work(Shared& shared) {
    constexpr std::array<const char*, 4> labels = {"a", "b", "c", "d"};
    auto times = std::make_unique<Times>();
    auto due = Clock::now();
    for (std::uint64_t round = 0; !shared.is_over; ++round) {
        quipu::Trace trace;
        timed(*times, [&] { trace = shared.emitter.trace("Load", "a round"); });
        for (int i = 0; i < 32; ++i) {
            timed(*times, [&] { shared.count.add(); });
            timed(*times, [&] { shared.labels.add(labels[static_cast<std::size_t>(i) % labels.size()]); });
            timed(*times, [&] { trace.printf("event %d of round %llu", i, static_cast<unsigned long long>(round)); });
        }
        timed(*times, [&] { trace.finish(); });
        shared.counted += 32;
        shared.labelled += 32;
        if (const std::unique_lock lock(shared.mutex, std::try_to_lock); lock) {
            shared.times.add(*times);
            *times = {};
        }
        due += std::chrono::milliseconds(4);
        std::this_thread::sleep_until(due);
    }
}

void print_times(Shared& shared) {
    const std::lock_guard lock(shared.mutex);
    std::printf(
        "calls %llu p50_ns %llu p99.9_ns %llu longest_ns %llu\n",
        static_cast<unsigned long long>(shared.times.calls()),
        static_cast<unsigned long long>(shared.times.share_ns(500)),
        static_cast<unsigned long long>(shared.times.share_ns(999)),
        static_cast<unsigned long long>(shared.times.longest())
    );
    std::fflush(stdout);
    shared.times = {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
        return 2;
    }
    const auto shared = std::make_unique<Shared>(argv[1]);
    std::thread one([&] { work(*shared); });
    std::thread two([&] { work(*shared); });
    for (std::string line; std::getline(std::cin, line) && line != "end";) print_times(*shared);
    shared->is_over = true;
    one.join();
    two.join();
    std::printf("counted load/count %llu\n", static_cast<unsigned long long>(shared->counted));
    std::printf("counted load/labels %llu\n", static_cast<unsigned long long>(shared->labelled));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) continue;
    return 0;
}
