// /debug/pprof/flame: a profile to look at. A flame graph where there is JavaScript, a table of functions everywhere,
// and the profile itself to take along, as pprof's file and as folded stacks.
//
// Without `seconds` and of type cpu the page only offers to take one: nobody is profiled by following a link.
#include <array>

#include "daemon/pages/flame_view.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/profile_ask.hpp"
#include "daemon/pages/profile_body.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/threads_view.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

constexpr std::string_view flame_path = "/debug/pprof/flame";
constexpr std::uint32_t offered_seconds = 5;

enum class FlameType : std::uint8_t { cpu, threads };

struct FlameAsk {
    FlameType type = FlameType::cpu;
    std::uint32_t seconds = 0;  // 0: not asked for yet
    DaemonFacts daemon;
};

PageText flame_page_text() {
    return {"Flame graph", flame_path, web::flame_html, {"flame.js"}};
}

Response failed(const State& state, Now now, const Response& error) {
    const std::string_view sentence = std::string_view(error.body).substr(0, error.body.size() - 1);
    Response page = html_error(state, now, flame_page_text(), error.status, sentence);
    for (const auto& header : error.headers) page.headers.push_back(header);
    return page;
}

void set_frame(View& view, const State& state, const FlameAsk& ask) {
    view.set("daemon", ask.daemon.title).set("of", ask.daemon.of);
    const bool is_cpu = ask.type == FlameType::cpu;
    view.flag("is_cpu", is_cpu).flag("is_threads", !is_cpu).flag("has_profile", false);
    view.set("seconds", std::to_string(ask.seconds == 0 ? offered_seconds : ask.seconds));
    view.set("max_seconds", std::to_string(state.limits.pprof_max_seconds));
    set_choices(view, state, ask.daemon.of, flame_path);
    view.set("cpu_link", Link(flame_path).with("type", "cpu").with("of", ask.daemon.of).text());
    view.set("threads_link", Link(flame_path).with("type", "threads").with("of", ask.daemon.of).text());
}

PageJob::Render render_flame(FlameView flame, FlameAsk ask) {
    return [flame = std::move(flame), ask = std::move(ask)](const State& state, const Request&, Now now) {
        View view;
        set_frame(view, state, ask);
        set_flame(view, flame);
        return html_page(state, now, flame_page_text(), view);
    };
}

// Pages for people show errors in the layout.
PageJob::Render render_failure(unsigned status, std::string sentence) {
    return [status, sentence = std::move(sentence)](const State& state, const Request&, Now now) {
        return html_error(state, now, flame_page_text(), status, sentence);
    };
}

PageJob flame_job(FlameAsk ask, std::string body) {
    return {[ask = std::move(ask), body = std::move(body)](const JobTools& tools) -> PageJob::Render {
        if (ask.type == FlameType::threads) {
            const std::optional<NamedThreads> threads = named_threads(body, ask.daemon.pid, tools);
            if (!threads) return render_failure(502, "The daemon sent a list of threads that cannot be read.");
            return render_flame(make_flame(threads->profile, 0), ask);
        }
        const std::optional<ProfileData> profile = named_profile(body, ask.daemon.pid, tools);
        if (!profile) return render_failure(502, "The daemon sent a profile that cannot be read.");
        return render_flame(make_flame(*profile, shown_sample_type(*profile)), ask);
    }};
}

std::variant<FlameAsk, Response> parse(const State& state, const Request& request) {
    constexpr std::array<std::string_view, 3> known = {"type", "seconds", "of"};
    if (auto wrong = wrong_parameters(request, known)) return std::move(*wrong);
    FlameAsk ask;
    const std::string* type = request.parameter("type");
    if (type && *type != "cpu" && *type != "threads") return error_response(400, "The type is cpu or threads.");
    if (type && *type == "threads") ask.type = FlameType::threads;
    const auto seconds = seconds_parameter(state, request, 0);
    if (const auto* wrong = std::get_if<Response>(&seconds)) return *wrong;
    ask.seconds = std::get<0>(seconds);
    return ask;
}

}  // namespace

PageResult flame_page(const State& state, const Request& request, Now now) {
    const auto parsed = parse(state, request);
    if (const auto* wrong = std::get_if<Response>(&parsed)) return failed(state, now, *wrong);
    FlameAsk ask = std::get<FlameAsk>(parsed);
    const auto chosen = choose_daemon(state, request, IfSeveral::newest);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return failed(state, now, *wrong);
    const auto& choice = std::get<DaemonChoice>(chosen);
    ask.daemon = choice.facts(state);
    const bool is_cpu = ask.type == FlameType::cpu;
    const std::string_view topic = is_cpu ? "profile" : "threads";
    if (const auto wrong = not_offered(state, choice, topic, is_cpu ? "CPU profile" : "list of threads")) {
        return failed(state, now, *wrong);
    }
    if (is_cpu && ask.seconds == 0) {
        View view;
        set_frame(view, state, ask);
        return html_page(state, now, flame_page_text(), view);
    }
    if (is_cpu) {
        if (const auto busy = busy_profiling(state, choice, now)) return failed(state, now, *busy);
    }
    Ask question = is_cpu ? cpu_ask(ask.seconds, 0) : Ask{};
    question.topic = topic;
    return ask_daemon(
        choice,
        std::move(question),
        [ask](const State&, const Request&, Now, std::string body) -> Finished {
            return flame_job(ask, std::move(body));
        }
    );
}

}  // namespace quipu
