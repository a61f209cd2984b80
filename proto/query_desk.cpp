#include "proto/query_desk.hpp"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "proto/answers.hpp"

namespace quipu {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::chrono::milliseconds until_taken{10};

}  // namespace

struct QueryDesk::State {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Query> next;
    std::shared_ptr<PendingQuery> current;  // the Query itself is its thread's alone
    bool is_busy = false;                   // the thread has not ended yet
    bool is_stopping = false;
    std::thread thread;

    // What is being answered, and what waits, is answered or its asker has gone.
    [[nodiscard]] bool is_free() const {
        const bool is_current_over = !current || !current->answers->is_open(*current);
        return is_current_over && (!next || next->is_cancelled());
    }
};

QueryDesk::QueryDesk(Work work, std::string busy_sentence)
    : work_(std::move(work)), busy_sentence_(std::move(busy_sentence)), state_(new State) {}

QueryDesk::~QueryDesk() {
    stop();
    delete state_;
}

void QueryDesk::take(Query query) {
    State& it = *state_;
    const std::lock_guard lock(it.mutex);
    if (it.is_stopping) return query.finish(AnswerStatus::failed, "the mail daemon is ending");
    if (it.is_busy) {
        if (!it.is_free()) return query.finish(AnswerStatus::busy, busy_sentence_);
        it.next = std::move(query);
        it.changed.notify_all();
        return;
    }
    if (it.thread.joinable()) it.thread.join();  // it has said that it ends
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        it.thread = std::thread([this, &it] { run(it); });
        it.is_busy = true;
        it.next = std::move(query);
    } catch (const std::system_error& error) {
        query.finish(AnswerStatus::failed, std::string("no thread for the answer: ") + error.what());
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void QueryDesk::run(State& it) {
    pthread_setname_np(pthread_self(), "quipu-profiler");
    std::unique_lock lock(it.mutex);
    while (it.next) {
        Query query = std::move(*it.next);
        it.next.reset();
        it.current = query.pending_;
        lock.unlock();
        try {
            work_(*this, query);
        } catch (const std::exception& error) {
            query.finish(AnswerStatus::failed, error.what());
        }
        lock.lock();
        it.current.reset();
    }
    it.is_busy = false;
}

void QueryDesk::stop() {
    State& it = *state_;
    {
        const std::lock_guard lock(it.mutex);
        it.is_stopping = true;
        it.changed.notify_all();
    }
    if (it.thread.joinable()) it.thread.join();
}

bool QueryDesk::pause(const Query& query, std::chrono::milliseconds time) {
    State& it = *state_;
    std::unique_lock lock(it.mutex);
    return !it.changed.wait_for(lock, time, [&] { return it.is_stopping || query.is_cancelled(); });
}

bool QueryDesk::write(Query& query, std::string_view body) {
    while (!body.empty()) {
        const std::string_view piece = body.substr(0, piece_bytes);
        while (!query.write(piece)) {
            if (!pause(query, until_taken)) return false;
        }
        body.remove_prefix(piece.size());
    }
    return true;
}

// What the parent's thread held is lost with it, and so is this state, on purpose: a lock in it may be held.
void QueryDesk::forget_after_fork() {
    state_ = new State;
}

}  // namespace quipu
