// /api/v1/now: everything that a glance needs, in one answer.
#include "daemon/core/history_math.hpp"
#include "daemon/core/now.hpp"
#include "daemon/pages/api.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"

namespace quipu {

namespace {

// What a mail daemon may call the number of mails that wait.
constexpr std::string_view queue_length_ending = "/queue/length";

void write_emitters(JsonWriter& json, const State& state) {
    json.key("emitters").open_array();
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life == Life::ended) continue;
        json.open_object().key("program").text(emitter->program).key("version").text(emitter->version);
        json.key("host").text(emitter->hostname).key("pid").integer(std::uint64_t{emitter->pid});
        json.key("started").integer(emitter->start_wall_ns / second_ns);
        json.key("life").text(life_text(emitter->life)).key("since").integer(emitter->life_wall_ns / second_ns);
        json.close_object();
    }
    json.close_array();
}

void write_health(JsonWriter& json, const State& state) {
    bool is_ok = true;
    for (const HealthCheck& check : state.health) is_ok = is_ok && check.is_ok;
    json.key("ok").flag(is_ok).key("health").open_array();
    for (const HealthCheck& check : state.health) {
        json.open_object().key("name").text(check.name).key("ok").flag(check.is_ok);
        json.key("detail").text(check.detail).close_object();
    }
    json.close_array();
}

// {"family": value} or {"family": {"label": value}}.
template <typename Write>
void write_by_name(JsonWriter& json, const std::vector<const Family*>& families, Write write) {
    json.open_object();
    for (const Family* family : families) {
        json.key(family->name);
        if (family->is_labelled()) json.open_object();
        for (const auto& [label, series] : family->series) {
            if (family->is_labelled()) json.key(label);
            write(*family, label, series);
        }
        if (family->series.empty() && !family->is_labelled()) json.null();
        if (family->is_labelled()) json.close_object();
    }
    json.close_object();
}

void write_rates(JsonWriter& json, const State& state, const std::vector<const Family*>& shown) {
    std::vector<const Family*> counters;
    for (const Family* family : shown) {
        if (family->kind == Kind::counter) counters.push_back(family);
    }
    write_by_name(json, counters, [&](const Family& family, const std::string& label, const Series&) {
        const HistorySeries* series = state.history.find(family.name, label);
        const auto rate = series ? rate_now(state.history, *series, rate_over_s) : std::nullopt;
        rate ? json.number(*rate) : json.null();
    });
}

void write_queue(JsonWriter& json, const std::vector<const Family*>& shown) {
    json.key("queue").open_object().key("length");
    for (const Family* family : shown) {
        if (family->kind != Kind::gauge || !family->name.ends_with(queue_length_ending)) continue;
        if (family->is_labelled() || family->series.empty()) continue;
        write_value(json, *family, family->series.begin()->second);
        json.key("name").text(family->name).close_object();
        return;
    }
    json.null().close_object();
}

}  // namespace

PageResult api_now_page(const State& state, const Request& /*request*/, Now now) {
    std::vector<const Family*> shown;
    const bool is_all = shown_at_once(state, shown);
    Response response;
    response.content_type = json_type;
    JsonWriter json(response.body);
    json.open_object().key("now").integer(now.wall_ns / second_ns);
    json.key("quipud").open_object().key("version").text(state.build.version);
    json.key("started").integer(state.start_wall_ns / second_ns).close_object();
    json.key("host").text(state.hostname).key("ingest_socket").text(state.ingest_socket);
    const EmitterRecord* newest = state.emitters.newest();
    json.key("program").text(newest ? newest->program : "").key("version").text(newest ? newest->version : "");
    json.key("was_connected").flag(newest != nullptr);
    json.key("connected").integer(std::uint64_t{state.emitters.daemon_count()});
    write_emitters(json, state);
    write_health(json, state);
    json.key("traces");
    write_traces(json, state, now);
    write_queue(json, shown);
    json.key("is_complete").flag(is_all).key("values");
    write_by_name(json, shown, [&json](const Family& family, const std::string&, const Series& series) {
        write_value(json, family, series);
    });
    json.key("rates");
    write_rates(json, state, shown);
    json.key("rates_over").integer(rate_over_s).close_object();
    response.body += '\n';
    return response;
}

}  // namespace quipu
