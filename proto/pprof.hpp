// Profiles in the form of github.com/google/pprof, proto/profile.proto, not compressed: addresses and mappings, which
// quipud, or pprof with the binary at hand, turns into names. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/mappings.hpp"
#include "proto/stack_table.hpp"

namespace quipu {

struct Profile {
    struct Type {
        std::string type;
        std::string unit;
    };

    struct Location {
        std::uint32_t mapping = Mappings::none;
        std::uint64_t address = 0;
        std::string function{};  // only of what is no place in the code, such as "(lost samples)"
    };

    struct Sample {
        std::vector<std::uint32_t> frames;  // indexes of locations, innermost first
        std::vector<std::int64_t> values;   // one a sample type
        std::string thread{};               // label "thread"; empty: none
    };

    std::vector<Type> sample_types;
    std::string default_sample_type;
    Type period_type;
    std::uint64_t period = 0;
    std::uint64_t begin_wall_ns = 0;
    std::uint64_t duration_ns = 0;
    std::vector<Location> locations;
    std::vector<Sample> samples;
    std::vector<std::string> comments;  // for people
};

std::string write_profile(const Profile& profile, const std::vector<LoadedCode>& code);

// What a CPU profile's samples add up to: sample types samples/count and cpu/nanoseconds. What is in no stack of the
// table appears under the function names "(other stacks)" and "(lost samples)", so that the sum is right.
Profile cpu_profile_of(const StackTable& table, std::uint64_t period_ns, std::uint64_t lost_samples);

}  // namespace quipu
