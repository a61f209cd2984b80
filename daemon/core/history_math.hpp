// What is computed of history's points: rates and quantiles. NaN is a gap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/core/history.hpp"

namespace quipu {

// By how much a count has grown from one total to the next. Where it is less, it began anew meanwhile (quipud's own
// counts do when quipud starts), and all of it is new.
std::uint64_t growth(std::uint64_t before, std::uint64_t after);

// Per second, in each step but the first. A gap where the total is not known at the step's end or begin: what happened
// meanwhile happened at an unknown time, and is not heaped on one point.
std::vector<double> rates(const HistoryValues& totals, std::int64_t step_s);

inline constexpr std::int64_t rate_over_s = 60;  // what pages show as the rate of now
// The mean rate per second over the last `seconds`, or as much of them as there is no gap in; nothing: not two points.
std::optional<double> rate_now(const History& history, const HistorySeries& series, std::int64_t seconds);

// The q-quantile (0 to 1) of what fell into a histogram's buckets, bounds.size() + 1 of them: as if spread evenly over
// its bucket; above the last bound it is that bound. NaN: nothing fell.
double quantile(std::span<const double> bounds, std::span<const std::uint64_t> counts, double q);

}  // namespace quipu
