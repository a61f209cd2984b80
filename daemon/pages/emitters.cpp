// /debug/emitters: who pushes, who did, and how it ended.
#include <algorithm>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/traces_ask.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// Connected ones first, then the lost, then the ended; the latest change of life first within each.
std::vector<const EmitterRecord*> in_order(const State& state) {
    std::vector<const EmitterRecord*> emitters;
    for (const auto& emitter : state.emitters.all()) emitters.push_back(emitter.get());
    std::stable_sort(emitters.begin(), emitters.end(), [](const EmitterRecord* a, const EmitterRecord* b) {
        if (a->life != b->life) return a->life < b->life;
        return a->life_wall_ns > b->life_wall_ns;
    });
    return emitters;
}

// Counter series and histogram cells that it has contributed to.
std::size_t series_count(const EmitterRecord& emitter) {
    return emitter.metrics.counts.size();
}

// Of its traces that were open when it ended, those that are kept.
std::size_t orphan_count(const State& state, const EmitterRecord& emitter) {
    const auto& orphans = state.traces.orphans();
    const auto is_its = [&emitter](const TraceRecord* trace) { return trace->ref.instance == emitter.traces.instance; };
    return static_cast<std::size_t>(std::count_if(orphans.begin(), orphans.end(), is_its));
}

View row_of(const State& state, const EmitterRecord& emitter, Now now) {
    View row;
    row.set("number", std::to_string(emitter.number));
    row.set("program", emitter.program).set("version", emitter.version).set("hostname", emitter.hostname);
    const std::string instance = instance_hex(emitter);
    row.set("instance", instance).set("short_instance", std::string_view(instance).substr(0, 8));
    row.set("pid", std::to_string(emitter.pid));
    const bool is_other_pid = emitter.peer.pid > 0 && static_cast<std::uint32_t>(emitter.peer.pid) != emitter.pid;
    row.set("peer_pid", is_other_pid ? std::to_string(emitter.peer.pid) : "");
    row.set("uid", std::to_string(emitter.peer.uid));
    row.set("life", life_text(emitter.life)).set("how", emitter.life == Life::connected ? "" : emitter.how);
    row.flag("is_companion", emitter.is_companion);
    row.flag("is_connected", emitter.life == Life::connected).flag("is_lost", emitter.life == Life::lost);
    set_time(row, "life_since", emitter.life_wall_ns, now);
    set_time(row, "started", emitter.start_wall_ns, now);
    set_time(row, "connected", emitter.connected_wall_ns, now);
    set_time(row, "heard", emitter.heard_wall_ns, now);
    row.number("connections", emitter.connections).number("frames", emitter.frames);
    row.set("bytes", bytes_text(emitter.bytes)).number("series", series_count(emitter));
    row.number("open_traces", emitter.traces.open.size());
    row.set("orphans_link", "");
    if (const std::size_t orphans = orphan_count(state, emitter); orphans > 0) {
        Link link("/debug/traces");
        link.with("b", bucket_orphans).with("of", std::string_view(instance).substr(0, 16));
        row.set("orphans_link", link.text()).number("orphans", orphans);
    }
    row.number("dropped_events", emitter.traces.dropped_events);
    row.number("dropped_traces", emitter.traces.dropped_traces);
    row.flag("has_drops", emitter.traces.dropped_events + emitter.traces.dropped_traces > 0);
    std::string cmdline;
    for (const std::string& argument : shown_cmdline(state, emitter))
        cmdline.append(cmdline.empty() ? "" : " ").append(argument);
    row.set("cmdline", cmdline);
    return row;
}

