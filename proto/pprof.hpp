// Writes a profile in the form of github.com/google/pprof, proto/profile.proto, not compressed: addresses and mappings,
// which quipud, or pprof with the binary at hand, turns into names. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/mappings.hpp"
#include "proto/stack_table.hpp"

namespace quipu {

struct CpuProfileFacts {
    std::uint64_t begin_wall_ns = 0;
    std::uint64_t duration_ns = 0;
    std::uint64_t period_ns = 0;          // of CPU time, what one sample stands for
    std::uint64_t lost_samples = 0;       // in no stack, since a buffer was full
    std::vector<std::string> comments{};  // for people
};

// Sample types samples/count and cpu/nanoseconds; label "thread". What is in no stack of the table appears under the
// function names "(other stacks)" and "(lost samples)", so that the sum is right.
std::string write_cpu_profile(
    const StackTable& table, const std::vector<LoadedCode>& code, const CpuProfileFacts& facts
);

}  // namespace quipu
