// The dashboard's tiles.
#include <algorithm>
#include <cmath>
#include <limits>

#include "daemon/core/history_math.hpp"
#include "daemon/pages/api.hpp"
#include "daemon/pages/dashboard.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::int64_t spark_step_s = 10;
constexpr std::int64_t spark_points = 90;  // 15 minutes
constexpr double spark_height = 24;

enum class TileKind : std::uint8_t { count, share, gauge };

struct Tile {
    std::string_view label;
    std::string_view link;
    TileKind kind;
    std::vector<DashPart> parts;
    std::vector<DashPart> of = {};  // share: of what; else empty
    bool is_trouble = false;        // marked where it happens at present
};

constexpr std::string_view replies = "chasquid/smtpIn/responseCodeCount";

// THE list of tiles, in the order of a mail's way.
std::vector<Tile> tiles_of(const State& state) {
    const std::string_view connections = "/debug/traces?fam=SMTP.Conn&b=0&all=true";
    const std::string_view deliveries = "/debug/traces?q=&b=0&all=true&fam=Queue.SendLoop";
    const std::string_view tls_in = "chasquid/smtpIn/tlsCount";
    const std::string_view tls_out = "chasquid/smtpOut/tlsCount";
    const std::string_view checks_in = "chasquid/smtpIn/securityLevelChecks";
    const std::string_view checks_out = "chasquid/smtpOut/securityLevelChecks";
    const std::string_view spf = "chasquid/smtpIn/spfResultCount";
    const std::string_view sts = "chasquid/smtpOut/sts/security";
    std::vector<Tile> tiles = {
        {"Messages in", connections, TileKind::count, {{tls_in}}},
        {"Delivery attempts", deliveries, TileKind::count, {{"chasquid/queue/deliverAttempts"}}},
        {"Put in the queue", "/debug/queue", TileKind::count, {{"chasquid/queue/putCount"}}},
        {"Bounces (DSN)", "/debug/queue", TileKind::count, {{"chasquid/queue/dsnQueued"}}, {}, true},
        {"SMTP errors 4xx", "/debug/traces?fam=SMTP.Conn&b=-2", TileKind::count, {{replies, "4"}}, {}, true},
        {"SMTP errors 5xx", "/debug/traces?fam=SMTP.Conn&b=-2", TileKind::count, {{replies, "5"}}, {}, true},
        {"TLS in", "/debug/variables?q=smtpIn/tls", TileKind::share, {{tls_in, "tls"}}, {{tls_in}}},
        {"TLS out",
         "/debug/variables?q=smtpOut/tls",
         TileKind::share,
         {{tls_out, "tls:secure"}, {tls_out, "tls:insecure"}},
         {{tls_out}}},
        {"SPF passes", "/debug/variables?q=spf", TileKind::share, {{spf, "pass"}}, {{spf}}},
        {"Security checks pass",
         "/debug/variables?q=securityLevel",
         TileKind::share,
         {{checks_in, "pass"}, {checks_out, "pass"}},
         {{checks_in}, {checks_out}}},
        {"STS passes", "/debug/variables?q=sts", TileKind::share, {{sts, "pass"}}, {{sts}}},
        {"Loops", "/debug/traces?err=1&q=loop", TileKind::count, {{"chasquid/smtpIn/loopsDetected"}}, {}, true},
    };
    // What waits now, where the mail daemon tells it.
    for (const auto& [name, family] : state.metrics.families()) {
        if (family.kind != Kind::gauge || family.is_labelled() || !name.ends_with("/queue/length")) continue;
        tiles[2] = {"In the queue", "/debug/queue", TileKind::gauge, {{name}}};
        break;
    }
    return tiles;
}

void write_parts(JsonWriter& json, std::string_view key, const std::vector<DashPart>& parts) {
    json.key(key).open_array();
    for (const DashPart& part : parts) json.open_array().text(part.name).text(part.prefix).close_array();
    json.close_array();
}

std::string spec_of(const Tile& tile) {
    std::string out;
    JsonWriter json(out);
    json.open_object().key("kind");
    switch (tile.kind) {
        case TileKind::count: json.text("count"); break;
        case TileKind::share: json.text("share"); break;
        case TileKind::gauge: json.text("gauge"); break;
    }
    write_parts(json, "parts", tile.parts);
    write_parts(json, "of", tile.of);
    json.key("is_trouble").flag(tile.is_trouble).close_object();
    return out;
}

template <typename Use>
void each_series(const State& state, const DashPart& part, Use use) {
    const Family* family = state.metrics.find(part.name);
    if (!family) return;
    for (auto it = family->series.lower_bound(part.prefix); it != family->series.end(); ++it) {
        if (!std::string_view(it->first).starts_with(part.prefix)) break;
        use(*family, it->first, it->second);
    }
}

// Rates of counts, values of gauges: a point each 10 s of the last 15 minutes, NaN where nothing is known.
std::vector<double> recent(const State& state, const std::vector<DashPart>& parts) {
    const std::int64_t last_s = state.history.last_s();
    // One more, since a rate needs two points.
    const HistoryRange range = state.history.range(last_s - (spark_points + 1) * spark_step_s, last_s, spark_step_s);
    std::vector<double> sum;
    HistoryValues values;
    for (const DashPart& part : parts) {
        each_series(state, part, [&](const Family& family, const std::string& label, const Series&) {
            const HistorySeries* series = state.history.find(family.name, label);
            if (!series || range.count < 2) return;
            state.history.read(*series, range, values);
            std::vector<double> points;
            if (values.is_real) {
                for (std::size_t i = 1; i < values.values.size(); ++i) {
                    const double nan = std::numeric_limits<double>::quiet_NaN();
                    points.push_back(values.present[i] ? std::bit_cast<double>(values.values[i]) : nan);
                }
            } else {
                points = rates(values, spark_step_s);
            }
            sum.resize(points.size(), std::numeric_limits<double>::quiet_NaN());
            for (std::size_t i = 0; i < points.size(); ++i) {
                if (!std::isnan(points[i])) sum[i] = std::isnan(sum[i]) ? points[i] : sum[i] + points[i];
            }
        });
    }
    return sum;
}

