// /debug/pprof/profile and the other profiles that a daemon hands out as bytes: heap, allocs, threadcreate, block,
// mutex, trace. Symbols are put in on the way.
#include <array>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/pprof_names.hpp"
#include "daemon/pages/profile_ask.hpp"
#include "daemon/pages/profile_body.hpp"

namespace quipu {

namespace {

constexpr std::uint32_t max_hz = 1000;
constexpr std::int64_t answer_ns = 30'000'000'000;

std::string name_of(const Request& request) {
    return request.path.substr(request.path.rfind('/') + 1);
}

}  // namespace

PageResult pprof_cpu_page(const State& state, const Request& request, Now now) {
    constexpr std::array<std::string_view, 4> known = {"seconds", "hz", "debug", "of"};
    if (auto wrong = wrong_parameters(request, known)) return std::move(*wrong);
    const auto seconds = seconds_parameter(state, request, default_profile_seconds);
    if (const auto* wrong = std::get_if<Response>(&seconds)) return *wrong;
    const auto hz = whole_parameter(request, "hz", 1, max_hz, 0);
    if (const auto* wrong = std::get_if<Response>(&hz)) return *wrong;
    const auto debug = whole_parameter(request, "debug", 0, 1, 0);
    if (const auto* wrong = std::get_if<Response>(&debug)) return *wrong;
    const auto chosen = choose_daemon(state, request, IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return *wrong;
    const auto& choice = std::get<DaemonChoice>(chosen);
    if (auto wrong = not_offered(state, choice, "profile", "CPU profile")) return std::move(*wrong);
    if (auto busy = busy_profiling(state, choice, now)) return std::move(*busy);
    const bool is_text = std::get<0>(debug) == 1;
    return ask_daemon(
        choice,
        cpu_ask(std::get<0>(seconds), std::get<0>(hz)),
        [pid = choice.facts(state).pid, is_text](const State&, const Request&, Now, std::string body) -> Finished {
            return profile_job(std::move(body), pid, "profile", is_text);
        }
    );
}

PageResult pprof_other_page(const State& state, const Request& request, Now /*now*/) {
    constexpr std::array<std::string_view, 4> known = {"seconds", "debug", "gc", "of"};
    if (auto wrong = wrong_parameters(request, known)) return std::move(*wrong);
    const auto seconds = seconds_parameter(state, request, 1);
    if (const auto* wrong = std::get_if<Response>(&seconds)) return *wrong;
    const auto debug = whole_parameter(request, "debug", 0, 2, 0);
    if (const auto* wrong = std::get_if<Response>(&debug)) return *wrong;
    const auto gc = whole_parameter(request, "gc", 0, 1, 0);
    if (const auto* wrong = std::get_if<Response>(&gc)) return *wrong;
    const auto chosen = choose_daemon(state, request, IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return *wrong;
    const auto& choice = std::get<DaemonChoice>(chosen);
    const std::string name = name_of(request);
    const ProfileKind* kind = find_profile_kind(name);
    if (!kind) return error_response(404, "There is no such profile; /debug/pprof/ lists them.");
    if (auto wrong = not_offered(state, choice, kind->topic, kind->what)) return std::move(*wrong);
    Ask ask;
    ask.topic = kind->topic;
    ask.deadline_ns = answer_ns;
    // What the daemon makes of them is its own affair; it refuses what it does not know.
    for (const auto& [key, value] : request.parameters) {
        if (key != "of") ask.args.emplace_back(key, value);
    }
    if (request.parameter("seconds")) ask.deadline_ns += std::int64_t{std::get<0>(seconds)} * 1'000'000'000;
    const bool is_text = std::get<0>(debug) > 0;
    return ask_daemon(
        choice,
        std::move(ask),
        [pid = choice.facts(state).pid, name, is_text](
            const State&, const Request&, Now, std::string body
        ) -> Finished { return profile_job(std::move(body), pid, name, is_text); }
    );
}

}  // namespace quipu
