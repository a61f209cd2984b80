// A mail daemon that lives through weeks in seconds, by a simulated clock, joined with quipud's State without a socket.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/duct.hpp"

namespace quipu::test {

inline constexpr std::int64_t fine_s = 1200;  // at the end, second by second

// How far to the next sample, `left_s` before the end: as often as the finest resolution that still knows of it then.
inline std::int64_t step_before(std::int64_t left_s) {
    return left_s > 90'000 ? 900 : left_s > 9000 ? 60 : left_s > fine_s ? 10 : 1;
}

// Half of the counts stand still most of the time, some move now and then, a fifth of the series are gauges. Wild:
// every value changes at every point.
struct SimulatedMailDaemon {
    SimulatedMailDaemon(State& state, int series, bool is_wild_one, char name = 'a')
        : duct(state, name), is_wild(is_wild_one) {
        for (int i = 0; i < series; ++i) {
            const std::string variable = "m/series" + std::to_string(i);
            if (i % 5 == 0) {
                gauges.push_back(duct.outbox.gauge(variable, "", "", Merge::sum));
            } else {
                counts.push_back(duct.outbox.counter(variable, "", ""));
            }
        }
        duct.connect();
    }

    void live(std::int64_t seconds) {
        const auto length = static_cast<unsigned>(seconds);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (is_wild) {
                counts[i].add(random() >> 24);
                continue;
            }
            const auto interval = static_cast<unsigned>(i % 2 == 0 ? 600 : 5 + i % 20);
            if (random() % interval < length) counts[i].add(1 + random() % (2 + 2 * length / interval));
        }
        for (const Gauge& gauge : gauges) {
            if (is_wild || random() % 5 == 0) gauge.set(static_cast<double>(random() % 1000) / (is_wild ? 7 : 1));
        }
        duct.push();
    }

    Duct duct;
    bool is_wild;
    std::vector<Counter> counts;
    std::vector<Gauge> gauges;
    std::mt19937 random{1};
};

}  // namespace quipu::test
