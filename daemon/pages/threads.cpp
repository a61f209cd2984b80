// /debug/threads: what each thread of a mail daemon does just now, and each task where it registers them. And the same
// as /debug/pprof/goroutine, in the three forms that tools know.
#include <array>
#include <functional>
#include <utility>

#include "daemon/pages/goroutines.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/profile_ask.hpp"
#include "daemon/pages/profile_body.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/threads_text.hpp"
#include "daemon/pages/threads_view.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"
#include "daemon/profile/legacy_text.hpp"

namespace quipu {

namespace {

constexpr std::string_view threads_path = "/debug/threads";
constexpr std::string_view threads_topic = "threads";
constexpr std::string_view go_topic = "goroutine";
constexpr std::string_view unreadable_list = "The daemon sent a list of threads that cannot be read.";
// Of one group on the HTML page; text and JSON have all.
constexpr std::size_t max_rows = 200;

View group_view(const ThreadGroup& group, bool are_goroutines) {
    View view;
    view.number("count", group.threads.size()).flag("is_one", group.threads.size() == 1).flag("is_cut", group.is_cut);
    view.set("no_stack_because", group.no_stack_because).list("threads").list("frames");
    view.flag("frames_any", !group.stack.empty());
    for (std::size_t i = 0; i < group.threads.size() && i < max_rows; ++i) {
        const ThreadRow& thread = group.threads[i];
        View row;
        row.set("tid", std::to_string(thread.tid)).set("name", thread.name).set("state", thread.state);
        row.set("waits", thread.waits);
        row.set("cpu", are_goroutines ? "" : seconds_text(static_cast<std::int64_t>(thread.cpu_ns)));
        row.flag("is_running", thread.state == "running");
        view.add("threads", std::move(row));
    }
    const std::size_t more = group.threads.size() > max_rows ? group.threads.size() - max_rows : 0;
    view.set("more", more > 0 ? grouped(more) : "");
    for (const ThreadFrame& frame : group.stack) {
        View row;
        row.set("address", frame.address == 0 ? "" : hex_address(frame.address))
            .set("name", frame.name)
            .set("file", frame.file);
        row.set("line", frame.line > 0 ? std::to_string(frame.line) : "");
        view.add("frames", std::move(row));
    }
    return view;
}

View task_view(const TaskGroup& group, std::int64_t taken_wall_ns, Now now) {
    View view;
    view.number("count", group.tasks.size()).set("group", group.group).set("waits_for", group.waits_for).list("tasks");
    const std::int64_t oldest = group.tasks.front().since_wall_ns;
    view.set("oldest", oldest == 0 ? "" : duration_text(taken_wall_ns - oldest));
    for (std::size_t i = 0; i < group.tasks.size() && i < max_rows; ++i) {
        const TaskRow& task = group.tasks[i];
        View row;
        row.set("id", std::to_string(task.id)).set("name", task.name).set("details", task.details);
        set_time(row, "since", task.since_wall_ns, now);
        set_time(row, "begun", task.begun_wall_ns, now);
        row.set("for", task.since_wall_ns == 0 ? "" : duration_text(taken_wall_ns - task.since_wall_ns));
        view.add("tasks", std::move(row));
    }
    const std::size_t more = group.tasks.size() > max_rows ? group.tasks.size() - max_rows : 0;
    view.set("more", more > 0 ? grouped(more) : "");
    return view;
}

// `choices` was set by the caller.
void fill(View& view, const ThreadsView& threads, Now now) {
    view.number("thread_count", threads.thread_count).number("task_count", threads.task_count);
    view.flag("tasks_any", !threads.tasks.empty()).list("notes").list("groups").list("tasks");
    for (const std::string& note : threads.notes) view.add("notes", std::move(View().set("note", note)));
    for (const ThreadGroup& group : threads.threads) view.add("groups", group_view(group, threads.are_goroutines));
    for (const TaskGroup& group : threads.tasks) view.add("tasks", task_view(group, threads.taken_wall_ns, now));
}

PageText threads_page_text() {
    return {"Threads", threads_path, web::threads_html};
}

PageJob::Render html_render(ThreadsView threads, DaemonFacts daemon) {
    return [threads = std::move(threads), daemon = std::move(daemon)](const State& state, const Request&, Now now) {
        View view;
        view.set("daemon", daemon.title).set("of", daemon.of);
        set_choices(view, state, daemon.of, threads_path);
        set_time(view, "taken", threads.taken_wall_ns, now);
        view.set("text_link", Link(threads_path).with("format", "text").with("of", daemon.of).text());
        view.set("json_link", Link(threads_path).with("format", "json").with("of", daemon.of).text());
        view.set("flame_link", Link("/debug/pprof/flame").with("type", "threads").with("of", daemon.of).text());
        fill(view, threads, now);
        return html_page(state, now, threads_page_text(), view);
    };
}

Response json_response(std::string body) {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    response.body = std::move(body);
    return response;
}

PageJob threads_job(DaemonFacts daemon, Form form, std::function<std::optional<ThreadsView>(const JobTools&)> read) {
    return {[daemon = std::move(daemon), form, read = std::move(read)](const JobTools& tools) -> PageJob::Render {
        std::optional<ThreadsView> threads = read(tools);
        if (!threads) return rendered(error_response(502, unreadable_list));
        switch (form) {
            case Form::text: return rendered(plain_text(threads_text(*threads, daemon.title)));
            case Form::json: return rendered(json_response(threads_json(*threads, daemon.title)));
            case Form::html: return html_render(std::move(*threads), daemon);
        }
        return {};
    }};
}

PageAsk ask_for_threads(const DaemonChoice& choice, DaemonFacts daemon, Form form) {
    Ask ask;
    ask.topic = threads_topic;
    return ask_daemon(
        choice,
        std::move(ask),
        [daemon = std::move(daemon), form](const State&, const Request&, Now, std::string body) -> Finished {
            return threads_job(daemon, form, [body = std::move(body), pid = daemon.pid](const JobTools& tools) {
                std::optional<NamedThreads> threads = named_threads(body, pid, tools);
                return threads ? std::optional(std::move(threads->view)) : std::nullopt;
            });
        }
    );
}

// A Go program's dump says the same in other words.
PageAsk ask_for_goroutines(const DaemonChoice& choice, DaemonFacts daemon, Form form) {
    Ask ask;
    ask.topic = go_topic;
    ask.args.emplace_back("debug", "2");
    return ask_daemon(
        choice,
        std::move(ask),
        [daemon = std::move(daemon), form](const State&, const Request&, Now now, std::string body) -> Finished {
            return threads_job(daemon, form, [body = std::move(body), taken = now.wall_ns](const JobTools&) {
                return goroutines_view(body, taken);
            });
        }
    );
}

// An error as this page shows it.
Response failed(const State& state, Now now, Form form, const Response& error) {
    if (form != Form::html) return error;
    const std::string_view sentence = std::string_view(error.body).substr(0, error.body.size() - 1);
    Response page = html_error(state, now, threads_page_text(), error.status, sentence);
    page.headers = error.headers;
    return page;
}

}  // namespace

PageResult threads_page(const State& state, const Request& request, Now now) {
    const auto form = wanted_form(request, Form::text);
    if (!form) return error_response(400, "The format of this page is text, html or json.");
    const auto chosen = choose_daemon(state, request, *form == Form::html ? IfSeveral::newest : IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return failed(state, now, *form, *wrong);
    const auto& choice = std::get<DaemonChoice>(chosen);
    if (choice.answers(state, go_topic)) return ask_for_goroutines(choice, choice.facts(state), *form);
    if (const auto wrong = not_offered(state, choice, threads_topic, "list of threads")) {
        return failed(state, now, *form, *wrong);
    }
    return ask_for_threads(choice, choice.facts(state), *form);
}

PageResult pprof_goroutine_page(const State& state, const Request& request, Now /*now*/) {
    constexpr std::array<std::string_view, 3> known = {"seconds", "debug", "of"};
    if (auto wrong = wrong_parameters(request, known)) return std::move(*wrong);
    if (request.parameter("seconds")) {
        return error_response(400, "Threads are listed as they are at one moment: seconds is not for this page.");
    }
    const auto debug = whole_parameter(request, "debug", 0, 2, 0);
    if (const auto* wrong = std::get_if<Response>(&debug)) return *wrong;
    const auto chosen = choose_daemon(state, request, IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) return *wrong;
    const auto& choice = std::get<DaemonChoice>(chosen);
    Ask ask;
    if (choice.answers(state, go_topic)) {
        ask.topic = go_topic;
        if (request.parameter("debug")) ask.args.emplace_back("debug", std::to_string(std::get<0>(debug)));
        return ask_daemon(choice, std::move(ask), [](const State&, const Request&, Now, std::string body) -> Finished {
            return unchanged(std::move(body), "goroutine");
        });
    }
    if (auto wrong = not_offered(state, choice, threads_topic, "list of threads")) return std::move(*wrong);
    ask.topic = threads_topic;
    return ask_daemon(
        choice,
        std::move(ask),
        [level = std::get<0>(debug),
         pid = choice.facts(state).pid](const State&, const Request&, Now, std::string body) -> Finished {
            return PageJob{[level, pid, body = std::move(body)](const JobTools& tools) {
                const std::optional<NamedThreads> threads = named_threads(body, pid, tools);
                if (!threads) return rendered(error_response(502, unreadable_list));
                if (level == 2) return rendered(plain_text(goroutine_dump(threads->view)));
                if (level == 0) return rendered(profile_file(threads->profile, "goroutine"));
                const std::string text = legacy_text(threads->profile, "goroutine", 0);
                return rendered(plain_text(visible(text, Lines::kept)));
            }};
        }
    );
}

}  // namespace quipu
