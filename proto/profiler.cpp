#include "proto/profiler.hpp"

#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proto/cpu_profile.hpp"
#include "proto/heap_profile.hpp"
#include "proto/outbox.hpp"
#include "proto/query_desk.hpp"
#include "proto/task_slots.hpp"
#include "proto/thread_stacks.hpp"

namespace quipu {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr double default_seconds = 30;
constexpr std::uint32_t default_hz = 100;

// false: not a number. An absent argument leaves value as it is.
template <typename Number>
bool read_number(std::string_view text, Number& value) {
    if (text.empty()) return true;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

std::string bad_value(std::string_view what, std::string_view text) {
    constexpr std::size_t max_quoted = 40;
    return std::string(what) + ", not \"" + std::string(text.substr(0, max_quoted)) + '"';
}

void answer_profile(const ProfilerOptions& options, QueryDesk& desk, Query& query) {
    double seconds = default_seconds;
    std::uint32_t hz = default_hz;
    const auto max_seconds = static_cast<double>(options.max_duration.count());
    if (!read_number(query.arg("seconds"), seconds) || !std::isfinite(seconds) || seconds <= 0 ||
        seconds > max_seconds) {
        const std::string what =
            "seconds must be a number above 0 and up to " + std::to_string(options.max_duration.count());
        return query.finish(AnswerStatus::bad_argument, bad_value(what, query.arg("seconds")));
    }
    if (!read_number(query.arg("hz"), hz) || hz == 0 || hz > options.max_hz) {
        const std::string what = "hz must be a whole number from 1 to " + std::to_string(options.max_hz);
        return query.finish(AnswerStatus::bad_argument, bad_value(what, query.arg("hz")));
    }
    const auto duration = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    if (query.time_limit().count() > 0 && duration >= query.time_limit()) {
        return query.finish(AnswerStatus::bad_argument, "a profile of that length does not end before the deadline");
    }
    CpuProfile profile(hz);
    if (!profile.refusal().empty()) return query.finish(AnswerStatus::failed, profile.refusal());
    const Clock::time_point end = Clock::now() + duration;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) break;
        if (!desk.pause(query, std::min(left, milliseconds(profile.interval_ms())))) {
            return query.finish(AnswerStatus::cancelled, "nobody waits for the profile any more");
        }
        profile.slice();
    }
    if (desk.write(query, profile.finish())) query.finish();
}

void answer_threads(TaskSlots& tasks, QueryDesk& desk, Query& query) {
    const auto pause = [&](unsigned ms) { return desk.pause(query, milliseconds(ms)); };
    const std::string report = take_thread_report(tasks, pause);
    if (report.empty()) return query.finish(AnswerStatus::cancelled, "nobody waits for the threads any more");
    if (desk.write(query, report)) query.finish();
}

void answer_heap(HeapTopic topic, QueryDesk& desk, Query& query) {
    std::string text;
    if (!take_heap_profile(topic, text)) return query.finish(AnswerStatus::failed, text);
    if (desk.write(query, text)) query.finish();
}

constexpr const char* topics[] = {"profile", "threads", "heap", "allocs"};

}  // namespace

// What the handlers hold: it outlives the Profiler where one is being called.
struct Profiler::Parts {
    Parts(const ProfilerOptions& options, const TraceClock& clock)
        : tasks(options.max_tasks, clock),
          profile(
              [options](QueryDesk& desk, Query& query) { answer_profile(options, desk, query); },
              "a CPU profile of this mail daemon is running already: one runs at a time"
          ),
          threads(
              [this](QueryDesk& desk, Query& query) { answer_threads(tasks, desk, query); },
              "the threads of this mail daemon are being listed already: ask again in a moment"
          ),
          heap(
              [](QueryDesk& desk, Query& query) {
                  answer_heap(query.topic() == "allocs" ? HeapTopic::allocated : HeapTopic::in_use, desk, query);
              },
              "a heap profile of this mail daemon is being taken already: ask again in a moment"
          ) {}

    TaskSlots tasks;
    QueryDesk profile;
    QueryDesk threads;
    QueryDesk heap;

    QueryDesk& desk_of(std::string_view topic) {
        if (topic == "profile") return profile;
        return topic == "threads" ? threads : heap;
    }

    static bool offers(std::string_view topic) {
        if (topic == "heap") return can_profile_heap(HeapTopic::in_use);
        return topic != "allocs" || can_profile_heap(HeapTopic::allocated);
    }

    void stop() {
        for (QueryDesk* desk : {&profile, &threads, &heap}) desk->stop();
    }

    void forget_after_fork() {
        for (QueryDesk* desk : {&profile, &threads, &heap}) desk->forget_after_fork();
    }

    // --- all of this process, for fork ---

    struct All {
        std::mutex mutex;
        std::vector<Parts*> parts;
    };

    // Never destroyed: forks may come after static destructors.
    static All& all() {
        static auto* const instance = new All;
        return *instance;
    }

    static void guard(Parts& parts) {
        static const bool is_registered = [] {
            pthread_atfork(
                [] { all().mutex.lock(); },
                [] { all().mutex.unlock(); },
                [] {
                    for (Parts* each : all().parts) each->forget_after_fork();
                    forget_signal_after_fork();
                    all().mutex.unlock();
                }
            );
            return true;
        }();
        static_cast<void>(is_registered);
        const std::lock_guard lock(all().mutex);
        all().parts.push_back(&parts);
    }

    static void unguard(Parts& parts) {
        const std::lock_guard lock(all().mutex);
        std::erase(all().parts, &parts);
    }
};

Profiler::Profiler(Emitter& emitter, const ProfilerOptions& options)
    : emitter_(emitter), parts_(std::make_shared<Parts>(options, emitter.outbox_->clock())) {
    Parts::guard(*parts_);
    for (const char* topic : topics) {
        if (!Parts::offers(topic)) continue;
        emitter_.on_query_anyhow(topic, [parts = parts_](Query query) {
            QueryDesk& desk = parts->desk_of(query.topic());
            desk.take(std::move(query));
        });
    }
    untracked_tasks_ =
        emitter_.counter("quipu/emitter/untrackedTasks", "tasks not listed because too many were under way");
}

Profiler::~Profiler() {
    for (const char* topic : topics) emitter_.on_query(topic, {});
    Parts::unguard(*parts_);
    parts_->stop();
}

[[gnu::hot]] Task Profiler::task(std::string_view group, std::string_view name) noexcept {
    const std::uint32_t index = parts_->tasks.begin(group, name);
    if (index == TaskSlots::none) untracked_tasks_.add();
    return Task(&parts_->tasks, index);
}

[[gnu::hot]] void Task::waits_for(std::string_view what, std::string_view details) noexcept {
    if (slots_ != nullptr) slots_->wait(index_, what, details);
}

[[gnu::hot]] void Task::runs() noexcept {
    if (slots_ != nullptr) slots_->run(index_);
}

[[gnu::hot]] void Task::end() noexcept {
    if (TaskSlots* const slots = std::exchange(slots_, nullptr)) slots->end(index_);
}

}  // namespace quipu
