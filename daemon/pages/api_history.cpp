// /api/v1/history: how values went. Totals as they were, rates, or quantiles of histograms; null is a gap.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "daemon/core/history_math.hpp"
#include "daemon/core/now.hpp"
#include "daemon/pages/api.hpp"
#include "daemon/pages/handlers.hpp"

namespace quipu {

namespace {

constexpr std::int64_t default_from_s = -900;
constexpr std::size_t most_series = 200;  // in one answer
constexpr std::size_t most_quantiles = 5;

struct Wanted {
    std::string name;
    std::vector<std::string> labels;  // empty: all
};

struct HistoryAsk {
    std::vector<Wanted> wanted;
    std::int64_t from_s = 0;
    std::int64_t to_s = 0;
    std::int64_t step_s = 0;  // 0: the finest that reaches back
    bool wants_rate = false;
    std::vector<double> quantiles;
};

// A series that is answered, or for which nothing can be.
struct Found {
    std::vector<const HistoryKey*> series;
    std::vector<std::pair<std::string, const std::string*>> missing;  // name, label or null
    std::uint64_t left_out = 0;
};

std::optional<Response> parse_time(const Request& request, std::string_view name, Now now, std::int64_t& time_s) {
    const std::string* text = request.parameter(name);
    if (text) {
        const auto given = parse_seconds(*text);
        if (!given)
            return refuse_value(name, *text, "is no Unix time in seconds, nor seconds before now such as -900.");
        time_s = *given;
    }
    if (time_s <= 0) time_s += now.wall_ns / second_ns;
    return std::nullopt;
}

std::optional<Response> parse_quantiles(std::string_view text, std::vector<double>& out) {
    const std::string_view all = text;
    const auto refused = [all] {
        return refuse_value("quantile", all, "is not up to 5 numbers from 0 to 1, by comma.");
    };
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        double value = 0;
        const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), value);
        const bool is_number = error == std::errc{} && end == one.data() + one.size();
        if (!is_number || !(value >= 0 && value <= 1) || out.size() == most_quantiles) return refused();
        out.push_back(value);
        text.remove_prefix(std::min(one.size() + 1, text.size()));
    }
    return out.empty() ? std::optional(refused()) : std::nullopt;
}

std::optional<Response> parse_step(const State& state, const Request& request, std::int64_t& step_s) {
    const std::string* text = request.parameter("step");
    if (!text) return std::nullopt;
    const auto given = parse_seconds(*text);
    for (std::size_t tier = 0; given && tier < history_tier_count; ++tier) {
        if (state.history.ring(tier).step_s() == *given) step_s = *given;
    }
    if (step_s == 0) return refuse_value("step", *text, "is not 1, 10, 60 or 900 seconds.");
    return std::nullopt;
}

// A label belongs to the name before it.
std::optional<Response> parse_names(const Request& request, std::vector<Wanted>& out) {
    for (const auto& [name, value] : request.parameters) {
        if (name == "name") out.push_back({value, {}});
        if (name != "label") continue;
        if (out.empty())
            return refuse_value("label", value, "belongs behind the name of its family: name=...&label=...");
        out.back().labels.push_back(value);
    }
    if (!out.empty()) return std::nullopt;
    return error_response(400, "Say whose history is wanted, as name=...; the names are at /api/v1/series.");
}

// Nothing: it makes sense.
std::optional<Response> parse(const State& state, const Request& request, Now now, HistoryAsk& ask) {
    if (auto refused = parse_names(request, ask.wanted)) return refused;
    ask.from_s = default_from_s;
    if (auto refused = parse_time(request, "from", now, ask.from_s)) return refused;
    if (auto refused = parse_time(request, "to", now, ask.to_s)) return refused;
    if (ask.from_s > ask.to_s) return error_response(400, "The time 'from' is after the time 'to'.");
    if (auto refused = parse_step(state, request, ask.step_s)) return refused;
    if (const std::string* rate = request.parameter("rate")) {
        if (*rate != "0" && *rate != "1") return refuse_value("rate", *rate, "is neither 0 nor 1.");
        ask.wants_rate = *rate == "1";
    }
    const std::string* quantiles = request.parameter("quantile");
    return quantiles ? parse_quantiles(*quantiles, ask.quantiles) : std::nullopt;
}

