// What the pages under /debug/pprof/ share: parameters read strictly, the question to the daemon, its answer judged.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/pages/daemon_choice.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

inline constexpr std::uint32_t default_profile_seconds = 30;  // as Go

// An error where a parameter is given that the page does not know, or one twice: 400.
std::optional<Response> wrong_parameters(const Request& request, std::span<const std::string_view> known);

// A whole number from `least` to `most`; `fallback` where it is not given. Otherwise 400 with a sentence.
std::variant<std::uint32_t, Response> whole_parameter(
    const Request& request, std::string_view name, std::uint32_t least, std::uint32_t most, std::uint32_t fallback
);

// `seconds`, from 1 to the limit that --pprof_max_seconds sets.
std::variant<std::uint32_t, Response> seconds_parameter(
    const State& state, const Request& request, std::uint32_t fallback
);

// 501 where the daemon does not offer the topic; nothing where it does. `what`: "a heap profile".
std::optional<Response> not_offered(
    const State& state, const DaemonChoice& choice, std::string_view topic, std::string_view what
);

// A question to the chosen one; `finish` gets its answer where it is one, not empty. Otherwise the response tells what
// went wrong: 400, 501, 502, 503 with Retry-After, 504.
PageAsk ask_daemon(
    const DaemonChoice& choice,
    Ask ask,
    std::function<Finished(const State&, const Request&, Now, std::string body)> finish
);

// A CPU profile takes long, and one runs at a time: 503 with the seconds that the running one still takes.
std::optional<Response> busy_profiling(const State& state, const DaemonChoice& choice, Now now);

// The question that a CPU profile is. `hz` 0: as the daemon sees fit.
Ask cpu_ask(std::uint32_t seconds, std::uint32_t hz);

}  // namespace quipu
