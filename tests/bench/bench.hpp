// What the benchmarks of code have in common: an emitter's inside without its thread, and threads pinned to a core.
#pragma once

#include <benchmark/benchmark.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "proto/outbox.hpp"

namespace quipu::bench {

// Thread i on core i, so that two threads never share one.
inline void pin(const benchmark::State& state) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<unsigned>(state.thread_index()), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

// As between a mail daemon and quipud, less the socket: drain() takes what the rings hold.
class Pushed {
public:
    Pushed() : outbox(EmitterOptions{.program = "bench"}) {
        std::string hello;
        outbox.connected({}, 1, 1, hello);
        // As in a mail daemon that has run for a while: the courier knows the clocks after a few pushes.
        for (int i = 0; i < 4; ++i) {
            drain();
            std::this_thread::sleep_for(std::chrono::milliseconds(12));
        }
    }

    void drain() {
        do bytes_.clear();
        while (outbox.push(bytes_));
    }

    Outbox outbox;

private:
    std::string bytes_;
};

// 50 keys of 15 bytes.
inline const std::array<std::string, 50>& keys() {
    static const std::array<std::string, 50> made = [] {
        std::array<std::string, 50> all;
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = "label-value-0" + std::to_string(10 + i);
        return all;
    }();
    return made;
}

}  // namespace quipu::bench
