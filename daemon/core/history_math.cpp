#include "daemon/core/history_math.hpp"

#include <limits>
#include <numeric>

namespace quipu {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::uint64_t growth(std::uint64_t before, std::uint64_t after) {
    return after >= before ? after - before : after;
}

std::vector<double> rates(const HistoryValues& totals, std::int64_t step_s) {
    std::vector<double> out;
    for (std::size_t i = 1; i < totals.values.size(); ++i) {
        const bool is_known = totals.present[i - 1] && totals.present[i];
        const auto grown = static_cast<double>(growth(totals.values[i - 1], totals.values[i]));
        out.push_back(is_known ? grown / static_cast<double>(step_s) : nan);
    }
    return out;
}

std::optional<double> rate_now(const History& history, const HistorySeries& series, std::int64_t seconds) {
    const std::int64_t last_s = history.last_s();
    const HistoryRange range = history.range(last_s - seconds, last_s, 1);
    HistoryValues totals;
    history.read(series, range, totals);
    const std::vector<double> steps = rates(totals, 1);
    double sum = 0;
    int count = 0;
    for (auto step = steps.rbegin(); step != steps.rend() && *step >= 0; ++step, ++count) sum += *step;
    return count == 0 ? std::nullopt : std::optional(sum / count);
}

double quantile(std::span<const double> bounds, std::span<const std::uint64_t> counts, double q) {
    const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (total == 0 || bounds.empty()) return nan;
    const double wanted = q * static_cast<double>(total);
    double below = 0;
    for (std::size_t i = 0; i < bounds.size() && i < counts.size(); ++i) {
        const auto in_it = static_cast<double>(counts[i]);
        if (below + in_it >= wanted && in_it > 0) {
            const double from = i > 0 ? bounds[i - 1] : bounds[0] > 0 ? 0 : bounds[0];
            return from + (bounds[i] - from) * ((wanted - below) / in_it);
        }
        below += in_it;
    }
    return bounds.back();
}

}  // namespace quipu
