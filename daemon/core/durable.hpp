// What outlives quipud, as plain values: handed to the store (disk/) and taken back from it at start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/message.hpp"

namespace quipu {

struct DurableFamily {
    std::string name;
    wire::Kind kind = wire::Kind::counter;
    std::string help;
    std::string unit;
    std::string label_name;
    wire::Merge merge = wire::Merge::sum;
    std::vector<double> bounds;
    double sum_unit = 1;
};

// One cell's value; `cell` is 0, or the index in a histogram.
struct DurableCount {
    std::string family;
    std::string label;
    std::uint32_t cell = 0;
    std::uint64_t value = 0;
};

// An instance that was alive, with its totals.
struct DurableInstance {
    std::string instance;  // 16 bytes
    std::string program;
    std::string version;
    std::string hostname;
    std::int64_t start_wall_ns = 0;
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    std::vector<DurableCount> counts;
};

// One commit. Values are absolute: writing the same twice does no harm.
struct Changes {
    std::vector<DurableFamily> families;       // new ones
    std::vector<DurableCount> retired;         // changed
    std::vector<DurableInstance> instances;    // changed ones, with their changed counts
    std::vector<std::string> ended_instances;  // their rows go; their counts are in `retired` of the same commit

    [[nodiscard]] bool is_empty() const {
        return families.empty() && retired.empty() && instances.empty() && ended_instances.empty();
    }
};

// Everything that the store holds.
struct Saved {
    std::vector<DurableFamily> families;
    std::vector<DurableCount> retired;
    std::vector<DurableInstance> instances;
};

}  // namespace quipu
