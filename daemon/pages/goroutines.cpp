#include "daemon/pages/goroutines.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/pages/text.hpp"
#include "proto/limits.hpp"

namespace quipu {

namespace {

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// "goroutine 40 [chan send, 3 minutes]:"
bool read_head(std::string_view line, ThreadRow& row) {
    constexpr std::string_view word = "goroutine ";
    if (!line.starts_with(word) || !line.ends_with("]:")) return false;
    line = line.substr(word.size(), line.size() - word.size() - 2);
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), row.tid);
    line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
    if (error != std::errc{} || !line.starts_with(" [")) return false;
    line.remove_prefix(2);
    const std::size_t comma = std::min(line.find(", "), line.size());
    row.state = line.substr(0, comma);
    row.waits = line.substr(std::min(comma + 2, line.size()));
    return true;
}

// "main.main()" without what was passed; "created by x.y in goroutine 7" without which.
std::string function_name(std::string_view line) {
    if (line.starts_with("created by ")) return std::string(line.substr(0, line.find(" in goroutine ")));
    return std::string(line.ends_with(')') ? line.substr(0, line.rfind('(')) : line);
}

// "\truntime/time.go:195 +0x135"
void read_place(std::string_view line, ThreadFrame& frame) {
    line.remove_prefix(1);
    line = line.substr(0, line.rfind(" +0x"));
    const std::size_t colon = line.rfind(':');
    frame.file = line.substr(0, colon);
    if (colon == std::string_view::npos) return;
    const char* end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data() + colon + 1, end, frame.line);
    if (error != std::errc{} || stop != end) frame.line = 0;
}

struct Goroutine {
    ThreadRow row;
    std::vector<ThreadFrame> stack;
    bool is_cut = false;
};

// The lines up to the empty one behind them.
Goroutine read_goroutine(ThreadRow row, std::string_view& dump) {
    Goroutine out;
    out.row = std::move(row);
    while (!dump.empty()) {
        const std::string_view line = take_line(dump);
        if (line.empty()) break;
        if (line.front() == '\t') {
            if (!out.stack.empty() && !out.is_cut) read_place(line, out.stack.back());
        } else if (out.stack.size() < limits::max_stack_depth) {
            out.stack.emplace_back().name = function_name(line);
        } else {
            out.is_cut = true;
        }
    }
    return out;
}

// What makes two stacks the same.
std::string key_of(const Goroutine& goroutine) {
    std::string key;
    for (const ThreadFrame& frame : goroutine.stack) {
        key.append(frame.name).append("\n").append(frame.file).append(":");
        append_integer(key, frame.line);
        key += '\n';
    }
    return key;
}

}  // namespace

std::optional<ThreadsView> goroutines_view(std::string_view dump, std::int64_t taken_wall_ns) {
    ThreadsView view;
    view.are_goroutines = true;
    view.taken_wall_ns = taken_wall_ns;
    std::map<std::string, std::size_t> known;
    std::size_t left_out = 0;
    while (!dump.empty()) {
        ThreadRow row;
        if (!read_head(take_line(dump), row)) {
            if (view.thread_count == 0) return std::nullopt;
            continue;
        }
        Goroutine goroutine = read_goroutine(std::move(row), dump);
        if (view.thread_count >= limits::max_report_threads) {
            ++left_out;
            continue;
        }
        ++view.thread_count;
        const auto [it, is_new] = known.try_emplace(key_of(goroutine), view.threads.size());
        if (is_new) {
            ThreadGroup& group = view.threads.emplace_back();
            group.stack = std::move(goroutine.stack);
            group.is_cut = goroutine.is_cut;
        }
        view.threads[it->second].threads.push_back(std::move(goroutine.row));
    }
    if (view.thread_count == 0) return std::nullopt;
    std::stable_sort(view.threads.begin(), view.threads.end(), [](const ThreadGroup& a, const ThreadGroup& b) {
        return a.threads.size() > b.threads.size();
    });
    if (left_out > 0) {
        std::string note;
        append_integer(note, std::uint64_t{left_out});
        view.notes.push_back(note + " more goroutines are left out: a page holds only so many.");
    }
    return view;
}

}  // namespace quipu
