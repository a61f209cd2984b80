// Reads what a test wants to know of a profile.proto.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::test {

struct ReadProfile {
    struct Mapping {
        std::uint64_t start = 0, limit = 0, offset = 0;
        std::string filename, build_id;
    };

    struct Location {
        std::uint64_t mapping = 0;  // id, 0: none
        std::uint64_t address = 0;
        std::string function;  // of its first line, empty: none
    };

    struct Sample {
        std::vector<std::uint64_t> locations;  // ids, innermost first
        std::vector<std::int64_t> values;
        std::map<std::string, std::string> labels;
    };

    std::vector<std::string> sample_types;  // "cpu/nanoseconds"
    std::string period_type;
    std::int64_t period = 0, time_ns = 0, duration_ns = 0;
    std::vector<Sample> samples;
    std::map<std::uint64_t, Location> locations;
    std::map<std::uint64_t, Mapping> mappings;
    std::vector<std::string> comments;

    // Sum of one value over the samples for which holds(sample).
    template <typename Holds>
    std::int64_t sum(std::size_t value, Holds holds) const {
        std::int64_t total = 0;
        for (const Sample& sample : samples) total += holds(sample) ? sample.values.at(value) : 0;
        return total;
    }
};

// Throws where it is not one.
ReadProfile read_profile(std::string_view bytes);

}  // namespace quipu::test