// The "d" of an SVG path in a box of spark_points by spark_height; tiles.js draws the same.
std::string spark_path(const std::vector<double>& points) {
    double most = 0;
    for (const double point : points) most = point > most ? point : most;
    std::string out;
    bool is_drawing = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (std::isnan(points[i])) {
            is_drawing = false;
            continue;
        }
        const double y = most > 0 ? spark_height - 1 - (spark_height - 2) * points[i] / most : spark_height - 1;
        out += is_drawing ? 'L' : 'M';
        append_integer(out, static_cast<std::int64_t>(spark_points) - static_cast<std::int64_t>(points.size() - i));
        out += ' ';
        append_finite(out, std::round(y * 10) / 10);
        is_drawing = true;
    }
    return out;
}

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return {};
    return number_text(std::round(1000.0 * static_cast<double>(part) / static_cast<double>(whole)) / 10) + "\u00A0%";
}

// Empty where that page is switched off.
std::string_view link_unless_off(const State& state, std::string_view link) {
    return is_disabled(state, link.substr(0, link.find('?'))) ? std::string_view() : link;
}

View view_of(const State& state, const Tile& tile) {
    View view;
    const DashSum sum = sum_of(state, tile.parts);
    view.set("label", tile.label).set("link", link_unless_off(state, tile.link)).set("spec", spec_of(tile));
    view.set("spark", spark_path(recent(state, tile.kind == TileKind::share ? tile.of : tile.parts)));
    std::string value;
    std::string total;
    switch (tile.kind) {
        case TileKind::count:
            value = sum.rate ? rate_text(*sum.rate) : "\u2013";
            total = grouped(sum.total) + " in all";
            break;
        case TileKind::share: {
            const DashSum of = sum_of(state, tile.of);
            value = of.total > 0 ? percent_text(sum.total, of.total) : "\u2013";
            total = of.total > 0 ? grouped(sum.total) + " of " + grouped(of.total) : "none so far";
            if (of.rate && of.total > 0) total += ", " + rate_text(*of.rate);
            break;
        }
        case TileKind::gauge:
            value = number_text(sum.value);
            total = "waiting now";
            break;
    }
    view.set("value", value).set("total", total);
    view.flag("is_bad", tile.is_trouble && sum.rate.value_or(0) > 0);
    return view;
}

void add_open_traces(View& view, const State& state, Now now) {
    const auto& families = state.traces.families();
    const auto connections = families.find("SMTP.Conn");
    const std::size_t count = connections == families.end() ? 0 : connections->second.active.size();
    const TraceRecord* slowest = slowest_open(state);
    if (slowest && slowest->family.ends_with(listener_ending)) slowest = nullptr;
    View open;
    open.set("id", "tile-connections").set("label", "Active connections");
    open.set("link", link_unless_off(state, "/debug/traces?fam=SMTP.Conn&b=-1")).set("value", grouped(count));
    open.set("total", "SMTP clients").set("spec", "").set("spark", "").flag("is_bad", false);
    view.add("tiles", std::move(open));
    View slow;
    slow.set("id", "tile-slowest").set("label", "Slowest active trace");
    const std::string link =
        slowest ? Link("/debug/traces").with("trace", to_string(slowest->ref)).text() : "/debug/traces?b=-1";
    slow.set("link", link_unless_off(state, link));
    slow.set("value", slowest ? duration_text(slowest->duration_ns(now)) : "\u2013");
    slow.set("total", slowest ? slowest->family + " " + shortened(slowest->title, 60) : "none is open");
    slow.set("spec", "").set("spark", "").flag("is_bad", false);
    view.add("tiles", std::move(slow));
}

}  // namespace

DashSum sum_of(const State& state, const std::vector<DashPart>& parts) {
    DashSum sum;
    for (const DashPart& part : parts) {
        each_series(state, part, [&](const Family& family, const std::string& label, const Series& series) {
            if (family.kind == Kind::gauge) sum.value += series.gauge().shown;
            if (family.kind != Kind::counter) return;
            sum.total += series.counter().total;
            const HistorySeries* followed = state.history.find(family.name, label);
            const auto rate = followed ? rate_now(state.history, *followed, rate_over_s) : std::nullopt;
            if (rate) sum.rate = sum.rate.value_or(0) + *rate;
        });
    }
    return sum;
}

std::string rate_text(double per_second) {
    if (per_second >= 1) return number_text(per_second) + "\u00A0/s";
    return number_text(per_second * 60) + "\u00A0/min";
}

void add_tiles(View& view, const State& state, Now now) {
    view.list("tiles");
    for (const Tile& tile : tiles_of(state)) {
        View row = view_of(state, tile);
        row.set("id", "");
        view.add("tiles", std::move(row));
    }
    add_open_traces(view, state, now);
}

}  // namespace quipu