// The key of a series by the names that JSON shows.
const HistoryKey* find_key(
    const State& state, const Family* family, const std::string& name, const std::string& label
) {
    const auto& all = state.history.series();
    auto it = all.find(HistoryKey{name, label, 0});
    if (it != all.end()) return &it->first;
    const Series* series = family ? find_series(*family, label) : nullptr;
    if (!series) return nullptr;
    for (it = all.lower_bound(HistoryKey{family->name, {}, 0}); it != all.end(); ++it) {
        if (it->first.name != family->name) break;
        if (it->second.source == series) return &it->first;
    }
    return nullptr;
}

Found find(const State& state, const HistoryAsk& ask) {
    Found found;
    const auto& all = state.history.series();
    const auto take = [&found](const HistoryKey& key) {
        if (found.series.size() < most_series) {
            found.series.push_back(&key);
        } else {
            ++found.left_out;
        }
    };
    for (const Wanted& wanted : ask.wanted) {
        const Family* family = find_family(state, wanted.name);
        const std::string& name = family ? family->name : wanted.name;
        for (const std::string& label : wanted.labels) {
            const HistoryKey* key = find_key(state, family, name, label);
            if (key) {
                take(*key);
            } else {
                found.missing.emplace_back(wanted.name, &label);
            }
        }
        if (!wanted.labels.empty()) continue;
        auto it = all.lower_bound(HistoryKey{name, {}, 0});
        if (it == all.end() || it->first.name != name) found.missing.emplace_back(wanted.name, nullptr);
        for (; it != all.end() && it->first.name == name; ++it) {
            if (it->first.cell == 0) take(it->first);
        }
    }
    return found;
}

// --- Values ---------------------------------------------------------------------------------------------------------

// From one point before the range on, for differences.
HistoryRange with_one_before(HistoryRange range) {
    --range.first;
    ++range.count;
    return range;
}

// All cells but the last, which is the sum.
std::vector<HistoryValues> read_buckets(const State& state, const HistoryKey& key, const HistoryRange& range) {
    std::vector<HistoryValues> buckets;
    const auto& all = state.history.series();
    for (std::uint32_t cell = 0;; ++cell) {
        const auto it = all.find(HistoryKey{key.name, key.label, cell});
        if (it == all.end()) break;
        state.history.read(it->second, range, buckets.emplace_back());
    }
    if (!buckets.empty()) buckets.pop_back();
    return buckets;
}

// How many values a histogram had.
HistoryValues summed(const std::vector<HistoryValues>& buckets) {
    HistoryValues sum;
    if (buckets.empty()) return sum;
    sum = buckets.front();
    for (std::size_t b = 1; b < buckets.size(); ++b) {
        for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += buckets[b].values[i];
    }
    return sum;
}

void write_numbers(JsonWriter& json, const std::vector<double>& values) {
    json.key("values").open_array();
    for (const double value : values) json.number(value);
    json.close_array();
}

void write_totals(JsonWriter& json, const HistoryValues& values) {
    json.key("values").open_array();
    for (std::size_t i = 0; i < values.values.size(); ++i) {
        if (!values.present[i]) {
            json.null();
        } else if (values.is_real) {
            json.number(std::bit_cast<double>(values.values[i]));
        } else {
            json.integer(values.values[i]);
        }
    }
    json.close_array();
}

void open_series(JsonWriter& json, const HistoryKey& key, Kind kind, bool is_labelled) {
    json.open_object().key("name").text(key.name);
    if (is_labelled) json.key("label").text(key.label);
    json.key("kind").text(kind_word(kind));
}

