// How long the traces of a family took. Exact where the mail daemon counts it itself (the histogram
// quipu/emitter/traceSeconds), else counted from the ends that quipud saw.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"

namespace quipu {

struct LatencyRow {
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;  // -1: no end
    std::uint64_t count = 0;
    double percent = 0;
    double percent_so_far = 0;
};

struct Latency {
    std::vector<LatencyRow> rows;
    std::uint64_t count = 0;
    std::int64_t average_ns = -1;  // -1: not known
    bool is_exact = false;         // counted by the mail daemon
};

Latency latency_of(const State& state, std::string_view family);

}  // namespace quipu
