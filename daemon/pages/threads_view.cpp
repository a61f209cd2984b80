#include "daemon/pages/threads_view.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/core/now.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/profile/stacks.hpp"
#include "daemon/profile/thread_profile.hpp"

namespace quipu {

namespace {

ThreadRow thread_row(const wire::Thread& thread) {
    ThreadRow row;
    row.tid = thread.tid;
    row.name = thread.name;
    row.state = thread_state_word(thread.state);
    row.waits = thread.system_call;
    if (!thread.wait_channel.empty()) row.waits += (row.waits.empty() ? "" : ", ") + std::string(thread.wait_channel);
    constexpr std::uint64_t most = std::uint64_t{1} << 62;
    row.user_cpu_ns = std::min(thread.user_cpu_ns, most);
    row.system_cpu_ns = std::min(thread.system_cpu_ns, most);
    row.cpu_ns = row.user_cpu_ns + row.system_cpu_ns;
    return row;
}

std::vector<ThreadFrame> frames_of(const ProfileData& profile, const ProfileSample& sample) {
    std::vector<ThreadFrame> frames;
    for (const std::uint32_t index : sample.locations) {
        const ProfileLocation& location = profile.locations[index];
        const std::size_t lines = std::max<std::size_t>(location.lines.size(), 1);
        for (std::size_t i = 0; i < lines; ++i) {
            ThreadFrame& frame = frames.emplace_back();
            frame.address = location.address;
            frame.name = frame_name(profile, location, i);
            if (i >= location.lines.size()) continue;
            frame.line = location.lines[i].line;
            const std::uint32_t function = location.lines[i].function;
            if (function != no_index) frame.file = profile.text(profile.functions[function].file);
        }
    }
    return frames;
}

std::vector<ThreadGroup> group_threads(const wire::ThreadReport& report, const ProfileData& profile) {
    using Key = std::tuple<std::vector<std::uint64_t>, std::string_view, bool>;
    std::map<Key, std::size_t> known;
    std::vector<ThreadGroup> groups;
    for (std::size_t i = 0; i < report.threads.size(); ++i) {
        const wire::Thread& thread = report.threads[i];
        const auto [it, is_new] =
            known.try_emplace(Key{thread.stack, thread.no_stack_because, thread.stack_is_cut}, groups.size());
        if (is_new) {
            ThreadGroup& group = groups.emplace_back();
            group.stack = frames_of(profile, profile.samples[i]);
            group.no_stack_because = thread.no_stack_because;
            group.is_cut = thread.stack_is_cut;
        }
        groups[it->second].threads.push_back(thread_row(thread));
    }
    for (ThreadGroup& group : groups) {
        std::stable_sort(group.threads.begin(), group.threads.end(), [](const ThreadRow& a, const ThreadRow& b) {
            return a.cpu_ns > b.cpu_ns;
        });
    }
    std::stable_sort(groups.begin(), groups.end(), [](const ThreadGroup& a, const ThreadGroup& b) {
        return a.threads.size() > b.threads.size();
    });
    return groups;
}

std::vector<TaskGroup> group_tasks(const wire::ThreadReport& report) {
    std::map<std::pair<std::string_view, std::string_view>, TaskGroup> known;
    for (const wire::Task& task : report.tasks) {
        TaskGroup& group = known[{task.group, task.waits_for}];
        group.group = task.group;
        group.waits_for = task.waits_for;
        group.tasks.push_back(
            {task.id,
             std::string(task.name),
             wall_time(task.since_wall_ns),
             wall_time(task.begun_wall_ns),
             std::string(task.details)}
        );
    }
    std::vector<TaskGroup> groups;
    for (auto& [key, group] : known) {
        std::stable_sort(group.tasks.begin(), group.tasks.end(), [](const TaskRow& a, const TaskRow& b) {
            return a.since_wall_ns < b.since_wall_ns;
        });
        groups.push_back(std::move(group));
    }
    std::stable_sort(groups.begin(), groups.end(), [](const TaskGroup& a, const TaskGroup& b) {
        return a.tasks.size() > b.tasks.size();
    });
    return groups;
}

std::string left_out(std::uint32_t count, std::string_view what) {
    std::string note;
    append_integer(note, std::uint64_t{count});
    return note.append(" more ").append(what).append(" are left out: a report holds only so many.");
}

}  // namespace

std::string_view thread_state_word(std::string_view letter) {
    constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"R", "running"},
        {"S", "sleeping"},
        {"D", "waiting for I/O"},
        {"T", "stopped"},
        {"t", "traced"},
        {"Z", "ended"},
        {"X", "ended"},
        {"I", "idle"},
    };
    for (const auto& [known, word] : words) {
        if (letter == known) return word;
    }
    return "in an unknown state";
}

std::optional<NamedThreads> named_threads(std::string_view body, std::int32_t pid, const JobTools& tools) {
    wire::ThreadReport report;
    const Bytes bytes = {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()};
    if (wire::decode(bytes, report) != Errc::ok) return std::nullopt;
    NamedThreads out;
    out.profile = thread_profile(report);
    tools.symbols.add_names(out.profile, pid, tools.is_cancelled);
    out.view.threads = group_threads(report, out.profile);
    out.view.tasks = group_tasks(report);
    out.view.thread_count = report.threads.size();
    out.view.task_count = report.tasks.size();
    out.view.taken_wall_ns = wall_time(report.taken_wall_ns);
    if (report.threads_left_out > 0) out.view.notes.push_back(left_out(report.threads_left_out, "threads"));
    if (report.tasks_left_out > 0) out.view.notes.push_back(left_out(report.tasks_left_out, "tasks"));
    for (const StringId comment : out.profile.comments) out.view.notes.push_back(out.profile.text(comment));
    return out;
}

}  // namespace quipu
