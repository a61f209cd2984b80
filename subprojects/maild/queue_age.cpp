// How long the queue is and how old its items are, as gauges: what tells an operator that mail is stuck.
#include <algorithm>
#include <chrono>

#include "queue.hpp"

namespace maild {

namespace {

using namespace std::chrono_literals;

struct AgeRange {
    std::string_view label;
    std::chrono::seconds below;
};

constexpr std::array<AgeRange, 6> age_ranges = {{
    {"below 1m", 1min},
    {"1m to 10m", 10min},
    {"10m to 1h", 1h},
    {"1h to 6h", 6h},
    {"6h to 1d", 24h},
    {"from 1d", std::chrono::seconds::max()},
}};

constexpr auto report_interval = 5s;

}  // namespace

void Queue::declare_ages() {
    length_ = context_.emitter.gauge("maild/queue/length", "items in the queue");
    const quipu::GaugeMap ages = context_.emitter.gauge_map("maild/queue/ages", "age", "items in the queue, by age");
    for (std::size_t i = 0; i < ages_.size(); ++i) ages_[i] = ages(age_ranges[i].label);
}

void Queue::report_ages() {
    const auto at = std::chrono::time_point_cast<WallTime::duration>(WallTime::clock::now());
    std::array<std::uint64_t, age_ranges.size()> counts{};
    for (const auto& [id, entry] : entries_) {
        const auto age = at - entry->item.created;
        const auto is_in = [age](const AgeRange& range) { return age < range.below; };
        const auto range = std::find_if(age_ranges.begin(), age_ranges.end() - 1, is_in);
        ++counts[static_cast<std::size_t>(range - age_ranges.begin())];
    }
    for (std::size_t i = 0; i < counts.size(); ++i) ages_[i].set(static_cast<double>(counts[i]));
    if (is_stopping_) return;
    age_timer_.expires_after(report_interval);
    age_timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (!ec && self) self->report_ages();
    });
}

}  // namespace maild
