#include "proto/profile_signal.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

namespace quipu {

namespace {

// What a signal handler works with can only be global. Never destroyed: a signal may come late.
struct Shared {
    std::mutex mutex;  // users, before; never taken by the handler
    unsigned users = 0;

    struct sigaction before {};

    std::atomic<SampleRing*> ring{nullptr};
    std::atomic<StackBatch*> batch{nullptr};
    std::atomic<unsigned> in_handler{0};
};

Shared& shared() {
    static auto* const instance = new Shared;
    return *instance;
}

// The handler must not run a static's initialization.
std::atomic<Shared*> for_handler{nullptr};

std::uint32_t own_tid() {
    return static_cast<std::uint32_t>(syscall(SYS_gettid));
}

void on_signal(int /*number*/, siginfo_t* info, void* context) {
    const int kept_errno = errno;
    if (Shared* const it = for_handler.load(std::memory_order_acquire)) {
        it->in_handler.fetch_add(1, std::memory_order_seq_cst);
        const bool is_tick = info->si_code == SI_TIMER && info->si_value.sival_ptr == sample_cookie();
        SampleRing* const ring = is_tick ? it->ring.load(std::memory_order_seq_cst) : nullptr;
        if (ring != nullptr) {
            const auto ticks = 1U + static_cast<unsigned>(std::max(info->si_overrun, 0));
            ring->push(ticks, [context](Sample& sample) {
                sample.tid = own_tid();
                unwind(context, sample.stack);
            });
        }
        // Also on a tick: a signal that is pending already swallows a second of its kind.
        if (StackBatch* const batch = it->batch.load(std::memory_order_seq_cst)) batch->answer(own_tid(), context);
        it->in_handler.fetch_sub(1, std::memory_order_seq_cst);
    }
    errno = kept_errno;
}

void wait_for_handlers() {
    // A handler takes microseconds; one that was preempted in the middle takes as long as the scheduler wants.
    const timespec pause{0, 100'000};
    while (shared().in_handler.load(std::memory_order_seq_cst) != 0) nanosleep(&pause, nullptr);
}

bool is_handled(const struct sigaction& action) {
    if ((action.sa_flags & SA_SIGINFO) != 0) return true;
    return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

// A signal that is still pending would kill the process under SIG_DFL: SIG_IGN throws away what is pending, in all
// threads.
void put_back(const struct sigaction& before) {
    struct sigaction ignore {};

    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPROF, &ignore, nullptr);
    sigaction(SIGPROF, &before, nullptr);
}

}  // namespace

void StackBatch::clear() {
    for (Entry& entry : entries_) entry.state.store(unused, std::memory_order_relaxed);
}

void StackBatch::ask(std::size_t index, std::uint32_t tid) {
    entries_[index].tid = tid;
    entries_[index].state.store(wanted, std::memory_order_release);
}

bool StackBatch::is_answered(std::size_t index) const {
    return entries_[index].state.load(std::memory_order_acquire) == done;
}

void StackBatch::answer(std::uint32_t tid, const void* context) noexcept {
    for (Entry& entry : entries_) {
        std::uint32_t state = entry.state.load(std::memory_order_acquire);
        if (state != wanted || entry.tid != tid) continue;
        if (!entry.state.compare_exchange_strong(state, writing, std::memory_order_acquire)) return;
        unwind(context, entry.stack);
        entry.state.store(done, std::memory_order_release);
        return;
    }
}

SignalUse::SignalUse() {
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    if (it.users == 0) {
        struct sigaction ours {};

        ours.sa_sigaction = on_signal;
        ours.sa_flags = SA_SIGINFO | SA_RESTART;
        // No other handler runs inside ours, except those that tell of a crash.
        sigfillset(&ours.sa_mask);
        for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) sigdelset(&ours.sa_mask, fault);
        for_handler.store(&it, std::memory_order_release);
        if (sigaction(SIGPROF, nullptr, &it.before) != 0 || is_handled(it.before)) {
            refusal_ = "the mail daemon handles SIGPROF itself, which the profiler needs: take that handler out";
            return;
        }
        sigaction(SIGPROF, &ours, nullptr);
    }
    ++it.users;
}

SignalUse::~SignalUse() {
    if (!refusal_.empty()) return;
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    if (--it.users > 0) return;

    struct sigaction now {};

    // Whoever replaced our handler meanwhile keeps theirs.
    const bool is_ours = sigaction(SIGPROF, nullptr, &now) == 0 && now.sa_sigaction == on_signal;
    if (is_ours) put_back(it.before);
}

bool claim_sample_ring(SampleRing& ring) {
    SampleRing* expected = nullptr;
    return shared().ring.compare_exchange_strong(expected, &ring, std::memory_order_seq_cst);
}

void release_sample_ring() {
    shared().ring.store(nullptr, std::memory_order_seq_cst);
    wait_for_handlers();
}

bool is_profile_running() {
    return shared().ring.load(std::memory_order_relaxed) != nullptr;
}

bool claim_stack_batch(StackBatch& batch) {
    StackBatch* expected = nullptr;
    return shared().batch.compare_exchange_strong(expected, &batch, std::memory_order_seq_cst);
}

void release_stack_batch() {
    shared().batch.store(nullptr, std::memory_order_seq_cst);
    wait_for_handlers();
}

void* sample_cookie() {
    return &for_handler;
}

bool send_stack_signal(std::uint32_t tid) {
    return syscall(SYS_tgkill, getpid(), tid, SIGPROF) == 0;
}

void forget_signal_after_fork() noexcept {
    Shared* const old = for_handler.load(std::memory_order_acquire);
    if (old == nullptr) return;
    const struct sigaction before = old->before;
    new (old) Shared;  // its mutex may have been held by a thread that is not here

    struct sigaction now {};

    const bool is_ours =
        sigaction(SIGPROF, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_signal;
    if (is_ours) put_back(before);
}

}  // namespace quipu