void write_quantiles(
    JsonWriter& json,
    const HistoryAsk& ask,
    const HistoryKey& key,
    const Family& family,
    const std::vector<HistoryValues>& buckets
) {
    for (const double q : ask.quantiles) {
        std::vector<double> values;
        for (std::size_t i = 1; !buckets.empty() && i < buckets[0].values.size(); ++i) {
            const bool is_known = buckets[0].present[i - 1] && buckets[0].present[i];
            std::vector<std::uint64_t> fell(buckets.size());
            for (std::size_t b = 0; b < buckets.size(); ++b) {
                fell[b] = growth(buckets[b].values[i - 1], buckets[b].values[i]);
            }
            values.push_back(is_known ? quantile(family.bounds, fell, q) : std::nan(""));
        }
        open_series(json, key, family.kind, family.is_labelled());
        json.key("quantile").number(q).key("unit").text(family.unit);
        write_numbers(json, values);
        json.close_object();
    }
}

void write_series(
    JsonWriter& json, const State& state, const HistoryAsk& ask, const HistoryKey& key, const HistoryRange& range
) {
    const HistorySeries& series = *state.history.find(key.name, key.label);
    const Family* family = state.metrics.find(key.name);
    const bool is_labelled = family ? family->is_labelled() : !key.label.empty();
    const bool is_histogram = series.kind == Kind::histogram;
    const bool is_rate = ask.wants_rate && series.kind != Kind::gauge;
    const bool is_quantile = is_histogram && family && !ask.quantiles.empty();
    const HistoryRange wide = with_one_before(range);
    if (is_quantile) return write_quantiles(json, ask, key, *family, read_buckets(state, key, wide));
    HistoryValues values;
    const HistoryRange& needed = is_rate ? wide : range;
    if (is_histogram) {
        values = summed(read_buckets(state, key, needed));
    } else {
        state.history.read(series, needed, values);
    }
    open_series(json, key, series.kind, is_labelled);
    if (is_rate) {
        write_numbers(json, rates(values, state.history.ring(range.tier).step_s()));
    } else {
        write_totals(json, values);
    }
    json.close_object();
}

void write_marks(JsonWriter& json, const State& state, const HistoryAsk& ask) {
    json.key("restarts").open_array();
    for (const HistoryMark& mark : state.history.marks()) {
        if (mark.time_s < ask.from_s || mark.time_s > ask.to_s) continue;
        json.open_object().key("time").integer(mark.time_s).key("kind").text(mark.kind);
        json.key("what").text(mark.what).close_object();
    }
    json.close_array();
}

}  // namespace

PageResult api_history_page(const State& state, const Request& request, Now now) {
    HistoryAsk ask;
    if (auto refused = parse(state, request, now, ask)) return std::move(*refused);
    const Found found = find(state, ask);
    const HistoryRange range = state.history.range(ask.from_s, ask.to_s, ask.step_s);
    const HistoryRing& ring = state.history.ring(range.tier);
    Response response;
    response.content_type = json_type;
    JsonWriter json(response.body);
    json.open_object().key("from").integer(ask.from_s).key("to").integer(ask.to_s);
    json.key("now").integer(now.wall_ns / second_ns).key("step").integer(ring.step_s());
    json.key("times").open_array();
    for (std::int64_t i = 0; i < range.count; ++i) json.integer(ring.time_of(range.first + i));
    json.close_array().key("series").open_array();
    for (const HistoryKey* key : found.series) write_series(json, state, ask, *key, range);
    json.close_array().key("missing").open_array();
    for (const auto& [name, label] : found.missing) {
        json.open_object().key("name").text(name);
        if (label) json.key("label").text(*label);
        json.close_object();
    }
    json.close_array().key("left_out").integer(found.left_out);
    write_marks(json, state, ask);
    json.close_object();
    response.body += '\n';
    return response;
}

}  // namespace quipu
