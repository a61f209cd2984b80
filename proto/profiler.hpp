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
// An asynchronous mail daemon has few threads and many tasks; it may register these, and they are listed with the
// threads:
//
//     quipu::Task task = profiler.task("SMTP session", "192.0.2.1:4711");
//     task.waits_for("a command");
//
// Topics: "profile", "threads"; "heap" where the allocator takes samples (jemalloc started with MALLOC_CONF=prof:true,
// tcmalloc of gperftools with TCMALLOC_SAMPLE_PARAMETER=524288), and "allocs" where it also keeps totals (jemalloc with
// prof_accum:true).
//
// Includes std only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "emitter.hpp"

namespace quipu {

class TaskSlots;

// One registered task, from when it is made until it is destroyed; belongs to one thread at a time. Telling what it
// waits for takes no lock and no memory. A default-made or moved-from task tells nothing.
class Task {
public:
    Task() = default;

    ~Task() { end(); }

    Task(Task&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), index_(other.index_) {}

    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            end();
            slots_ = std::exchange(other.slots_, nullptr);
            index_ = other.index_;
        }
        return *this;
    }

    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    // From now on: "a command", "the next hop's answer". Empty: it runs. Cut after 96 bytes, details after 128.
    void waits_for(std::string_view what, std::string_view details = {}) noexcept;
    // It waits no longer; the details stay. Cheaper than waits_for({}).
    void runs() noexcept;

private:
    friend class Profiler;

    Task(TaskSlots* slots, std::uint32_t index) : slots_(slots), index_(index) {}

    void end() noexcept;

    TaskSlots* slots_ = nullptr;
    std::uint32_t index_ = 0;
};

struct ProfilerOptions {
    std::chrono::seconds max_duration{600};  // of one CPU profile
    std::uint32_t max_hz = 1000;             // samples a second and thread
    std::uint32_t max_tasks = 65536;         // registered at a time, 500 bytes each when used; the rest is counted only
};

// One a process is usual. Made after its emitter, destroyed before it, and after its tasks; destroying ends what runs.
class Profiler {
public:
    explicit Profiler(Emitter& emitter, const ProfilerOptions& options = {});
    ~Profiler();
    Profiler(const Profiler&) = delete;
    Profiler& operator=(const Profiler&) = delete;

    // Registers a task. group: what tasks of its kind are called, up to 48 bytes; name: which of them, up to 128.
    // Beyond max_tasks it is counted only: quipu/emitter/untrackedTasks.
    [[nodiscard]] Task task(std::string_view group, std::string_view name) noexcept;

private:
    struct Parts;

    Emitter& emitter_;
    Counter untracked_tasks_;
    std::shared_ptr<Parts> parts_;
};

}  // namespace quipu
