// Pages that are made in steps only where they are long.
#pragma once

#include <memory>

#include "daemon/pages/page.hpp"

namespace quipu {

// How much of a body a step makes, by and large: some tenths of a millisecond. The item that crosses it is still whole
// in it.
inline constexpr std::size_t piece_bytes = std::size_t{64} * 1024;

// The whole response, where the first piece is all of it; else its steps. `work` gives its head at once.
PageResult at_once_or_in_steps(std::unique_ptr<PageWork> work, const State& state, const Request& request, Now now);

}  // namespace quipu
