// /healthz: one line a check, 503 if one of them failed.
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

PageResult health_page(const State& state, const Request& /*request*/, Now /*now*/) {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.shows_counts = false;  // it must not wait for a disk
    std::string& out = response.body;
    out += "ok serving quipud";
    if (!state.build.version.empty()) out.append(" ").append(state.build.version);
    out += "\nok emitters ";
    append_integer(out, std::uint64_t{state.emitters.daemon_count()});
    out += " connected\n";
    for (const HealthCheck& check : state.health) {
        if (!check.is_ok) response.status = 503;
        out += check.is_ok ? "ok " : "failed ";
        append_visible(out, check.name, Lines::flat);
        if (!check.detail.empty()) {
            out += ' ';
            append_visible(out, check.detail, Lines::flat);
        }
        out += '\n';
    }
    return response;
}

}  // namespace quipu
