// What the dashboard at / shows: tiles for now, charts for what was. Each is described once, here in tables, and both
// sides read that: the page is complete as it is served, and the scripts keep it fresh by the same description, which
// stands in data-spec attributes as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "daemon/pages/render.hpp"

namespace quipu {

// A share of a family of counters or gauges: the labels that begin with `prefix`.
struct DashPart {
    std::string_view name;
    std::string_view prefix = {};
};

// Now: the sum over the parts.
struct DashSum {
    std::uint64_t total = 0;
    double value = 0;            // of gauges
    std::optional<double> rate;  // of counts: per second over the last minute; nothing: not known
};

DashSum sum_of(const State& state, const std::vector<DashPart>& parts);

// "3.2 /s", from 1 a second on, else "12 /min".
std::string rate_text(double per_second);

// Adds the list "tiles".
void add_tiles(View& view, const State& state, Now now);

// Adds the lists "charts" and "added": the ones that every dashboard has, and those that `add` parameters ask for,
// each NAME of a family or NAME:LABEL.
void add_charts(View& view, const State& state, const Request& request);

}  // namespace quipu
