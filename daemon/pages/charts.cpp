// The dashboard's charts. What is served is a table of current values and rates for each; charts.js draws the curves.
#include <algorithm>

#include "daemon/core/history_math.hpp"
#include "daemon/pages/dashboard.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/latency.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::size_t most_added = 20;
constexpr std::size_t most_families = 8;  // that get a latency chart of their own
constexpr std::size_t most_rows = 12;     // in the table of a chart
constexpr std::string_view latencies = "quipu/emitter/traceSeconds";

enum class As : std::uint8_t { rate, value, quantiles };

// A family, or a part of it. Without a title each label is a line of its own; with one they are a single line.
struct Source {
    std::string name;
    std::optional<std::string> label = {};  // that one alone
    std::string prefix = {};                // labels that begin so
    std::string title = {};
};

struct Chart {
    std::string title;
    As as = As::rate;
    std::string unit;  // behind a value
    std::vector<Source> sources;
    std::string added;  // the parameter that asked for it
    std::string link;   // the page behind
};

// --- Which there are

std::vector<Chart> usual_charts() {
    const std::string replies = "chasquid/smtpIn/responseCodeCount";
    return {
        {"Commands", As::rate, "/s", {{"chasquid/smtpIn/commandCount"}}, "", "/debug/variables?q=commandCount"},
        {"Response codes", As::rate, "/s", {{replies}}, "", "/debug/variables?q=responseCode"},
        {"Delivery attempts",
         As::rate,
         "/s",
         {{"chasquid/queue/deliverAttempts"}},
         "",
         "/debug/traces?fam=Queue.SendLoop&b=0&all=true"},
        {"Errors",
         As::rate,
         "/s",
         {{replies, {}, "4", "4xx replies"},
          {replies, {}, "5", "5xx replies"},
          {"chasquid/queue/dsnQueued", {}, "", "bounces (DSN)"},
          {"chasquid/smtpIn/loopsDetected", {}, "", "loops"},
          {"chasquid/smtpOut/tlsCount", {}, "tls:failed", "TLS out failed"}},
         "",
         "/debug/traces?err=1"},
    };
}

void add_queue_charts(std::vector<Chart>& charts, const State& state) {
    for (const auto& [name, family] : state.metrics.families()) {
        if (family.kind != Kind::gauge) continue;
        if (name.ends_with("/queue/length")) {
            charts.push_back({"Queue length", As::value, "", {{name, {}, "", "waiting"}}, "", "/debug/queue"});
        } else if (name.ends_with("/queue/ages")) {
            charts.push_back({"Queue by age", As::value, "", {{name}}, "", "/debug/queue"});
        }
    }
}

std::uint64_t count_of(const Series& series) {
    const std::vector<Cell>& cells = series.histogram().cells;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) count += cells[i].total;
    return count;
}

