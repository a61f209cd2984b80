// /debug/config: the configuration text of every mail daemon on record, and what quipud runs with. As on
// /debug/flags, the newest mail daemon's text comes first and alone, all others in sections.
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/others.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

// All of quipud's configuration are its flags: as lines of its configuration file.
std::string own_config(const State& state) {
    std::string out;
    for (const FlagText& flag : state.flags) {
        append_visible(out, flag.name, Lines::flat);
        out += " = ";
        append_visible(out, flag.value, Lines::flat);
        out += '\n';
    }
    return out;
}

View section(std::string_view title, std::string_view life, std::string_view text) {
    View view;
    view.set("title", title).set("life", life).set("text", text);
    return view;
}

void append_config(std::string& out, const EmitterRecord& emitter) {
    append_visible(out, emitter.config_text, Lines::kept);
    if (!out.empty() && out.back() != '\n') out += '\n';
}

}  // namespace

PageResult config_page(const State& state, const Request& request, Now now) {
    const auto form = wanted_form(request, Form::text);
    if (!form || *form == Form::json) return error_response(400, "The format of this page is text or html.");
    Response response;
    if (*form == Form::text) {
        response = sections_as_text(state, append_config, own_config(state));
    } else {
        View view;
        view.flag("was_connected", !state.emitters.all().empty());
        for (const EmitterRecord* emitter : newest_first(state)) {
            view.add("sections", section(emitter_title(*emitter), life_text(emitter->life), emitter->config_text));
        }
        view.add("sections", section(own_title(state), "", own_config(state)));
        response = html_page(state, now, {"Configuration", "/debug/config", web::config_html}, view);
    }
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

}  // namespace quipu
