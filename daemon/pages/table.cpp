// THE list of endpoints, and the way from a request to its row. Index, navigation, HEAD, 405 and headers come from
// here: a new page is its own file and one row.
#include <algorithm>
#include <array>

#include "daemon/pages/guard.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/target.hpp"

namespace quipu {

namespace {

constexpr std::array endpoint_rows = {
    Endpoint{"/", "Overview", "what the mail is doing, at a glance", index_page},
    Endpoint{"/debug/traces", "Traces", "requests and jobs, open and ended, with their events", traces_page},
    Endpoint{"/debug/traces/live", "", "", traces_live_page},
    Endpoint{"/debug/traces/stream", "", "", traces_stream_page},
    Endpoint{"/debug/queue", "Queue", "mail waiting for delivery, asked of the mail daemon just now", queue_page},
    Endpoint{"/debug/threads", "Threads", "what each thread and task of the mail daemon does just now", threads_page},
    Endpoint{"/debug/pprof/profile", "", "", pprof_cpu_page},
    Endpoint{"/debug/pprof/flame", "", "", flame_page},
    Endpoint{"/debug/pprof/goroutine", "", "", pprof_goroutine_page},
    Endpoint{"/debug/pprof/heap", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/allocs", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/threadcreate", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/block", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/mutex", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/trace", "", "", pprof_other_page},
    Endpoint{"/debug/pprof/cmdline", "", "", pprof_cmdline_page},
    Endpoint{"/debug/pprof/symbol", "", "", pprof_symbol_page, false, true},
    Endpoint{"/debug/pprof", "", "", pprof_redirect},
    Endpoint{"/debug/pprof/", "Profiles", "CPU, heap and threads, for go tool pprof and as flame graphs", pprof_page},
    Endpoint{"/debug/variables", "Variables", "all variables, with kind and meaning", variables_page},
    Endpoint{"/debug/flags", "Flags", "command-line flags of the mail daemon and of quipud", flags_page},
    Endpoint{"/debug/config", "Configuration", "configuration of the mail daemon and of quipud", config_page},
    Endpoint{"/debug/emitters", "Emitters", "which mail daemons push, and how the gone ones ended", emitters_page},
    Endpoint{"/api/v1/series", "", "", api_series_page},
    Endpoint{"/api/v1/history", "", "", api_history_page},
    Endpoint{"/api/v1/now", "", "", api_now_page},
    Endpoint{"/api/v1/stream", "", "", api_stream_page},
    Endpoint{"/api/v1/", "", "the same as JSON for scripts: series, history, now, stream", api_page},
    Endpoint{"/debug/vars", "", "all variables as expvar JSON, for programs", vars_page},
    Endpoint{"/metrics", "", "all variables for Prometheus, as OpenMetrics or text", metrics_page},
    Endpoint{"/healthz", "", "whether quipud is well: one line a check, for service managers", health_page, true},
    Endpoint{"/static/", "", "", static_page, true},
};

const Endpoint* find_endpoint(std::string_view path) {
    const auto row = std::find_if(endpoint_rows.begin(), endpoint_rows.end(), [path](const Endpoint& endpoint) {
        const bool is_prefix = endpoint.path.size() > 1 && endpoint.path.ends_with('/');
        return is_prefix ? path.starts_with(endpoint.path) : path == endpoint.path;
    });
    return row == endpoint_rows.end() ? nullptr : row;
}

PageResult answer(const State& state, Request& request, Now now) {
    Target target;
    if (!parse_target(request.target, target)) {
        return error_response(400, "The request's target cannot be decoded.");
    }
    if (auto refused = refusal(state, request, target.authority)) return std::move(*refused);
    request.path = std::move(target.path);
    request.parameters = std::move(target.parameters);
    const Endpoint* endpoint = find_endpoint(request.path);
    // The path is not repeated: it is the asker's text, and the asker knows it.
    if (!endpoint) return error_response(404, "There is no such page; the list of pages is at /.");
    if (is_disabled(state, endpoint->path)) {
        return error_response(403, "This page is switched off here (quipud's flag disable).");
    }
    const bool is_post_taken = request.method == Method::post && endpoint->takes_post;
    if (request.method != Method::get && request.method != Method::head && !is_post_taken) {
        Response response = error_response(405, "Pages can only be read, with GET or HEAD.");
        response.headers.emplace_back("Allow", endpoint->takes_post ? "GET, HEAD, POST" : "GET, HEAD");
        return response;
    }
    return endpoint->handler(state, request, now);
}

// A page's work, its head with the headers that every response gets.
class WithCommonHeaders final : public PageWork {
public:
    explicit WithCommonHeaders(std::unique_ptr<PageWork> page) : page_(std::move(page)) {}

    std::optional<Response> head(const State& state, const Request& request, Now now) override {
        std::optional<Response> head = page_->head(state, request, now);
        if (head) add_common_headers(*head);
        return head;
    }

    bool more(const State& state, std::string& body) override { return page_->more(state, body); }

    [[nodiscard]] std::size_t bytes() const override { return page_->bytes(); }

private:
    std::unique_ptr<PageWork> page_;
};

PageJob with_common_headers(PageJob job) {
    return {[run = std::move(job.run)](const JobTools& tools) -> PageJob::Render {
        return [render = run(tools)](const State& state, const Request& request, Now now) {
            Response response = render(state, request, now);
            add_common_headers(response);
            return response;
        };
    }};
}

Finished with_common_headers(Finished finished) {
    if (auto* page = std::get_if<std::unique_ptr<PageWork>>(&finished)) {
        return std::make_unique<WithCommonHeaders>(std::move(*page));
    }
    if (auto* job = std::get_if<PageJob>(&finished)) return with_common_headers(std::move(*job));
    add_common_headers(std::get<Response>(finished));
    return finished;
}

}  // namespace

std::span<const Endpoint> endpoints() {
    return endpoint_rows;
}

bool is_quick(std::string_view target) {
    const Endpoint* endpoint = find_endpoint(target.substr(0, target.find('?')));
    return endpoint && endpoint->is_quick;
}

std::string_view page_name(std::string_view path) {
    constexpr std::string_view debug = "/debug/";
    if (path == "/") return "index";
    if (path.starts_with("/static/")) return {};
    path.remove_prefix(path.starts_with(debug) ? debug.size() : 1);
    path = path.substr(0, path.find('/'));
    return path.find('.') == std::string_view::npos ? path : std::string_view{};
}

std::vector<std::string_view> page_names() {
    std::vector<std::string_view> names;
    for (const Endpoint& endpoint : endpoint_rows) {
        const std::string_view name = page_name(endpoint.path);
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

bool is_disabled(const State& state, std::string_view path) {
    const auto& off = state.disabled_pages;
    return !off.empty() && std::find(off.begin(), off.end(), page_name(path)) != off.end();
}

std::optional<Response> refusal_at_door(const State& state, const Request& request) {
    Target target;
    std::optional<Response> refused;
    if (!parse_target(request.target, target)) {
        refused = error_response(400, "The request's target cannot be decoded.");
    } else {
        refused = refusal(state, request, target.authority);
    }
    if (refused) add_common_headers(*refused);
    return refused;
}

PageResult dispatch(const State& state, Request& request, Now now) {
    PageResult result = answer(state, request, now);
    if (auto* response = std::get_if<Response>(&result)) {
        add_common_headers(*response);
        return result;
    }
    if (auto* stream = std::get_if<PageStream>(&result)) {
        add_common_headers(stream->head);
        return result;
    }
    if (auto* page = std::get_if<std::unique_ptr<PageWork>>(&result)) {
        return std::make_unique<WithCommonHeaders>(std::move(*page));
    }
    auto& ask = std::get<PageAsk>(result);
    ask.finish = [finish = std::move(ask.finish)](
                     const State& later_state, const Request& its_request, Now later, std::vector<Reply> replies
                 ) { return with_common_headers(finish(later_state, its_request, later, std::move(replies))); };
    return result;
}

void add_common_headers(Response& response) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> headers = {{
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
         "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-store"},
        {"X-Frame-Options", "DENY"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
    }};
    for (const auto& [name, value] : headers) {
        // Once: a page may know better what may be kept, and a page that asks comes here twice.
        const bool is_set =
            std::any_of(response.headers.begin(), response.headers.end(), [wanted = name](const auto& header) {
                return header.first == wanted;
            });
        if (!is_set) response.headers.emplace_back(name, value);
    }
}

Response error_response(unsigned status, std::string_view sentence) {
    Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = sentence;
    response.body += '\n';
    return response;
}

const std::string* Request::parameter(std::string_view name) const {
    const auto it = std::find_if(parameters.begin(), parameters.end(), [name](const auto& parameter) {
        return parameter.first == name;
    });
    return it == parameters.end() ? nullptr : &it->second;
}

std::string Request::needle() const {
    constexpr std::size_t max_bytes = 256;
    const std::string* q = parameter("q");
    return q ? q->substr(0, max_bytes) : "";
}

}  // namespace quipu
