// One CPU profile of this process: a timer on each thread's CPU clock, whose signal samples that thread's stack.
// Per-thread timers, not one for the process: the kernel delivers a process's timer to any thread that takes it, mostly
// the main one, so threads would be confused. Used by one thread, which is not sampled itself.
#pragma once

#include <signal.h>
#include <time.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "proto/mappings.hpp"
#include "proto/profile_signal.hpp"
#include "proto/sample_ring.hpp"
#include "proto/stack_table.hpp"

namespace quipu {

class CpuProfile {
public:
    explicit CpuProfile(std::uint32_t hz);
    // Takes the timers away and waits for the last handler.
    ~CpuProfile();
    CpuProfile(const CpuProfile&) = delete;
    CpuProfile& operator=(const CpuProfile&) = delete;

    // Why there is none: one sentence; empty: it runs.
    [[nodiscard]] const std::string& refusal() const { return refusal_; }

    // To be called about every interval_ms(): finds new threads, takes what was sampled.
    void slice();
    [[nodiscard]] std::uint32_t interval_ms() const;

    // Ends it. The profile, uncompressed; see pprof.hpp.
    std::string finish();

private:
    struct ThreadTimer {
        timer_t timer{};
        std::string name;
    };

    void watch_threads();
    bool set_timer(std::uint32_t tid, ThreadTimer& out);
    [[nodiscard]] bool is_alive(const ThreadTimer& timer) const;
    void stop();
    void drain();

    std::uint32_t hz_;
    SignalUse signal_;
    std::string refusal_;
    SampleRing ring_;
    bool is_running_ = false;
    std::map<std::uint32_t, ThreadTimer> timers_;  // by tid
    std::uint32_t own_tid_;
    std::uint64_t begin_wall_ns_ = 0;
    std::uint64_t begin_steady_ns_ = 0;
    std::uint64_t begin_cpu_ns_ = 0;
    std::set<std::uint32_t> refused_;  // threads for which the kernel gave no timer
    std::uint64_t cut_stacks_ = 0;
    std::set<std::uint32_t> blocked_;  // threads that keep the signal from being delivered
    Mappings mappings_;
    StackTable table_;
};

}  // namespace quipu
