// /api/v1/stream: what has changed, once a second, as server-sent events.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/core/now.hpp"
#include "daemon/pages/api.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

// One follower. What it has is kept as the text that it was sent: values of all kinds are compared alike.
struct Follower {
    std::vector<std::string> names;  // empty: what is shown at once; a target has no room for many
    std::map<std::pair<std::string, std::string>, std::string> sent;
    std::int64_t last_s = 0;
    std::int64_t resumed_after = 0;  // the id of the last event that the client saw before; 0: none
};

// null where there is history and it says that nobody tells the value at present.
std::string value_text(const State& state, const Family& family, const std::string& label, const Series& series) {
    std::string text;
    JsonWriter json(text);
    const HistorySeries* followed = state.history.find(family.name, label);
    if (followed && !followed->is_live && state.history.last_s() != 0) {
        json.null();
    } else {
        write_value(json, family, series);
    }
    return text;
}

// false: some are left out because they have too many values.
bool families_of(const State& state, const Follower& follower, std::vector<const Family*>& families) {
    if (follower.names.empty()) return shown_at_once(state, families);
    std::size_t values = 0;
    bool is_all = true;
    for (const std::string& name : follower.names) {
        const Family* family = find_family(state, name);
        if (!family || std::find(families.begin(), families.end(), family) != families.end()) continue;
        const bool has_room = values + family->series.size() <= api_most_values;
        is_all = is_all && has_room;
        if (!has_room) continue;
        values += family->series.size();
        families.push_back(family);
    }
    return is_all;
}

// Those of the family's values that are not what was sent last.
void write_changes(std::string& out, bool& is_first, const State& state, const Family& family, Follower& follower) {
    bool is_open = false;
    for (const auto& [label, series] : family.series) {
        std::string text = value_text(state, family, label, series);
        std::string& sent = follower.sent[{family.name, label}];
        if (sent == text) continue;
        sent = std::move(text);
        if (!is_open) {
            if (!std::exchange(is_first, false)) out += ',';
            append_json_string(out, family.name);
            out += family.is_labelled() ? ":{" : ":";
        } else {
            out += ',';
        }
        is_open = true;
        if (family.is_labelled()) {
            append_json_string(out, label);
            out += ':';
        }
        out += sent;
    }
    if (is_open && family.is_labelled()) out += '}';
}

std::string event(const State& state, Follower& follower, Now now) {
    const std::int64_t time_s = now.wall_ns / second_ns;
    std::string out = "id: ";
    append_integer(out, time_s);
    out += "\ndata: ";
    JsonWriter json(out);
    const bool is_full = follower.last_s == 0;
    follower.last_s = time_s;
    bool is_ok = true;
    for (const HealthCheck& check : state.health) is_ok = is_ok && check.is_ok;
    json.open_object().key("time").integer(time_s).key("full").flag(is_full);
    if (follower.resumed_after != 0) {
        json.key("resumed_after").integer(std::exchange(follower.resumed_after, 0));
    }
    json.key("connected").integer(std::uint64_t{state.emitters.daemon_count()}).key("ok").flag(is_ok);
    json.key("traces");
    write_traces(json, state, now);
    std::vector<const Family*> families;
    json.key("is_complete").flag(families_of(state, follower, families));
    out += ",\"values\":{";
    bool is_first = true;
    for (const Family* family : families) write_changes(out, is_first, state, *family, follower);
    out += "}}\n\n";
    return out;
}

// A second has begun, and its points of history are taken; or nobody takes any.
bool is_due(const State& state, const Follower& follower, Now now) {
    const std::int64_t time_s = now.wall_ns / second_ns;
    if (time_s == follower.last_s) return false;
    const bool is_sampled = state.history.last_s() >= time_s || state.history.limits().series == 0;
    return is_sampled || follower.last_s == 0 || time_s < follower.last_s || time_s > follower.last_s + 1;
}

}  // namespace

PageResult api_stream_page(const State& state, const Request& request, Now now) {
    Follower follower;
    for (const auto& [name, value] : request.parameters) {
        if (name == "name") follower.names.push_back(value);
    }
    if (!request.last_event_id.empty()) {
        const auto seen = parse_whole(request.last_event_id, 0, now.wall_ns / second_ns);
        follower.resumed_after = seen.value_or(0);
    }
    PageStream stream;
    stream.head.content_type = "text/event-stream; charset=utf-8";
    stream.head.body = "retry: 2000\n\n";  // after a break, milliseconds until the browser tries again
    stream.head.body += event(state, follower, now);
    stream.heartbeat = ": still here\n\n";
    stream.next = [follower = std::move(follower)](const State& later_state, Now later) mutable {
        return is_due(later_state, follower, later) ? event(later_state, follower, later) : std::string();
    };
    return stream;
}

}  // namespace quipu
