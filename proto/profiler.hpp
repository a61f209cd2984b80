// Profiles and thread stacks of the mail daemon, asked for through quipud. One line:
//
//     quipu::Profiler profiler(emitter);
//
// Nothing runs, and no signal comes, until somebody asks. A CPU profile then sets a timer on each thread's CPU clock,
// which sends SIGPROF while the thread runs; a list of threads sends each thread one SIGPROF. System calls restart
// (SA_RESTART), those that never do, such as epoll_wait, return EINTR as with any signal. Threads that block SIGPROF
// are listed without stacks. A mail daemon that handles SIGPROF itself keeps it, and gets a sentence instead of
// profiles. x86-64 and AArch64 with the GNU C library 2.35 or later.
//
// Topics: "profile", "threads"; "heap" where the allocator samples, see PROTOCOL.md.
//
// Includes std only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "emitter.hpp"

namespace quipu {

struct ProfilerOptions {
    std::chrono::seconds max_duration{600};  // of one CPU profile
    std::uint32_t max_hz = 1000;             // samples a second and thread
};

// One a process is usual. Made after its emitter, destroyed before it; destroying ends what runs.
class Profiler {
public:
    explicit Profiler(Emitter& emitter, const ProfilerOptions& options = {});
    ~Profiler();
    Profiler(const Profiler&) = delete;
    Profiler& operator=(const Profiler&) = delete;

private:
    struct Parts;

    Emitter& emitter_;
    std::shared_ptr<Parts> parts_;
};

}  // namespace quipu
