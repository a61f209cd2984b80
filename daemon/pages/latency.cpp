#include "daemon/pages/latency.hpp"

namespace quipu {

namespace {

const HistogramValue* counted_by_emitters(const Family* family, std::string_view label) {
    if (!family || family->kind != Kind::histogram) return nullptr;
    const auto it = family->series.find(label);
    if (it == family->series.end()) return nullptr;
    const HistogramValue& histogram = it->second.histogram();
    return histogram.cells.size() == family->bounds.size() + 2 ? &histogram : nullptr;
}

std::int64_t to_ns(double seconds) {
    constexpr double most = 9e9;
    return static_cast<std::int64_t>((seconds < 0 ? 0 : seconds > most ? most : seconds) * 1e9 + 0.5);
}

void set_percents(Latency& latency) {
    std::uint64_t so_far = 0;
    for (LatencyRow& row : latency.rows) {
        so_far += row.count;
        if (latency.count == 0) continue;
        row.percent = 100.0 * static_cast<double>(row.count) / static_cast<double>(latency.count);
        row.percent_so_far = 100.0 * static_cast<double>(so_far) / static_cast<double>(latency.count);
    }
}

Latency from_histogram(const Family& family, const HistogramValue& histogram) {
    Latency latency;
    latency.is_exact = true;
    std::int64_t from = 0;
    for (std::size_t i = 0; i + 1 < histogram.cells.size(); ++i) {
        const std::int64_t to = i < family.bounds.size() ? to_ns(family.bounds[i]) : -1;
        latency.rows.push_back({from, to, histogram.cells[i].total, 0, 0});
        latency.count += histogram.cells[i].total;
        from = to;
    }
    if (latency.count > 0) {
        const double sum = static_cast<double>(histogram.cells.back().total) * family.sum_unit;
        latency.average_ns = to_ns(sum / static_cast<double>(latency.count));
    }
    return latency;
}

Latency from_ends(const TraceFamily& family) {
    Latency latency;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        const std::int64_t to = i + 1 < bucket_count ? bucket_floor_ns[i + 1] : -1;
        latency.rows.push_back({bucket_floor_ns[i], to, family.ended_count[i], 0, 0});
        latency.count += family.ended_count[i];
    }
    return latency;
}

}  // namespace

Latency latency_of(const State& state, std::string_view family) {
    Latency latency;
    const Family* counted = state.metrics.find(trace_latency_family);
    if (const HistogramValue* histogram = counted_by_emitters(counted, family)) {
        latency = from_histogram(*counted, *histogram);
    } else if (const auto it = state.traces.families().find(family); it != state.traces.families().end()) {
        latency = from_ends(it->second);
    }
    set_percents(latency);
    return latency;
}

}  // namespace quipu