void append_json(JsonWriter& json, const State& state, const EmitterRecord& emitter) {
    const auto time = [&json](std::string_view name, std::int64_t wall_ns) {
        json.key(name).text(wall_ns == 0 ? "" : iso_time(wall_ns));
    };
    json.open_object();
    json.key("number").integer(std::uint64_t{emitter.number});
    json.key("instance").text(instance_hex(emitter));
    json.key("program").text(emitter.program).key("version").text(emitter.version);
    json.key("hostname").text(emitter.hostname);
    json.key("pid").integer(std::uint64_t{emitter.pid}).key("peer_pid").integer(std::int64_t{emitter.peer.pid});
    json.key("uid").integer(std::uint64_t{emitter.peer.uid}).key("gid").integer(std::uint64_t{emitter.peer.gid});
    json.key("is_companion").flag(emitter.is_companion);
    json.key("life").text(life_text(emitter.life)).key("how").text(emitter.how);
    time("life_since", emitter.life_wall_ns);
    time("started", emitter.start_wall_ns);
    time("connected_since", emitter.connected_wall_ns);
    time("last_heard", emitter.heard_wall_ns);
    json.key("connections").integer(std::uint64_t{emitter.connections});
    json.key("frames").integer(emitter.frames).key("bytes").integer(emitter.bytes);
    json.key("series").integer(std::uint64_t{series_count(emitter)});
    json.key("open_traces").integer(std::uint64_t{emitter.traces.open.size()});
    json.key("orphaned_traces").integer(std::uint64_t{orphan_count(state, emitter)});
    json.key("dropped_events").integer(emitter.traces.dropped_events);
    json.key("dropped_traces").integer(emitter.traces.dropped_traces);
    json.key("topics").open_array();
    for (const std::string& topic : emitter.topics) json.text(topic);
    json.close_array().key("cmdline").open_array();
    for (const std::string& argument : shown_cmdline(state, emitter)) json.text(argument);
    json.close_array().close_object();
}

// What decides who may push, for those who look for a mail daemon that does not appear.
void set_access(const State& state, View& view) {
    std::string users;
    for (const std::string& user : state.ingest.users) users.append(users.empty() ? "" : ", ").append(user);
    view.set("users", users).list("access");
    for (const FileAccess& file : state.ingest.access) {
        View row;
        row.set("path", file.path).set("mode", file.mode).set("owner", file.owner).set("group", file.group);
        view.add("access", std::move(row));
    }
    const std::uint64_t refused = state.own.refused_users.total;
    view.flag("has_refused_users", refused > 0).number("refused_users", refused);
    view.set("last_refused_uid", std::to_string(state.ingest.last_refused_uid));
}

void append_access(JsonWriter& json, const State& state) {
    json.key("access").open_array();
    for (const FileAccess& file : state.ingest.access) {
        json.open_object().key("path").text(file.path).key("mode").text(file.mode);
        json.key("owner").text(file.owner).key("group").text(file.group).close_object();
    }
    json.close_array().key("users").open_array();
    for (const std::string& user : state.ingest.users) json.text(user);
    json.close_array().key("refused_users").integer(state.own.refused_users.total);
}

Response as_json(const State& state) {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    JsonWriter json(response.body);
    json.open_object().key("socket").text(state.ingest_socket);
    append_access(json, state);
    json.key("emitters").open_array();
    for (const EmitterRecord* emitter : in_order(state)) append_json(json, state, *emitter);
    json.close_array().close_object();
    response.body += '\n';
    return response;
}

}  // namespace

PageResult emitters_page(const State& state, const Request& request, Now now) {
    const auto form = wanted_form(request, Form::html);
    if (!form || *form == Form::text) return error_response(400, "The format of this page is html or json.");
    if (*form == Form::json) return as_json(state);
    View view;
    view.set("socket", state.ingest_socket).list("emitters");
    view.number("connected_count", state.emitters.daemon_count());
    view.flag("is_none_connected", state.emitters.daemon_count() == 0);
    view.flag("has_emitters", !state.emitters.all().empty());
    set_access(state, view);
    for (const EmitterRecord* emitter : in_order(state)) view.add("emitters", row_of(state, *emitter, now));
    return html_page(state, now, {"Emitters", "/debug/emitters", web::emitters_html}, view);
}

}  // namespace quipu
