#include "proto/courier.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <utility>

#include "proto/fork_guard.hpp"
#include "proto/limits.hpp"
#include "proto/masking.hpp"
#include "proto/thread_sanitizer.hpp"

namespace quipu {

namespace {

#if defined(QUIPU_THREAD_SANITIZED)
constexpr bool may_leave_file_table = false;
#else
constexpr bool may_leave_file_table = true;
#endif

using std::chrono::milliseconds;

constexpr milliseconds default_interval{100};
constexpr milliseconds goodbye_time{250};
constexpr std::chrono::seconds process_interval{1};
constexpr std::size_t usual_push_bytes = 64 * 1024;

std::uint64_t wall_ns(std::chrono::system_clock::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch() / std::chrono::nanoseconds(1));
}

std::vector<std::string> own_cmdline() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> args;
    for (std::string arg; std::getline(file, arg, '\0');) args.push_back(std::move(arg));
    return args;
}

std::string own_hostname() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

wire::Process own_process() {
    const struct mallinfo2 info = mallinfo2();
    wire::Process process;
    process.heap_in_use_bytes = info.uordblks + info.hblkhd;
    process.heap_idle_bytes = info.fordblks;
    process.heap_system_bytes = info.arena + info.hblkhd;
    return process;
}

}  // namespace

Courier::Courier(Outbox& outbox, EmitterOptions options)
    : outbox_(outbox),
      options_(std::move(options)),
      secrets_{options_.secret_names, options_.secret_values},
      back_off_(first_back_off) {
    out_.reserve(usual_push_bytes);  // see Outbox's constructor
    describe_identity();
    renew_identity();
    if (const auto& other = options_.on_behalf_of) {
        std::memcpy(identity_.instance.data(), other->instance.data(), identity_.instance.size());
        identity_.pid = other->pid;
        identity_.start_wall_ns = wall_ns(other->started);
    }
    outbox_.on_first_use_after_fork = [this] { start(); };
    outbox_.set_answer_wake([this] { flush(); });
    if (options_.makes_own_calls || options_.runs_in_event_loop) {
        calls_.emplace();
        outbox_.set_defer_query([this](Query query) { calls_->put(std::move(query)); });
    }
    if (options_.runs_in_event_loop) {
        loop_.emplace();
        watch_all();
    }
    guard(*this);
    start();
}

Courier::~Courier() {
    unguard(*this);
    stop();
    outbox_.set_answer_wake({});
    if (fd_ >= 0) ::close(fd_);
}

void Courier::describe_identity() {
    const auto& other = options_.on_behalf_of;
    identity_.hostname = other ? other->hostname : own_hostname();
    const bool is_own_cmdline = options_.cmdline.empty() && !other;
    identity_.cmdline = masked_cmdline(is_own_cmdline ? own_cmdline() : options_.cmdline, secrets_);
    identity_.flags = masked_flags(options_.flags, secrets_);
    identity_.is_companion = options_.is_companion;
}

