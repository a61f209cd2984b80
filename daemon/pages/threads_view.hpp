// A mail daemon's thread report as pages show it: identical stacks grouped, addresses named. Made on the worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/pages/page.hpp"
#include "daemon/profile/profile.hpp"
#include "proto/thread_report.hpp"

namespace quipu {

struct ThreadFrame {
    std::uint64_t address = 0;
    std::string name;
    std::string file;  // empty: not known
    std::int64_t line = 0;
};

struct ThreadRow {
    std::uint32_t tid = 0;
    std::string name;
    std::string state;  // a word: "running", "sleeping"
    std::string waits;  // "epoll_wait", with where in the kernel; empty: not known
    std::uint64_t cpu_ns = 0;
    std::uint64_t user_cpu_ns = 0;
    std::uint64_t system_cpu_ns = 0;
};

struct ThreadGroup {
    std::vector<ThreadRow> threads;  // those with most CPU time first
    std::vector<ThreadFrame> stack;  // innermost first
    std::string no_stack_because;
    bool is_cut = false;
};

struct TaskRow {
    std::uint64_t id = 0;
    std::string name;
    std::int64_t since_wall_ns = 0;  // 0: not known; as the next
    std::int64_t begun_wall_ns = 0;
    std::string details;
};

// Tasks of one kind that wait for the same.
struct TaskGroup {
    std::string group;
    std::string waits_for;       // empty: they run
    std::vector<TaskRow> tasks;  // those that wait longest first
};

struct ThreadsView {
    std::vector<ThreadGroup> threads;  // the largest groups first
    std::vector<TaskGroup> tasks;
    std::size_t thread_count = 0;
    std::size_t task_count = 0;
    bool are_goroutines =
        false;  // of a Go program: the threads are its goroutines, which have no names and no CPU time
    std::int64_t taken_wall_ns = 0;
    std::vector<std::string> notes;  // what is left out, and why: a sentence each
};

struct NamedThreads {
    ThreadsView view;
    ProfileData profile;  // sample i is thread i of the report, tasks follow
};

// Nothing: the body is no thread report.
std::optional<NamedThreads> named_threads(std::string_view body, std::int32_t pid, const JobTools& tools);

std::string_view thread_state_word(std::string_view letter);

}  // namespace quipu
