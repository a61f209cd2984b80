// /debug/pprof/: which profiles the daemon offers, and those of them that need no asking.
#include <algorithm>
#include <array>

#include "daemon/pages/daemon_choice.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/pprof_names.hpp"
#include "daemon/pages/profile_ask.hpp"
#include "daemon/pages/profile_body.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

constexpr std::string_view pprof_path = "/debug/pprof/";

constexpr std::array kinds = {
    ProfileKind{"allocs", "allocs", "allocation profile", "A sampling of all past memory allocations"},
    ProfileKind{"block", "block", "blocking profile", "Where threads wait for each other"},
    ProfileKind{"cmdline", "", "command line", "The command line, its secrets masked"},
    ProfileKind{"goroutine", "threads", "list of threads", "Stacks of all threads, and tasks with what they wait for"},
    ProfileKind{"heap", "heap", "heap profile", "A sampling of the memory in use"},
    ProfileKind{"mutex", "mutex", "mutex profile", "Who holds contended mutexes"},
    ProfileKind{"profile", "profile", "CPU profile", "Where CPU time goes; takes 30 seconds, or seconds=N"},
    ProfileKind{"symbol", "threads", "symbols", "The functions at given addresses"},
    ProfileKind{"threadcreate", "threadcreate", "profile of thread creation", "Stacks that made new threads"},
    ProfileKind{"trace", "trace", "execution trace", "What ran when"},
};

std::string profile_link(const ProfileKind& kind, const std::string& of, int debug) {
    Link link(std::string(pprof_path) + std::string(kind.name));
    if (debug > 0) link.with("debug", debug);
    return link.with("of", of).text();
}

bool is_offered(const State& state, const DaemonChoice& choice, const ProfileKind& kind) {
    // A Go program has them under their own names.
    return kind.topic.empty() || choice.answers(state, kind.topic) || choice.answers(state, kind.name);
}

Response index_as_text(const State& state, const DaemonChoice& choice) {
    std::string out = "/debug/pprof/ of ";
    append_visible(out, choice.facts(state).title, Lines::flat);
    out += "\n\n";
    for (const ProfileKind& kind : kinds) {
        const std::string mark = is_offered(state, choice, kind) ? "" : " (not offered by this daemon)";
        out.append(kind.name).append(std::string(14 - kind.name.size(), ' ')).append(kind.about).append(mark);
        out += '\n';
    }
    return plain_text(out);
}

Response as_html(const State& state, const DaemonChoice& choice, Now now) {
    View view;
    const std::string of = choice.facts(state).of;
    view.set("daemon", choice.facts(state).title);
    set_choices(view, state, of, pprof_path);
    for (const ProfileKind& kind : kinds) {
        View row;
        const bool is_there = is_offered(state, choice, kind);
        const bool has_text = kind.name != "cmdline" && kind.name != "symbol" && kind.name != "trace";
        row.set("name", kind.name).set("about", kind.about).flag("is_offered", is_there);
        row.set("link", profile_link(kind, of, 0)).set("text_link", has_text ? profile_link(kind, of, 1) : "");
        view.add("profiles", std::move(row));
    }
    view.flag("has_cpu", choice.answers(state, "profile"))
        .flag("has_threads", choice.answers(state, "threads") || choice.answers(state, "goroutine"));
    view.set("of", of).set("max_seconds", std::to_string(state.limits.pprof_max_seconds));
    view.set("full_link", Link("/debug/pprof/goroutine").with("debug", 2).with("of", of).text());
    view.set("threads_link", Link("/debug/threads").with("of", of).text());
    return html_page(state, now, {"Profiles", pprof_path, web::pprof_html}, view);
}

}  // namespace

std::span<const ProfileKind> profile_kinds() {
    return kinds;
}

const ProfileKind* find_profile_kind(std::string_view name) {
    const auto it =
        std::find_if(kinds.begin(), kinds.end(), [name](const ProfileKind& kind) { return kind.name == name; });
    return it == kinds.end() ? nullptr : it;
}

PageResult pprof_page(const State& state, const Request& request, Now now) {
    if (request.path != pprof_path) {
        return error_response(404, "There is no such profile; /debug/pprof/ lists them.");
    }
    const auto form = wanted_form(request, Form::html);
    if (!form || *form == Form::json) return error_response(400, "The format of this page is text or html.");
    const auto chosen = choose_daemon(state, request, IfSeveral::newest);
    if (const auto* wrong = std::get_if<Response>(&chosen)) {
        if (*form == Form::text || wrong->status != 503) return *wrong;
        return as_html(state, DaemonChoice{}, now);  // quipud itself is always there
    }
    const auto& choice = std::get<DaemonChoice>(chosen);
    return *form == Form::text ? index_as_text(state, choice) : as_html(state, choice, now);
}

PageResult pprof_redirect(const State& /*state*/, const Request& /*request*/, Now /*now*/) {
    Response response = error_response(301, "The list of profiles is at /debug/pprof/.");
    response.headers.emplace_back("Location", pprof_path);
    return response;
}

PageResult pprof_cmdline_page(const State& state, const Request& request, Now /*now*/) {
    constexpr std::array<std::string_view, 1> known = {"of"};
    if (auto wrong = wrong_parameters(request, known)) return std::move(*wrong);
    const auto chosen = choose_daemon(state, request, IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return *wrong;
    const auto& choice = std::get<DaemonChoice>(chosen);
    // Masked before it was sent.
    const std::vector<std::string>& cmdline = choice.is_quipud() ? state.cmdline : choice.emitter->cmdline;
    if (cmdline.empty()) {
        return error_response(501, visible(choice.facts(state).title) + ", did not tell its command line.");
    }
    std::string out;
    for (const std::string& argument : cmdline) {
        if (&argument != &cmdline.front()) out += '\0';
        out += argument;
    }
    return plain_text(std::move(out));
}

}  // namespace quipu
