#include "daemon/pages/threads_text.hpp"

#include <algorithm>

#include "daemon/pages/json.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"
#include "daemon/profile/legacy_text.hpp"

namespace quipu {

namespace {

std::string flat(std::string_view text) {
    return visible(text, Lines::flat);
}

std::string place(const ThreadFrame& frame) {
    return flat(frame.file) + ":" + std::to_string(frame.line);
}

void append_thread(std::string& out, const ThreadRow& thread, bool is_goroutine) {
    if (is_goroutine) {
        out += "goroutine " + std::to_string(thread.tid) + " " + flat(thread.state);
        if (!thread.waits.empty()) out += ", " + flat(thread.waits);
        out += '\n';
        return;
    }
    out += "thread " + std::to_string(thread.tid) + " \"" + flat(thread.name) + "\" " + thread.state;
    if (!thread.waits.empty()) out += " (" + flat(thread.waits) + ")";
    out += ", CPU " + seconds_text(static_cast<std::int64_t>(thread.cpu_ns)) + " s\n";
}

void append_stack(std::string& out, const ThreadGroup& group) {
    for (const ThreadFrame& frame : group.stack) {
        out += "    ";
        if (frame.address != 0) out += hex_address(frame.address) + "  ";
        out += flat(frame.name);
        if (!frame.file.empty()) out += "  " + place(frame);
        out += '\n';
    }
    if (group.is_cut) out += "    ... it is deeper\n";
    if (!group.no_stack_because.empty()) out += "    no stack: " + flat(group.no_stack_because) + "\n";
}

std::string waiting_for(std::int64_t since_wall_ns, std::int64_t now_wall_ns) {
    return since_wall_ns == 0 ? "" : ", for " + duration_text(now_wall_ns - since_wall_ns);
}

// As Go tells it, from a minute on.
std::string go_minutes(std::int64_t since_wall_ns, std::int64_t now_wall_ns) {
    constexpr std::int64_t minute_ns = 60'000'000'000;
    if (since_wall_ns == 0 || now_wall_ns - since_wall_ns < minute_ns) return {};
    return ", " + std::to_string((now_wall_ns - since_wall_ns) / minute_ns) + " minutes";
}

// Inside of "[...]:", whose end readers look for.
std::string bracketed(std::string_view text) {
    std::string out = flat(text);
    std::replace(out.begin(), out.end(), ']', ')');
    std::replace(out.begin(), out.end(), '[', '(');
    return out;
}

}  // namespace

std::string threads_text(const ThreadsView& view, std::string_view title) {
    std::string out = "# Threads of " + flat(title) + "\n\ndate: " + go_time(view.taken_wall_ns) +
                      (view.are_goroutines ? "\ngoroutines: " : "\nthreads: ") + std::to_string(view.thread_count) +
                      "\ntasks: " + std::to_string(view.task_count) + "\n";
    for (const std::string& note : view.notes) out += "note: " + flat(note) + "\n";
    for (const ThreadGroup& group : view.threads) {
        out += '\n';
        if (group.threads.size() > 1) {
            const std::string_view what = view.are_goroutines ? " goroutines" : " threads";
            out.append(std::to_string(group.threads.size())).append(what).append(" with the same stack\n");
        }
        for (const ThreadRow& thread : group.threads) append_thread(out, thread, view.are_goroutines);
        append_stack(out, group);
    }
    if (!view.tasks.empty()) out += "\n# Tasks\n";
    for (const TaskGroup& group : view.tasks) {
        out += "\n" + std::to_string(group.tasks.size()) + " " + flat(group.group) + ": " +
               (group.waits_for.empty() ? "running" : "waiting for " + flat(group.waits_for)) + "\n";
        for (const TaskRow& task : group.tasks) {
            out += "    " + std::to_string(task.id) + " " + flat(task.name);
            out += waiting_for(task.since_wall_ns, view.taken_wall_ns);
            if (!task.details.empty()) out += "; " + flat(task.details);
            out += '\n';
        }
    }
    return out;
}

std::string goroutine_dump(const ThreadsView& view) {
    std::string out;
    for (const ThreadGroup& group : view.threads) {
        for (const ThreadRow& thread : group.threads) {
            const bool is_running = thread.state == "running" || thread.waits.empty();
            out += "goroutine " + std::to_string(thread.tid) + " [";
            out += is_running ? thread.state : bracketed(thread.waits.substr(0, thread.waits.find(',')));
            out += ", thread " + bracketed(thread.name) + "]:\n";
            for (const ThreadFrame& frame : group.stack) {
                out += flat(frame.name) + "(...)\n\t" + (frame.file.empty() ? "?:0" : place(frame)) + " " +
                       hex_address(frame.address) + "\n";
            }
            if (group.stack.empty()) out += "no_stack(...)\n\t?:0\n";
            out += '\n';
        }
    }
    for (const TaskGroup& group : view.tasks) {
        for (const TaskRow& task : group.tasks) {
            out += "goroutine " + std::to_string(task.id) + " [";
            out += group.waits_for.empty() ? "running" : bracketed(group.waits_for);
            out += go_minutes(task.since_wall_ns, view.taken_wall_ns) + ", task " + bracketed(task.name) + "]:\n";
            out += flat(group.group) + "(...)\n\t?:0\n\n";
        }
    }
    return out;
}

std::string threads_json(const ThreadsView& view, std::string_view title) {
    std::string out;
    JsonWriter json(out);
    json.open_object().key("daemon").text(title).key("date").text(iso_time(view.taken_wall_ns));
    json.key("notes").open_array();
    for (const std::string& note : view.notes) json.text(note);
    json.close_array().key("threads").open_array();
    for (const ThreadGroup& group : view.threads) {
        json.open_object().key("threads").open_array();
        for (const ThreadRow& thread : group.threads) {
            json.open_object().key("tid").integer(std::uint64_t{thread.tid}).key("name").text(thread.name);
            json.key("state").text(thread.state).key("waits").text(thread.waits);
            json.key("user_cpu_ns").integer(thread.user_cpu_ns).key("system_cpu_ns").integer(thread.system_cpu_ns);
            json.close_object();
        }
        json.close_array().key("stack").open_array();
        for (const ThreadFrame& frame : group.stack) {
            json.open_object().key("address").text(hex_address(frame.address)).key("name").text(frame.name);
            json.key("file").text(frame.file).key("line").integer(frame.line).close_object();
        }
        json.close_array().key("no_stack_because").text(group.no_stack_because);
        json.key("is_cut").flag(group.is_cut).close_object();
    }
    json.close_array().key("tasks").open_array();
    for (const TaskGroup& group : view.tasks) {
        for (const TaskRow& task : group.tasks) {
            json.open_object().key("id").integer(task.id).key("group").text(group.group).key("name").text(task.name);
            json.key("waits_for").text(group.waits_for);
            json.key("since").text(task.since_wall_ns == 0 ? "" : iso_time(task.since_wall_ns));
            json.key("begun").text(task.begun_wall_ns == 0 ? "" : iso_time(task.begun_wall_ns));
            json.key("details").text(task.details).close_object();
        }
    }
    json.close_array().close_object();
    out += '\n';
    return out;
}

}  // namespace quipu
