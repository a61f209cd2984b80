// The dump of a Go program's goroutines (debug=2), as the page of threads shows it. Pure; takes any bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/pages/threads_view.hpp"

namespace quipu {

// Each goroutine is a thread row: its number, what it does ("chan send") and for how long. Bounded as thread reports
// are. Nothing: it is no such dump.
std::optional<ThreadsView> goroutines_view(std::string_view dump, std::int64_t taken_wall_ns);

}  // namespace quipu
