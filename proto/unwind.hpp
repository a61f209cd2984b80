// The stack of the calling thread, from within a signal handler. Async-signal-safe; never follows an address that it
// has not checked: a damaged stack ends early, it does not crash.
#pragma once

#include <array>
#include <cstdint>

#include "proto/limits.hpp"

namespace quipu {

struct Stack {
    std::uint32_t depth = 0;
    bool is_cut = false;  // it was deeper
    // Innermost first. A caller's address is one less than where it goes on: within its call instruction.
    std::array<std::uint64_t, limits::max_stack_depth> addresses;
};

// `context` is the third argument of a handler with SA_SIGINFO. The stack begins where the signal struck.
void unwind(const void* context, Stack& out) noexcept;

}  // namespace quipu
