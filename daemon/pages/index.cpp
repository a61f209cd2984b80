// /: what runs, since when, the key numbers, and the way to everything else.
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// Of the labels that begin with `prefix`; all of them together make the family's total.
std::uint64_t count(const State& state, std::string_view name, std::string_view prefix = {}) {
    const Family* family = state.metrics.find(name);
    if (!family || family->kind != Kind::counter) return 0;
    std::uint64_t sum = 0;
    for (auto it = family->series.lower_bound(prefix); it != family->series.end(); ++it) {
        if (!std::string_view(it->first).starts_with(prefix)) break;
        sum += it->second.counter().total;
    }
    return sum;
}

void add_number(View& view, const State& state, std::string_view label, std::uint64_t value, std::string_view link) {
    if (is_disabled(state, link.substr(0, link.find('?')))) link = {};
    View row;
    row.set("label", label).number("value", value).set("link", link);
    view.add("numbers", std::move(row));
}

void add_key_numbers(View& view, const State& state) {
    constexpr std::string_view replies = "chasquid/smtpIn/responseCodeCount";
    add_number(view, state, "Put in the queue", count(state, "chasquid/queue/putCount"), "/debug/queue");
    add_number(view, state, "Delivery attempts", count(state, "chasquid/queue/deliverAttempts"), "/debug/queue");
    add_number(view, state, "Bounces (DSN)", count(state, "chasquid/queue/dsnQueued"), "/debug/queue");
    add_number(
        view, state, "Replies 2xx and 3xx", count(state, replies, "2") + count(state, replies, "3"), "/debug/vars"
    );
    add_number(view, state, "Replies 4xx", count(state, replies, "4"), "/debug/vars");
    add_number(view, state, "Replies 5xx", count(state, replies, "5"), "/debug/vars");
    add_number(view, state, "Loops detected", count(state, "chasquid/smtpIn/loopsDetected"), "/debug/vars");
    std::uint64_t errors = 0;
    for (const auto& [name, family] : state.traces.families()) errors += family.error_count;
    add_number(view, state, "Open traces", state.traces.active().size(), Link("/debug/traces").with("b", -1).text());
    add_number(view, state, "Failed traces", errors, Link("/debug/traces").with("err", 1).text());
}

}  // namespace

PageResult index_page(const State& state, const Request& /*request*/, Now now) {
    View view;
    view.set("hostname", state.hostname).set("version", state.build.version).set("socket", state.ingest_socket);
    set_time(view, "since", state.start_wall_ns, now);
    view.set("up_for", duration_text(now.wall_ns - state.start_wall_ns));
    view.flag("was_connected", !state.emitters.all().empty()).list("emitters");
    view.flag("shows_emitters", !is_disabled(state, "/debug/emitters"));
    view.number("connected_count", state.emitters.connected_count());
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life != Life::connected) continue;
        View row;
        row.set("program", emitter->program).set("version", emitter->version).set("hostname", emitter->hostname);
        row.set("pid", std::to_string(emitter->pid));
        set_time(row, "since", emitter->start_wall_ns, now);
        row.set("up_for", duration_text(now.wall_ns - emitter->start_wall_ns));
        view.add("emitters", std::move(row));
    }
    add_key_numbers(view, state);
    for (const HealthCheck& check : state.health) {
        if (check.is_ok) continue;
        View row;
        row.set("name", check.name).set("detail", check.detail);
        view.add("failed_checks", std::move(row));
    }
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.about.empty() || endpoint.path == "/" || is_disabled(state, endpoint.path)) continue;
        View row;
        row.set("path", endpoint.path).set("label", endpoint.title).set("about", endpoint.about);
        view.add("pages", std::move(row));
    }
    return html_page(state, now, {"Overview", "/", web::index_html}, view);
}

}  // namespace quipu
