#include "daemon/net/own_answers.hpp"

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "proto/cpu_profile.hpp"
#include "proto/mappings.hpp"
#include "proto/task_slots.hpp"
#include "proto/thread_stacks.hpp"

namespace quipu {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t default_hz = 100;
// How soon a cancellation is noticed.
constexpr std::chrono::milliseconds look_every = 50ms;

Reply failed(wire::Status status, std::string sentence) {
    return {0, Outcome::answered, status, std::move(sentence)};
}

// The page has checked it: a whole number.
std::uint32_t number(const Ask& question, std::string_view name, std::uint32_t fallback) {
    for (const auto& [key, value] : question.args) {
        if (key == name) (void)std::from_chars(value.data(), value.data() + value.size(), fallback);
    }
    return fallback;
}

Reply cpu_profile(const Ask& question, const std::atomic<bool>& is_cancelled) {
    const std::chrono::seconds length(number(question, "seconds", 1));
    CpuProfile profile(number(question, "hz", default_hz));
    if (!profile.refusal().empty()) return failed(wire::Status::failed, profile.refusal());
    const auto end = std::chrono::steady_clock::now() + length;
    const auto step = std::min(look_every, std::chrono::milliseconds(profile.interval_ms()));
    while (std::chrono::steady_clock::now() < end) {
        if (is_cancelled) return failed(wire::Status::cancelled, "nobody waits for the profile any more");
        std::this_thread::sleep_for(step);
        profile.slice();
    }
    return {0, Outcome::answered, wire::Status::ok, profile.finish()};
}

Reply thread_report(const std::atomic<bool>& is_cancelled) {
    const TraceClock clock;
    TaskSlots no_tasks(0, clock);
    std::string report = take_thread_report(no_tasks, [&is_cancelled](unsigned ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
        return !is_cancelled;
    });
    if (report.empty()) return failed(wire::Status::cancelled, "nobody waits for the threads any more");
    return {0, Outcome::answered, wire::Status::ok, std::move(report)};
}

Reply make_answer(const Ask& question, const std::atomic<bool>& is_cancelled) {
    if (question.topic == "profile") return cpu_profile(question, is_cancelled);
    if (question.topic == "threads") return thread_report(is_cancelled);
    return failed(wire::Status::unknown_topic, {});
}

}  // namespace

std::string own_build_id() {
    Mappings mappings;
    mappings.refresh();
    const std::uint32_t own = mappings.find(reinterpret_cast<std::uintptr_t>(&own_build_id));
    return own == Mappings::none ? std::string() : mappings.all()[own].build_id;
}

std::vector<std::string> OwnAnswers::topics() {
    return {"profile", "threads"};
}

std::shared_ptr<Job<Reply>> OwnAnswers::answer(Ask question, std::function<void()> on_done) {
    std::function<Reply(const std::atomic<bool>&)> work = [question = std::move(question)](const auto& is_cancelled) {
        return make_answer(question, is_cancelled);
    };
    return thread_.run<Reply>(std::move(work), std::move(on_done));
}

}  // namespace quipu
