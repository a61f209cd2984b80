#include "log_traces.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace relay {

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds short_patience = 1s;

// What is known of families whose work takes long.
struct Habit {
    std::string_view family;
    seconds patience;            // chasquid's own limits, and some
    std::string_view beginning;  // what only the first line says; empty: nothing
    std::string_view end;        // how its last line, or one of its last, begins
    bool is_end_final = false;   // nothing follows
};

constexpr std::array habits = {
    Habit{"SMTP.Conn", 25min, "Connected, mode: ", "-> QUIT", false},
    Habit{"Queue.SendLoop", 30h, "from ", "all done", true},
    Habit{"Courier.SMTP", 10min, "", "done", false},
    Habit{"Courier.MDA", 10min, "", "delivered", false},
};

const Habit* habit_of(std::string_view family) {
    const auto it =
        std::find_if(habits.begin(), habits.end(), [family](const Habit& habit) { return habit.family == family; });
    return it == habits.end() ? nullptr : it;
}

// What follows the last " - " or ": " of the event: the queue item's id, which has no blanks.
std::string id_behind(std::string_view event, std::string_view mark) {
    const std::size_t at = event.rfind(mark);
    if (at == std::string_view::npos) return {};
    std::string_view id = event.substr(at + mark.size());
    return id.find(' ') == std::string_view::npos ? std::string(id) : std::string();
}

}  // namespace

void LogTraces::finish(Open& open) {
    open.trace.finish_at(open.last);
}

void LogTraces::remember(std::map<std::string, Key>& what, std::string name, const Key& key) {
    if (name.empty()) return;
    if (what.size() >= max_remembered && !what.contains(name)) what.erase(what.begin());
    what[std::move(name)] = key;
}

LogTraces::OpenTraces::iterator LogTraces::begin(const TraceLine& line, quipu::TraceTime when, Steady now) {
    if (open_.size() >= max_open) {
        const auto oldest = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
            return a.second.heard < b.second.heard;
        });
        finish(oldest->second);
        open_.erase(oldest);
    }
    quipu::Trace trace;
    if (line.family.starts_with("Courier.")) {
        if (const auto item = sending_.find(line.title); item != sending_.end()) {
            const auto parent = open_.find(item->second);
            if (parent != open_.end()) trace = parent->second.trace.child_at(when, line.family, line.title);
            sending_.erase(item);
        }
    }
    if (!trace.is_open()) trace = emitter_.inferred_trace(when, line.family, line.title);
    if (line.family == "Queue.SendLoop") {
        if (const auto by = queued_.find(line.title); by != queued_.end()) {
            const auto who = open_.find(by->second);
            if (who != open_.end()) who->second.trace.link_at(when, trace, "queued");
            queued_.erase(by);
        }
    }
    const Habit* habit = habit_of(line.family);
    Open open{std::move(trace), when, now, habit ? habit->patience : short_patience};
    return open_.emplace(Key(line.family, line.title), std::move(open)).first;
}

void LogTraces::note_references(const TraceLine& line, const Key& key) {
    constexpr std::string_view sending = " sending";
    if (line.family == "SMTP.Conn" && line.event.starts_with("Queued from ")) {
        remember(queued_, id_behind(line.event, " - "), key);
    } else if (line.family == "Queue.SendLoop" && line.event.starts_with("queued DSN: ")) {
        remember(queued_, id_behind(line.event, ": "), key);
    } else if (line.family == "Queue.SendLoop" && line.event.ends_with(sending)) {
        remember(sending_, line.event.substr(0, line.event.size() - sending.size()), key);
    }
}

void LogTraces::take(std::string_view text, quipu::TraceTime when, Steady now) {
    if (text.starts_with("chasquid starting ")) return end_all();  // another run
    const std::optional<TraceLine> line = parse_trace_line(text);
    if (!line) return;
    const Key key(line->family, line->title);
    const Habit* habit = habit_of(line->family);
    auto it = open_.find(key);
    const bool is_beginning = habit && !habit->beginning.empty() && line->event.starts_with(habit->beginning);
    if (it != open_.end() && is_beginning) {
        finish(it->second);
        open_.erase(it);
        it = open_.end();
    }
    if (it == open_.end()) it = begin(*line, when, now);
    Open& open = it->second;
    open.last = std::max(open.last, when);
    open.heard = now;
    if (line->is_error) {
        open.trace.error_at(when, line->event);
    } else {
        open.trace.event_at(when, line->event);
    }
    note_references(*line, key);
    if (!habit) return;
    // An error may be the last word of a delivery, or not; of a connection it is one among others.
    const bool is_end = line->event.starts_with(habit->end) || (line->is_error && line->family.starts_with("Courier."));
    if (is_end && habit->is_end_final) {
        finish(open);
        open_.erase(it);
    } else {
        open.patience = is_end ? short_patience : habit->patience;
    }
}

void LogTraces::expire(Steady now) {
    for (auto it = open_.begin(); it != open_.end();) {
        const bool is_over = now - it->second.heard >= it->second.patience;
        if (is_over) finish(it->second);
        it = is_over ? open_.erase(it) : std::next(it);
    }
}

void LogTraces::end_all() {
    for (auto& [key, open] : open_) finish(open);
    open_.clear();
    sending_.clear();
    queued_.clear();
}

}  // namespace relay