void add_latency_charts(std::vector<Chart>& charts, const State& state) {
    const Family* family = state.metrics.find(latencies);
    if (!family || family->kind != Kind::histogram) return;
    std::vector<std::pair<std::uint64_t, std::string_view>> busiest;
    for (const auto& [label, series] : family->series) {
        // A listener's trace ends with its mail daemon, and tells no latency.
        if (label.ends_with(".Listen")) continue;
        if (const std::uint64_t count = count_of(series); count > 0) busiest.emplace_back(count, label);
    }
    std::sort(busiest.begin(), busiest.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    if (busiest.size() > most_families) busiest.resize(most_families);
    // By name, so that a chart stays where it is.
    std::sort(busiest.begin(), busiest.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [count, label] : busiest) {
        const std::string link = Link("/debug/traces").with("fam", label).with("lat", "true").text();
        charts.push_back(
            {"Latency of " + std::string(label),
             As::quantiles,
             "s",
             {{std::string(latencies), std::string(label)}},
             "",
             link}
        );
    }
}

As way_to_show(Kind kind) {
    switch (kind) {
        case Kind::counter: return As::rate;
        case Kind::gauge:
        case Kind::text: return As::value;
        case Kind::histogram: return As::quantiles;
    }
    return As::value;
}

// NAME or NAME:LABEL, where both may hold colons: the shortest name that a family has.
Chart chart_for(const State& state, const std::string& asked) {
    Chart chart{asked, As::rate, "/s", {{asked}}, asked, ""};
    const Family* family = state.metrics.find(asked);
    for (std::size_t at = asked.find(':'); !family && at != std::string::npos; at = asked.find(':', at + 1)) {
        family = state.metrics.find(asked.substr(0, at));
        if (family) chart.sources = {{family->name, asked.substr(at + 1)}};
    }
    if (!family) return chart;
    chart.as = way_to_show(family->kind);
    if (chart.as != As::rate) chart.unit = family->unit == "seconds" ? "s" : family->unit;
    chart.link = Link("/debug/variables").with("q", family->name).text();
    return chart;
}

// --- As JSON, for charts.js

std::string_view word_for(As as) {
    switch (as) {
        case As::rate: return "rate";
        case As::value: return "value";
        case As::quantiles: return "quantiles";
    }
    return {};
}

std::string spec_of(const Chart& chart) {
    std::string out;
    JsonWriter json(out);
    json.open_object().key("title").text(chart.title).key("as").text(word_for(chart.as));
    json.key("unit").text(chart.unit).key("sources").open_array();
    for (const Source& source : chart.sources) {
        json.open_object().key("name").text(source.name);
        if (source.label) json.key("label").text(*source.label);
        if (!source.prefix.empty()) json.key("prefix").text(source.prefix);
        if (!source.title.empty()) json.key("title").text(source.title);
        json.close_object();
    }
    json.close_array().close_object();
    return out;
}

// --- As a table, for now

struct ChartRow {
    std::string title;
    std::string now;
    std::string total;
    double weight = 0;  // the rows that matter most come first
};

ChartRow row_of(const State& state, const Family& family, const std::string& label, const Series& series) {
    ChartRow row{label.empty() ? family.name : label, "", "", 0};
    switch (family.kind) {
        case Kind::counter: {
            const HistorySeries* followed = state.history.find(family.name, label);
            const auto rate = followed ? rate_now(state.history, *followed, 60) : std::nullopt;
            row.now = rate ? rate_text(*rate) : "\u2013";
            row.total = grouped(series.counter().total);
            row.weight = static_cast<double>(series.counter().total);
            break;
        }
        case Kind::gauge:
            row.now = number_text(series.gauge().shown);
            row.weight = series.gauge().shown;
            break;
        case Kind::text: row.now = series.text().shown; break;
        case Kind::histogram: {
            const std::uint64_t count = count_of(series);
            const double sum = static_cast<double>(series.histogram().cells.back().total) * family.sum_unit;
            row.now = count > 0 ? "\u2300\u00A0" + number_text(sum / static_cast<double>(count)) : "\u2013";
            if (count > 0 && family.unit == "seconds") row.now += "\u00A0s";
            row.total = grouped(count);
            row.weight = static_cast<double>(count);
            break;
        }
    }
    return row;
}

// All labels of the source in one row.
ChartRow sum_row(const State& state, const Source& source) {
    const DashSum sum = sum_of(state, {{source.name, source.prefix}});
    const Family* family = state.metrics.find(source.name);
    if (family && family->kind == Kind::gauge) return {source.title, number_text(sum.value), "", sum.value};
    const std::string now = sum.rate ? rate_text(*sum.rate) : "\u2013";
    return {source.title, now, grouped(sum.total), static_cast<double>(sum.total)};
}

std::vector<ChartRow> rows_of(const State& state, const Chart& chart) {
    std::vector<ChartRow> rows;
    for (const Source& source : chart.sources) {
        const Family* family = state.metrics.find(source.name);
        if (!source.title.empty()) {
            if (family) rows.push_back(sum_row(state, source));
            continue;
        }
        if (!family) continue;
        for (const auto& [label, series] : family->series) {
            if (source.label && label != *source.label) continue;
            rows.push_back(row_of(state, *family, label, series));
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const ChartRow& a, const ChartRow& b) {
        return a.weight > b.weight;
    });
    return rows;
}

View view_of(const State& state, const Chart& chart, std::string_view remove_link) {
    View view;
    const bool is_off = is_disabled(state, std::string_view(chart.link).substr(0, chart.link.find('?')));
    view.set("title", chart.title)
        .set("spec", spec_of(chart))
        .set("link", is_off ? "" : chart.link)
        .set("remove", remove_link);
    view.list("rows");
    const std::vector<ChartRow> rows = rows_of(state, chart);
    for (std::size_t i = 0; i < std::min(rows.size(), most_rows); ++i) {
        view.add(
            "rows", std::move(View().set("line", rows[i].title).set("now", rows[i].now).set("all", rows[i].total))
        );
    }
    view.set("more", rows.size() > most_rows ? grouped(rows.size() - most_rows) : "");
    view.flag("is_empty", rows.empty());
    return view;
}

}  // namespace

void add_charts(View& view, const State& state, const Request& request) {
    std::vector<Chart> charts = usual_charts();
    add_queue_charts(charts, state);
    add_latency_charts(charts, state);
    std::vector<std::string> added;
    for (const auto& [name, value] : request.parameters) {
        const bool is_new = std::find(added.begin(), added.end(), value) == added.end();
        if (name == "add" && !value.empty() && is_new && added.size() < most_added) added.push_back(value);
    }
    view.list("charts").list("added");
    for (const Chart& chart : charts) view.add("charts", view_of(state, chart, ""));
    for (const std::string& asked : added) {
        Link without("/");
        for (const auto& [name, value] : request.parameters) {
            if ((name == "add" && value != asked) || name == "range") without.with(name, value);
        }
        view.add("charts", view_of(state, chart_for(state, asked), without.text()));
        view.add("added", std::move(View().set("name", asked)));
    }
}

}  // namespace quipu