void Courier::renew_identity() noexcept {
    std::size_t have = 0;
    while (have < identity_.instance.size()) {
        const ssize_t got = getrandom(identity_.instance.data() + have, identity_.instance.size() - have, 0);
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    identity_.pid = static_cast<std::uint32_t>(getpid());
    identity_.start_wall_ns = wall_now_ns();
    std::uint32_t seed = 0;
    std::memcpy(&seed, identity_.instance.data(), sizeof seed);
    random_.seed(seed);
}

void Courier::start() {
    const std::lock_guard lock(lifecycle_);
    if (is_running_) return;
    is_stopping_ = false;
    if (loop_) {
        is_running_ = true;
        loop_->set_timer(Clock::now());
        return;
    }
    // The mail daemon's signals are not ours: the new thread inherits a mask that blocks all of them.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_running_ = pthread_create(&thread_, nullptr, thread_main, this) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void* Courier::thread_main(void* self) {
    pthread_setname_np(pthread_self(), "quipu-courier");
    static_cast<Courier*>(self)->run();
    return nullptr;
}

void Courier::stop(std::string_view reason) noexcept {
    {
        const std::lock_guard lock(lifecycle_);
        if (!is_running_) return;
        is_running_ = false;
        farewell_ = reason.substr(0, limits::max_reason_bytes);
        is_stopping_ = true;
    }
    if (loop_) {
        is_goodbye_due_ = is_working_here();  // what tend() has called ends us: it will see to that
        if (is_goodbye_due_) return;
        begin_work();
        say_goodbye();
        loop_->set_timer(Clock::time_point::max());
        end_work();
        return;
    }
    flush();
    pthread_join(thread_, nullptr);
}

bool Courier::flush() noexcept {
    wants_flush_.store(true, std::memory_order_relaxed);
    return wake_.signal() && is_connected();
}

milliseconds Courier::interval() const {
    if (options_.flush_interval.count() > 0) return options_.flush_interval;
    const std::uint32_t theirs = outbox_.flush_interval_ms();
    return theirs > 0 ? milliseconds(theirs) : default_interval;
}

// A file table that two threads share makes the kernel count every use of it, which a mail daemon of one thread has for
// nothing otherwise. So the courier leaves it, where nothing of the mail daemon's runs on this thread, and closes what
// it took along: a socket that the mail daemon closes must be closed. Where the kernel cannot (before Linux 5.9, or a
// sandbox forbids it) all stays shared.
void Courier::keep_own_descriptors() {
    has_own_descriptors_ = false;
    if (!may_leave_file_table || !calls_ || calls_->fd() < 0 || wake_.fd() < 0 || options_.on_push) return;
    const auto low = static_cast<unsigned>(std::min(wake_.fd(), calls_->fd()));
    const auto high = static_cast<unsigned>(std::max(wake_.fd(), calls_->fd()));
    if (::close_range(high + 1, ~0U, CLOSE_RANGE_UNSHARE) != 0) return;
    has_own_descriptors_ = true;
    if (low + 1 < high) ::close_range(low + 1, high - 1, 0);
    if (low > 0) ::close_range(0, low - 1, 0);
    // What writes to stderr without asking must not write to quipud.
    for (unsigned fd = 0; fd < 3 && fd < low; ++fd) {
        if (::open("/dev/null", O_RDWR) < 0) return;
    }
}

void Courier::begin_work() {
    working_.lock();
    worker_ = pthread_self();
}

void Courier::end_work() {
    worker_ = pthread_t{};
    working_.unlock();
}

void Courier::run() {
    keep_own_descriptors();
    begin_work();
    while (!is_stopping_) {
        const Clock::time_point until = turn();
        end_work();
        const bool has_input = wait(until);
        begin_work();
        if (has_input) read_in();
    }
    say_goodbye();
    end_work();
}

// What is due now. Until when there is nothing to do, unless the socket or a wake-up says otherwise.
Courier::Clock::time_point Courier::turn() {
    if (fd_ < 0 && Clock::now() >= next_try_) connect();
    if (fd_ >= 0 && outbox_.is_welcome()) {
        push_if_due();
    } else {
        outbox_.make_room();
        next_push_ = Clock::now() + interval();
    }
    write_out();
    // quipud is slow: it is for the socket to say when there is room again.
    if (written_ < out_.size()) return Clock::now() + interval();
    const bool is_talking = fd_ >= 0 && outbox_.is_welcome();
    return is_talking && (has_more_ || wants_flush_) ? Clock::now() : next_push_;
}

// --- In an event loop of the mail daemon's ---------------------------------------------------------------------------

// Where no descriptors are left there will be a thread.
void Courier::watch_all() noexcept {
    if (loop_ && !(loop_->add(wake_.fd()) && loop_->add(calls_->fd()))) loop_.reset();
}

// As run(), once round.
void Courier::tend() {
    begin_work();
    const bool has_input = wait(Clock::now());
    Clock::time_point until = Clock::time_point::max();
    if (is_running_) {
        try {
            if (has_input) read_in();
            until = std::min(due(turn()), Clock::now() + longest_back_off);
        } catch (const std::exception& failure) {
            // No memory, or on_push has thrown. A push may be torn: the next connection says everything again.
            disconnect(failure.what());
            until = next_try_;
        }
    }
    // What on_push did may have been to end the emitter, or to fork.
    if (std::exchange(is_goodbye_due_, false)) say_goodbye();
    if (!is_running_) until = Clock::time_point::max();
    if (loop_ && fd_ >= 0) loop_->watch(fd_, written_ < out_.size());
    if (loop_) loop_->set_timer(until);
    end_work();
}

// --- Pushes ----------------------------------------------------------------------------------------------------------

void Courier::push_if_due() {
    if (!is_connected_) {
        is_connected_ = true;
        back_off_ = first_back_off;
    }
    if (written_ < out_.size()) return;  // quipud is slow: what changes meanwhile goes into the next push
    const bool is_wanted = wants_flush_.exchange(false, std::memory_order_relaxed);
    const Clock::time_point now = Clock::now();
    if (!is_wanted && !has_more_ && now < next_push_) return;
    has_more_ = push();
    if (now >= next_process_ && !options_.on_behalf_of) {
        outbox_.push_process(own_process(), out_);
        next_process_ = now + process_interval;
    }
    next_push_ = now + interval();
}

// Into out_, which has been sent. true: more waits.
bool Courier::push() {
    out_.clear();
    written_ = 0;
    tell(PushStage::begins);
    const bool has_more = outbox_.push(out_);
    tell(PushStage::gathered);
    is_sending_ = true;
    return has_more;
}

void Courier::tell(PushStage stage) const {
    if (options_.on_push) options_.on_push(stage);
}

void Courier::say_goodbye() {
    const Clock::time_point deadline = Clock::now() + goodbye_time;
    // Then everything is said without having been asked in: a service manager may hold the socket while quipud
    // restarts, and what lies in it is read by the next one.
    const Clock::time_point unasked = deadline - goodbye_time / 4;
    int tries = 2;  // one more, where quipud goes at this very moment
    bool has_put_counts = false;
    bool has_said_bye = false;
    while (!outbox_.is_acknowledged() && Clock::now() < deadline) {
        if (fd_ < 0) {
            if (tries-- == 0) break;
            has_put_counts = has_said_bye = false;
            connect();
            continue;
        }
        const bool may_speak = outbox_.is_welcome() || Clock::now() >= unasked;
        if (may_speak && !has_put_counts) {
            // A slow quipud takes in this time what it can: then rather the counts than the trace events before them.
            tell(PushStage::begins);
            outbox_.push_counts_first(out_, written_);
            tell(PushStage::gathered);
            is_sending_ = has_put_counts = true;
        }
        if (may_speak && written_ == out_.size() && !has_said_bye) {
            if (!push()) {
                wire::append_frame_of(out_, wire::Bye{farewell_});
                has_said_bye = true;
            }
        }
        write_out();
        const bool has_more_to_say = may_speak && written_ == out_.size() && !has_said_bye;
        if (wait(has_more_to_say ? Clock::now() : may_speak ? deadline : unasked)) read_in();
    }
    close_socket();
    is_connected_ = false;
}

void Courier::make_calls() {
    if (loop_ && !is_working_here()) tend();
    if (!calls_) return;
    Calls::Waiting waiting = calls_->take();
    for (const std::string& line : waiting.lines) log(line);
    for (Query& query : waiting.queries) outbox_.answer(std::move(query));
}

// --- fork ------------------------------------------------------------------------------------------------------------

void Courier::before_fork() {
    lifecycle_.lock();
    is_locked_for_fork_ = !is_working_here();  // else a handler forks, and the lock is ours
    if (is_locked_for_fork_) working_.lock();
    if (calls_) calls_->lock_for_fork();
    outbox_.lock_for_fork();
}

void Courier::after_fork_in_parent() {
    outbox_.unlock_after_fork();
    if (calls_) calls_->unlock_after_fork();
    if (is_locked_for_fork_) working_.unlock();
    lifecycle_.unlock();
}

// The child has no courier thread until it first counts something; the parent's connection is not its own.
void Courier::after_fork_in_child() noexcept {
    outbox_.reset_after_fork();
    outbox_.unlock_after_fork();
    if (calls_) {
        calls_->reset_after_fork();
        calls_->unlock_after_fork();
    }
    if (is_locked_for_fork_) working_.unlock();
    if (fd_ >= 0 && !has_own_descriptors_) ::close(fd_);
    has_own_descriptors_ = false;
    fd_ = -1;
    wake_.renew();
    if (loop_) loop_->renew();
    watch_all();
    is_running_ = false;
    is_connected_ = false;
    is_sending_ = false;
    next_try_ = {};
    back_off_ = first_back_off;
    out_.clear();
    written_ = 0;
    renew_identity();
    lifecycle_.unlock();
}

}  // namespace quipu
