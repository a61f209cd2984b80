// /: the dashboard. What runs, what it does, what it did, and the way to everything else.
#include <algorithm>
#include <array>

#include "daemon/pages/dashboard.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::array ranges = {
    std::pair{"15m", "15 minutes"},
    std::pair{"1h", "1 hour"},
    std::pair{"2h", "2 hours"},
    std::pair{"6h", "6 hours"},
    std::pair{"24h", "24 hours"},
    std::pair{"7d", "7 days"},
    std::pair{"30d", "30 days"},
};

void add_ranges(View& view, const Request& request) {
    const std::string* asked = request.parameter("range");
    const bool is_fixed = request.parameter("from") != nullptr;
    const bool is_known = asked && std::any_of(ranges.begin(), ranges.end(), [asked](const auto& range) {
                              return *asked == range.first;
                          });
    const std::string_view here = is_known ? std::string_view(*asked) : "15m";
    for (const auto& [name, text] : ranges) {
        Link link("/");
        link.with("range", name);
        for (const auto& [parameter, value] : request.parameters) {
            if (parameter == "add") link.with(parameter, value);
        }
        View row;
        row.set("name", name).set("text", text).set("link", link.text()).flag("is_here", !is_fixed && here == name);
        view.add("ranges", std::move(row));
    }
}

// What an option of quipud's is set to.
std::string_view flag_value(const State& state, std::string_view name) {
    for (const FlagText& flag : state.flags) {
        if (flag.name == name) return flag.value;
    }
    return {};
}

void add_emitters(View& view, const State& state, Now now) {
    view.flag("was_connected", !state.emitters.all().empty()).list("emitters");
    view.flag("is_connected", state.emitters.daemon_count() > 0);
    view.set("socket_mode", flag_value(state, "ingest_mode")).set("socket_group", flag_value(state, "ingest_group"));
    view.flag("shows_emitters", !is_disabled(state, "/debug/emitters"));
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life != Life::connected) continue;
        View row;
        row.set("program", emitter->program).set("version", emitter->version).set("hostname", emitter->hostname);
        row.set("pid", std::to_string(emitter->pid));
        set_time(row, "since", emitter->start_wall_ns, now);
        row.set("up_for", duration_text(now.wall_ns - emitter->start_wall_ns));
        view.add("emitters", std::move(row));
    }
}

}  // namespace

PageResult index_page(const State& state, const Request& request, Now now) {
    View view;
    view.set("hostname", state.hostname).set("version", state.build.version).set("socket", state.ingest_socket);
    set_time(view, "since", state.start_wall_ns, now);
    view.set("up_for", duration_text(now.wall_ns - state.start_wall_ns));
    add_emitters(view, state, now);
    view.flag("is_well", true);
    for (const HealthCheck& check : state.health) {
        if (check.is_ok) continue;
        View row;
        row.set("name", check.name).set("detail", check.detail);
        view.add("failed_checks", std::move(row));
        view.flag("is_well", false);
    }
    add_tiles(view, state, now);
    add_ranges(view, request);
    add_charts(view, state, request);
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.about.empty() || endpoint.path == "/" || is_disabled(state, endpoint.path)) continue;
        View row;
        row.set("path", endpoint.path).set("label", endpoint.title).set("about", endpoint.about);
        view.add("pages", std::move(row));
    }
    const PageText page{
        "Overview",
        "/",
        web::index_html,
        {"dashboard.css", "dygraph.css", "dygraph.js", "feed.js", "tiles.js", "add.js", "charts.js", "view.js"}};
    return html_page(state, now, page, view);
}

}  // namespace quipu
