// /debug/flags: command-line flags of every mail daemon on record, and quipud's own.
//
// As text, the newest mail daemon's come first and exactly as chasquid prints them, so that what reads chasquid's
// page finds what it expects; all others follow in sections that begin with a "# " line.
#include <algorithm>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/others.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

std::vector<const FlagText*> sorted(const std::vector<FlagText>& flags, bool is_set) {
    std::vector<const FlagText*> out;
    for (const FlagText& flag : flags) {
        if (flag.is_set == is_set) out.push_back(&flag);
    }
    std::sort(out.begin(), out.end(), [](const FlagText* a, const FlagText* b) { return a->name < b->name; });
    return out;
}

void append_flags(std::string& out, const std::vector<FlagText>& flags) {
    for (const bool is_set : {true, false}) {
        for (const FlagText* flag : sorted(flags, is_set)) {
            out += '-';
            append_visible(out, flag->name, Lines::flat);
            out += '=';
            append_visible(out, flag->value, Lines::flat);
            out += '\n';
        }
        if (is_set) out += '\n';
    }
}

View section(std::string_view title, std::string_view life, const std::vector<FlagText>& flags) {
    View view;
    view.set("title", title).set("life", life).list("set").list("unset");
    for (const bool is_set : {true, false}) {
        for (const FlagText* flag : sorted(flags, is_set)) {
            View row;
            row.set("name", flag->name).set("value", flag->value);
            view.add(is_set ? "set" : "unset", std::move(row));
        }
    }
    return view;
}

Response flags_as_text(const State& state) {
    std::string own;
    append_flags(own, state.flags);
    const auto append = [](std::string& out, const EmitterRecord& emitter) { append_flags(out, emitter.flags); };
    return sections_as_text(state, append, own);
}

}  // namespace

PageResult flags_page(const State& state, const Request& request, Now now) {
    const auto form = wanted_form(request, Form::text);
    if (!form || *form == Form::json) return error_response(400, "The format of this page is text or html.");
    Response response;
    if (*form == Form::text) {
        response = flags_as_text(state);
    } else {
        View view;
        view.flag("was_connected", !state.emitters.all().empty());
        for (const EmitterRecord* emitter : newest_first(state)) {
            view.add("sections", section(emitter_title(*emitter), life_text(emitter->life), emitter->flags));
        }
        view.add("sections", section(own_title(state), "", state.flags));
        response = html_page(state, now, {"Flags", "/debug/flags", web::flags_html}, view);
    }
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

}  // namespace quipu
