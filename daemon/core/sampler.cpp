#include "daemon/core/sampler.hpp"

#include <algorithm>

namespace quipu {

namespace {

// Room is given back slowly: a share grows only after that many ticks in a row well below the limit.
constexpr std::uint32_t calm_ticks_needed = 5;

}  // namespace

bool Sampler::tick(Now now) {
    const double seconds = std::max(0.1, static_cast<double>(now.steady_ns - last_tick_steady_ns_) * 1e-9);
    last_tick_steady_ns_ = now.steady_ns;
    std::uint64_t total = 0;
    for (const auto& [name, family] : families_) total += family.events;
    events_last_second_ = static_cast<std::uint64_t>(static_cast<double>(total) / seconds);

    bool is_changed = false;
    const auto set = [&is_changed](FamilyShare& family, std::uint32_t per_mille) {
        is_changed = is_changed || family.per_mille != per_mille;
        family.per_mille = per_mille;
    };
    if (events_last_second_ > limits_.events_per_second) {
        calm_ticks_ = 0;
        // Whoever sends more than an equal part of the room gives; the small families stay whole.
        const std::uint64_t fair = total / std::max<std::size_t>(1, families_.size());
        for (auto& [name, family] : families_) {
            if (family.events > 0 && family.events >= fair) {
                set(family, std::max(limits_.least_per_mille, family.per_mille / 2));
            }
        }
    } else if (events_last_second_ > limits_.events_per_second / 2) {
        calm_ticks_ = 0;
    } else if (++calm_ticks_ >= calm_ticks_needed) {
        calm_ticks_ = 0;
        for (auto& [name, family] : families_) set(family, std::min(1000U, family.per_mille * 2));
    }
    for (auto& [name, family] : families_) family.events = 0;
    return is_changed;
}

std::vector<wire::Sampling> Sampler::sampling() const {
    std::vector<wire::Sampling> result;
    for (const auto& [name, family] : families_) {
        if (family.per_mille < 1000) result.push_back({name, family.per_mille, limits_.always_above_ns});
    }
    return result;
}

std::uint32_t Sampler::per_mille(std::string_view family) const {
    const auto it = families_.find(family);
    return it == families_.end() ? 1000 : it->second.per_mille;
}

}  // namespace quipu
