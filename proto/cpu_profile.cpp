#include "proto/cpu_profile.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "proto/limits.hpp"
#include "proto/pprof.hpp"
#include "proto/process_threads.hpp"
#include "proto/unwind_rules.hpp"

namespace quipu {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
// Timers are a resource that the kernel counts per user (RLIMIT_SIGPENDING).
constexpr std::size_t max_timers = 4096;

std::uint64_t now_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * second_ns + static_cast<std::uint64_t>(now.tv_nsec);
}

// The kernel's number for a thread's CPU clock; pthread_getcpuclockid knows it by pthread_t only.
clockid_t cpu_clock_of(std::uint32_t tid) {
    constexpr unsigned per_thread_sched = 6;
    return static_cast<clockid_t>(~tid << 3U | per_thread_sched);
}

std::string words(const char* format, auto... args) {
    char text[256];
    std::snprintf(text, sizeof text, format, args...);
    return text;
}

}  // namespace

CpuProfile::CpuProfile(std::uint32_t hz) : hz_(hz), own_tid_(static_cast<std::uint32_t>(syscall(SYS_gettid))) {
    refusal_ = signal_.refusal();
    if (!can_unwind()) refusal_ = "CPU profiles need x86-64 or AArch64, and the GNU C library 2.35 or later";
    // Two profilers in one process.
    if (refusal_.empty() && !claim_sample_ring(ring_)) refusal_ = "another CPU profile of this process is running";
    if (!refusal_.empty()) return;
    is_running_ = true;
    mappings_.refresh();
    begin_wall_ns_ = now_ns(CLOCK_REALTIME);
    begin_steady_ns_ = now_ns(CLOCK_MONOTONIC);
    begin_cpu_ns_ = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    watch_threads();
    if (timers_.empty() && !refused_.empty()) {
        stop();
        refusal_ = "the kernel gives no timers: look at the limit of pending signals (ulimit -i)";
    }
}

CpuProfile::~CpuProfile() {
    stop();
}

void CpuProfile::stop() {
    if (!is_running_) return;
    is_running_ = false;
    for (auto& [tid, timer] : timers_) timer_delete(timer.timer);
    release_sample_ring();
}

std::uint32_t CpuProfile::interval_ms() const {
    return hz_ <= 100 ? 100 : 20;
}

void CpuProfile::slice() {
    watch_threads();
    drain();
}

// A thread that is gone leaves a timer that never fires; its number may have come back as another thread's.
bool CpuProfile::is_alive(const ThreadTimer& timer) const {
    itimerspec left{};
    if (timer_gettime(timer.timer, &left) != 0) return false;
    return left.it_value.tv_sec != 0 || left.it_value.tv_nsec != 0;
}

void CpuProfile::watch_threads() {
    const std::vector<std::uint32_t> list = process_threads();
    const std::set<std::uint32_t> present(list.begin(), list.end());
    std::erase_if(timers_, [&](const auto& known) {
        const auto& [tid, timer] = known;
        const bool is_gone = !present.contains(tid) || !is_alive(timer);
        if (is_gone) timer_delete(timer.timer);
        return is_gone;
    });
    for (const std::uint32_t tid : list) {
        if (tid == own_tid_ || timers_.contains(tid)) continue;
        // A signal for it would wait until the profile is over. Our own threads are such, and nobody misses them.
        if (blocks_profile_signal(tid)) {
            if (!thread_name(tid).starts_with("quipu-")) blocked_.insert(tid);
            continue;
        }
        blocked_.erase(tid);
        ThreadTimer timer;
        if (timers_.size() >= max_timers || !set_timer(tid, timer)) {
            refused_.insert(tid);
            continue;
        }
        timer.name = thread_name(tid);
        timers_.emplace(tid, std::move(timer));
    }
}

bool CpuProfile::set_timer(std::uint32_t tid, ThreadTimer& out) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event.sigev_value.sival_ptr = sample_cookie();
    event._sigev_un._tid = static_cast<pid_t>(tid);  // glibc has no public name for it yet
    if (timer_create(cpu_clock_of(tid), &event, &out.timer) != 0) return false;
    itimerspec when{};
    when.it_interval.tv_sec = hz_ == 1 ? 1 : 0;
    when.it_interval.tv_nsec = hz_ == 1 ? 0 : static_cast<long>(second_ns / hz_);
    when.it_value = when.it_interval;
    if (timer_settime(out.timer, 0, &when, nullptr) == 0) return true;
    timer_delete(out.timer);
    return false;
}

void CpuProfile::drain() {
    mappings_.refresh();
    std::vector<StackTable::Location> frames;
    ring_.drain([&](const Sample& sample) {
        frames.clear();
        for (std::uint32_t i = 0; i < sample.stack.depth; ++i) {
            const std::uint64_t address = sample.stack.addresses[i];
            frames.push_back({mappings_.find(address), address});
        }
        cut_stacks_ += sample.stack.is_cut ? sample.count : 0;
        const auto timer = timers_.find(sample.tid);
        const std::string_view name = timer == timers_.end() ? std::string_view() : timer->second.name;
        table_.add(name, frames, sample.count);
    });
}

std::string CpuProfile::finish() {
    watch_threads();
    stop();
    drain();
    const std::uint64_t cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu_ns_;
    Profile profile = cpu_profile_of(table_, second_ns / hz_, ring_.lost());
    profile.begin_wall_ns = begin_wall_ns_;
    profile.duration_ns = now_ns(CLOCK_MONOTONIC) - begin_steady_ns_;
    std::vector<std::string>& comments = profile.comments;
    comments.push_back(words("quipu: %u samples per second of CPU time", hz_));
    comments.push_back(words("the process used %.3f s of CPU time meanwhile", static_cast<double>(cpu_ns) / 1e9));
    if (cut_stacks_ > 0) {
        comments.push_back(words(
            "%llu samples were deeper than %zu frames",
            static_cast<unsigned long long>(cut_stacks_),
            limits::max_stack_depth
        ));
    }
    if (!refused_.empty()) comments.push_back("some threads are missing: the kernel gave no timer for them");
    if (!blocked_.empty()) {
        comments.push_back(words("threads that block SIGPROF and are missing: %zu", blocked_.size()));
    }
    if (table_.others() > 0) comments.push_back("there were more stacks than a profile holds");
    if (ring_.lost() > 0) comments.push_back("some samples were lost: they came faster than they were taken");
    return write_profile(profile, mappings_.all());
}

}  // namespace quipu
