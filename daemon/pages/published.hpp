// What families and series are called where they are published: always valid in the format, never twice.
//
// A mail daemon may name a family with any bytes. On /debug/vars a name is published as it is if it consists of
// ASCII letters, digits and _-./: ; every other character becomes "_", since exporters have crashed on them. On
// /metrics everything but letters and digits becomes "_", as chasquid does it. Where that makes two names one, the
// later of them (bytewise) gets a suffix "_2", "_3" and so on.
//
// What chasquid prints on /metrics keeps its name there to the letter: camelCase, and no "_total" behind counters where
// the format does not demand it. All else is ours to name: other counters have "_total" in both formats, and quipu's
// own names are written in snake_case, as Prometheus's conventions want it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/metrics.hpp"

namespace quipu {

// --- /debug/vars

// Variables that every expvar page has beside the families.
inline constexpr std::string_view cmdline_name = "cmdline";
inline constexpr std::string_view memstats_name = "memstats";

struct Variable {
    std::string_view name;
    const Family* family = nullptr;  // null: cmdline, and memstats unless a daemon publishes it as JSON
};

// All families, by name (Metrics::in_order()).
using Families = std::vector<const Family*>;

// Sorted bytewise. Views point into the families and into `folded`, which is filled first and must outlive them.
std::vector<Variable> published_variables(const Families& families, std::vector<std::string>& folded);

// --- /metrics

struct Metric {
    std::string name;  // of the metric family: without _total, _info
    const Family* family = nullptr;
    bool has_total = false;  // a counter whose samples are called NAME_total in the older format too
};

// In the order of the families, JSON documents left out. Unique also with the suffixes that samples get.
std::vector<Metric> published_metrics(const Families& families);

// For the one label of a family; `le` and `quantile` mean something to the formats and get a "_" behind.
std::string metric_label_name(std::string_view name);
// Of a text's value, from the family's last word in snake_case: "chasquid/version" has version="1.11".
std::string text_label_name(const Family& family);

// True where the name says more than the published one can: it is told in the help then.
bool is_told_in_help(std::string_view name);

// --- Series

// The family's series with labels that are UTF-8. Where some are not, these are repaired into `scratch`, and what
// becomes one label by that is added up; else they are the family's own.
const SeriesByLabel& with_valid_labels(const Family& family, SeriesByLabel& scratch);

// The same one after the other, with breaks in between: families and series may come meanwhile, and never go.
class SeriesCursor {
public:
    void enter(const Family& family);
    // Null: the family has no further one.
    const SeriesByLabel::value_type* next();

private:
    SeriesByLabel scratch_;
    const Family* family_ = nullptr;
    const SeriesByLabel* series_ = nullptr;
    SeriesByLabel::const_iterator at_;
};

}  // namespace quipu
