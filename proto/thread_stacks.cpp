#include "proto/thread_stacks.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proto/limits.hpp"
#include "proto/mappings.hpp"
#include "proto/process_threads.hpp"
#include "proto/profile_signal.hpp"
#include "proto/thread_report.hpp"
#include "proto/unwind_rules.hpp"

namespace quipu {

namespace {

using Clock = std::chrono::steady_clock;

// A thread that does not answer in this time sleeps in the kernel for good, or is not let run.
constexpr std::chrono::milliseconds answer_time{100};
// A thread blocks SIGPROF also while a profile's handler runs on it, but not at each of so many looks, a millisecond
// apart.
constexpr unsigned handler_looks = 50;
// All threads together: then the rest goes without stacks.
constexpr std::chrono::seconds report_time{3};

struct OneThread {
    std::uint32_t tid = 0;
    std::string name;
    ThreadStatus status;
    std::vector<std::uint64_t> stack{};
    bool is_cut = false;
    std::string why_none{};
    std::optional<Clock::time_point> asked{};  // when
};

class Asking {
public:
    Asking(const std::function<bool(unsigned)>& pause, std::uint32_t own_tid) : pause_(pause), own_tid_(own_tid) {}

    // At most StackBatch::size threads. false: nobody wants the report any more.
    bool ask(std::span<OneThread> threads) {
        batch_->clear();
        bool is_any = false;
        for (std::size_t i = 0; i < threads.size(); ++i) {
            threads[i].why_none = why_not(threads[i].tid);
            if (!threads[i].why_none.empty()) continue;
            batch_->ask(i, threads[i].tid);
            is_any = true;
        }
        if (!is_any) return true;
        if (!claim_stack_batch(*batch_)) return refuse(threads, "another report of this process is being made");
        const bool is_wanted = wait(threads);
        release_stack_batch();
        for (std::size_t i = 0; i < threads.size(); ++i) collect(threads[i], i);
        return is_wanted;
    }

private:
    std::string why_not(std::uint32_t tid) const {
        if (!signal_.refusal().empty()) return signal_.refusal();
        if (!can_unwind()) return "stacks need x86-64 or AArch64, and the GNU C library 2.35 or later";
        if (tid == own_tid_) return "it is the one that takes this report";
        if (Clock::now() > end_) return "the threads before it took all the time";
        return {};
    }

    static bool refuse(std::span<OneThread> threads, const char* why) {
        for (OneThread& thread : threads) {
            if (thread.why_none.empty()) thread.why_none = why;
        }
        return true;
    }

    // false: nobody wants the report any more.
    bool wait(std::span<OneThread> threads) const {
        for (unsigned looks = 0;; ++looks) {
            const bool may_let_in = is_profile_running() && looks < handler_looks;
            bool is_done = true;
            for (std::size_t i = 0; i < threads.size(); ++i) {
                OneThread& thread = threads[i];
                if (!thread.why_none.empty() || batch_->is_answered(i)) continue;
                if (!thread.asked) signal(thread);
                const bool is_waited_for = thread.asked ? Clock::now() < *thread.asked + answer_time : may_let_in;
                is_done = is_done && !is_waited_for;
            }
            if (is_done) return true;
            if (!pause_(1)) return false;
        }
    }

    // One that blocks the signal would find it waiting, and may take it for its own.
    static void signal(OneThread& thread) {
        if (blocks_profile_signal(thread.tid)) return;
        if (send_stack_signal(thread.tid)) {
            thread.asked = Clock::now();
        } else {
            thread.why_none = "it has ended";
        }
    }

    void collect(OneThread& thread, std::size_t index) const {
        if (!thread.why_none.empty()) return;
        if (!batch_->is_answered(index)) {
            thread.why_none = thread.asked ? "it did not answer in " + std::to_string(answer_time.count()) + " ms"
                                           : "it blocks SIGPROF";
            return;
        }
        const Stack& stack = batch_->stack(index);
        thread.stack.assign(stack.addresses.begin(), stack.addresses.begin() + stack.depth);
        thread.is_cut = stack.is_cut;
    }

    const std::function<bool(unsigned)>& pause_;
    std::uint32_t own_tid_;
    SignalUse signal_;
    std::unique_ptr<StackBatch> batch_ = std::make_unique<StackBatch>();
    Clock::time_point end_ = Clock::now() + report_time;
};

void add_threads(const std::vector<OneThread>& threads, wire::ThreadReport& report) {
    for (const OneThread& thread : threads) {
        wire::Thread& out = report.threads.emplace_back();
        out.tid = thread.tid;
        out.name = thread.name;
        out.state = thread.status.state;
        out.user_cpu_ns = thread.status.user_cpu_ns;
        out.system_cpu_ns = thread.status.system_cpu_ns;
        out.system_call = thread.status.system_call;
        out.wait_channel = thread.status.wait_channel;
        out.stack = thread.stack;
        out.no_stack_because = thread.why_none;
        out.stack_is_cut = thread.is_cut;
    }
}

// Oldest first; returns how many there were beyond what a report holds.
std::uint32_t copy_tasks(TaskSlots& tasks, std::vector<TaskView>& out) {
    tasks.each([&out](const TaskView& task) { out.push_back(task); });
    std::sort(out.begin(), out.end(), [](const TaskView& a, const TaskView& b) { return a.id < b.id; });
    const std::size_t beyond = out.size() - std::min(out.size(), limits::max_report_tasks);
    out.resize(out.size() - beyond);
    return static_cast<std::uint32_t>(beyond) + tasks.untracked();
}

}  // namespace

std::string take_thread_report(TaskSlots& tasks, const std::function<bool(unsigned milliseconds)>& pause) {
    wire::ThreadReport report;
    report.taken_wall_ns =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
    std::vector<TaskView> task_views;
    report.tasks_left_out = copy_tasks(tasks, task_views);
    std::vector<std::uint32_t> tids = process_threads();
    report.threads_left_out =
        static_cast<std::uint32_t>(tids.size() - std::min(tids.size(), limits::max_report_threads));
    tids.resize(tids.size() - report.threads_left_out);

    // What /proc tells comes first: a thread that is asked for its stack wakes up.
    std::vector<OneThread> threads;
    for (const std::uint32_t tid : tids) threads.push_back({tid, thread_name(tid), thread_status(tid)});
    std::erase_if(threads, [](const OneThread& thread) { return thread.status.state.empty(); });  // it has ended
    Asking asking(pause, static_cast<std::uint32_t>(syscall(SYS_gettid)));
    for (std::size_t at = 0; at < threads.size(); at += StackBatch::size) {
        const std::size_t count = std::min(StackBatch::size, threads.size() - at);
        if (!asking.ask(std::span(threads).subspan(at, count))) return {};
    }

    Mappings mappings;
    mappings.refresh();
    add_threads(threads, report);
    for (const LoadedCode& code : mappings.all()) {
        report.mappings.push_back({code.start, code.limit, code.file_offset, code.filename, code.build_id});
    }
    for (const TaskView& task : task_views) {
        report.tasks.push_back(
            {task.id, task.group, task.name, task.waits_for, task.since_wall_ns, task.begun_wall_ns, task.details}
        );
    }
    std::string body;
    append_body(body, report);
    return body;
}

}  // namespace quipu
