#include "daemon/pages/api.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

constexpr std::size_t shown_value_bytes = 100;

std::string repaired(std::string_view text) {
    std::string out;
    append_repaired(out, text);
    return out;
}

}  // namespace

PageResult api_page(const State& /*state*/, const Request& request, Now /*now*/) {
    if (request.path != "/api/v1/") {
        return error_response(404, "There is no such page of the API; what there is stands at /api/v1/.");
    }
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = web::api_txt;
    return response;
}

std::string_view kind_word(Kind kind) {
    switch (kind) {
        case Kind::counter: return "counter";
        case Kind::gauge: return "gauge";
        case Kind::text: return "text";
        case Kind::histogram: return "histogram";
    }
    return {};
}

const Family* find_family(const State& state, std::string_view name) {
    if (const Family* family = state.metrics.find(name)) return family;
    for (const auto& [key, family] : state.metrics.families()) {
        if (!is_utf8(key) && repaired(key) == name) return &family;
    }
    return nullptr;
}

const Series* find_series(const Family& family, std::string_view label) {
    if (const auto it = family.series.find(label); it != family.series.end()) return &it->second;
    // As JSON shows it.
    if (label.find("\xEF\xBF\xBD") == std::string_view::npos) return nullptr;
    for (const auto& [key, series] : family.series) {
        if (!is_utf8(key) && repaired(key) == label) return &series;
    }
    return nullptr;
}

void write_value(JsonWriter& json, const Family& family, const Series& series) {
    if (const auto* count = std::get_if<Cell>(&series.value)) {
        json.integer(count->total);
    } else if (series.kind() == Kind::gauge) {
        const GaugeValue& gauge = series.gauge();
        gauge.is_known ? json.number(gauge.shown) : json.null();
    } else if (series.kind() == Kind::text) {
        json.text(series.text().shown);
    } else {
        const auto& cells = series.histogram().cells;
        std::uint64_t fell = 0;
        for (std::size_t i = 0; i + 1 < cells.size(); ++i) fell += cells[i].total;
        json.open_object().key("count").integer(fell);
        json.key("sum").number(static_cast<double>(cells.back().total) * family.sum_unit).close_object();
    }
}

bool shown_at_once(const State& state, std::vector<const Family*>& out) {
    std::size_t values = 0;
    bool is_all = true;
    for (const auto& [name, family] : state.metrics.families()) {
        if (family.is_own) continue;
        const bool is_shown =
            family.series.size() <= api_few_labels && values + family.series.size() <= api_most_values;
        is_all = is_all && is_shown;
        if (!is_shown) continue;
        values += family.series.size();
        out.push_back(&family);
    }
    return is_all;
}

namespace {}  // namespace

const TraceRecord* slowest_open(const State& state) {
    const TraceRecord* slowest = nullptr;
    int slowest_rank = 0;
    for (const auto& [name, family] : state.traces.families()) {
        if (family.active.empty()) continue;
        const auto& ended = family.ended_count;
        const bool is_endless = std::all_of(ended.begin(), ended.end(), [](std::uint64_t count) { return count == 0; });
        const int rank = name.ends_with(listener_ending) ? 2 : is_endless ? 1 : 0;
        const TraceRecord* oldest = family.active.front();
        const bool is_slower =
            !slowest || std::pair(rank, oldest->begin_wall_ns) < std::pair(slowest_rank, slowest->begin_wall_ns);
        if (!is_slower) continue;
        slowest = oldest;
        slowest_rank = rank;
    }
    return slowest;
}

void write_traces(JsonWriter& json, const State& state, Now now) {
    std::uint64_t failed = 0;
    for (const auto& [name, family] : state.traces.families()) failed += family.error_count;
    json.open_object().key("open").integer(std::uint64_t{state.traces.active().size()});
    const auto connections = state.traces.families().find("SMTP.Conn");
    const bool is_any = connections != state.traces.families().end();
    json.key("connections").integer(is_any ? std::uint64_t{connections->second.active.size()} : 0);
    json.key("failed").integer(failed).key("slowest_open");
    const TraceRecord* slowest = slowest_open(state);
    if (!slowest) {
        json.null().close_object();
        return;
    }
    const std::string ref = to_string(slowest->ref);
    json.open_object().key("ref").text(ref).key("family").text(slowest->family).key("title").text(slowest->title);
    json.key("program").text(slowest->program).key("is_error").flag(slowest->is_error);
    json.key("seconds").number(static_cast<double>(slowest->duration_ns(now)) / 1e9);
    json.key("link").text(Link("/debug/traces").with("trace", ref).text()).close_object().close_object();
}

Response refuse_value(std::string_view what, std::string_view value, std::string_view wanted) {
    std::string sentence(what);
    // What somebody else may have put into the link is not repeated where it could be taken for more than a value.
    constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:+-_/";
    if (value.find_first_not_of(harmless) == std::string_view::npos) {
        sentence.append(" '").append(shortened(value, shown_value_bytes)).append("'");
    }
    return error_response(400, sentence.append(" ").append(wanted));
}

std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    if (!is_number || value < least || value > most) return std::nullopt;
    return value;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    const std::size_t dot = text.find('.');
    if (dot != std::string_view::npos && text.find_first_not_of("0123456789", dot + 1) != std::string_view::npos) {
        return std::nullopt;
    }
    return parse_whole(text.substr(0, dot), -most, most);
}

}  // namespace quipu
