// A State whose seconds pass when told, for tests of history.
#pragma once

#include <bit>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/core/history.hpp"
#include "tests/support/duct.hpp"

namespace quipu::test {

// On a boundary of every resolution.
inline constexpr std::int64_t start_s = 1'699'998'300;
static_assert(start_s % 900 == 0);

// With one mail daemon.
struct Lab {
    State state;
    Duct maild;
    std::int64_t time_s = start_s;
    std::int64_t steady_s = 1000;

    explicit Lab(HistoryLimits limits = {}) : state(Limits{.history = limits}), maild(state) {
        state.start_wall_ns = start_s * 1'000'000'000;
    }

    [[nodiscard]] Now now() const { return {steady_s * 1'000'000'000, time_s * 1'000'000'000 + 1'000'000}; }

    void sample() { state.history_feed.sample(state, now()); }

    // Seconds pass; each is sampled after `act`.
    void pass(
        std::int64_t seconds, const std::function<void()>& act = [] {}
    ) {
        for (std::int64_t i = 0; i < seconds; ++i) {
            ++time_s;
            ++steady_s;
            act();
            maild.push();
            sample();
        }
    }

    // "10 11 - 12": a gap is "-".
    [[nodiscard]] std::string shown(
        std::string_view name, std::int64_t from_s, std::int64_t to_s, std::int64_t step_s, std::string_view label = {}
    ) const {
        const HistorySeries* series = state.history.find(name, label);
        if (!series) return "no history";
        const HistoryRange range = state.history.range(from_s, to_s, step_s);
        HistoryValues values;
        state.history.read(*series, range, values);
        std::string text;
        for (std::size_t i = 0; i < values.values.size(); ++i) {
            if (!text.empty()) text += ' ';
            std::ostringstream number;
            if (values.is_real) {
                number << std::bit_cast<double>(values.values[i]);
            } else {
                number << values.values[i];
            }
            text += values.present[i] ? number.str() : "-";
        }
        return text;
    }
};

}  // namespace quipu::test
