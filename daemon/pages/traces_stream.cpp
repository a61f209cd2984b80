#include "daemon/pages/traces_stream.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// What one turn sends to one follower; the rest waits for the next.
constexpr std::size_t bytes_per_turn = 64 * 1024;

std::string_view kind_word(TailKind kind) {
    switch (kind) {
        case TailKind::begin: return "begin";
        case TailKind::event: return "event";
        case TailKind::error: return "error";
        case TailKind::link: return "link";
        case TailKind::end: return "end";
        case TailKind::orphan: return "orphaned";
    }
    return "event";
}

bool is_end(const TailLine& line) {
    return line.kind == TailKind::end || line.kind == TailKind::orphan;
}

bool is_in_bucket(const TracesAsk& ask, const TailLine& line) {
    if (!ask.bucket) return true;
    if (*ask.bucket == bucket_open) return !is_end(line);
    if (*ask.bucket == bucket_errors) return line.is_error;
    const auto wanted = static_cast<std::size_t>(*ask.bucket);
    const std::size_t bucket = bucket_of(line.duration_ns);
    return is_end(line) && (ask.is_all_above ? bucket >= wanted : bucket == wanted);
}

void write_line(JsonWriter& json, const TailLine& line) {
    json.open_object();
    json.key("trace").text(line.trace);
    json.key("family").text(line.family);
    json.key("title").text(line.title);
    json.key("kind").text(kind_word(line.kind));
    json.key("time").text(iso_time(line.wall_ns));
    json.key("text").text(line.text);
    json.key("seconds").number(static_cast<double>(line.duration_ns) / 1e9);
    json.key("failed").flag(line.is_error);
    json.close_object();
}

// One event of the stream. The data is one line, since JSON escapes line ends.
void append_event(const State& state, std::uint64_t number, const TailLine& line, std::string& out) {
    out.append("id: ").append(tail_id(state, number)).append("\ndata: ");
    JsonWriter json(out);
    write_line(json, line);
    out.append("\n\n");
}

// Where a follower goes on: after what it has seen, or from here.
std::uint64_t position_after(const State& state, std::string_view seen_id) {
    std::uint64_t seen = 0;
    const std::uint64_t here = state.traces.tail().end() - 1;
    return parse_tail_id(state, seen_id, seen) ? std::min(here, seen) : here;
}

// For those who cannot keep a connection open: what has come after `after`, and where to go on.
Response tail_json(const State& state, const TracesAsk& ask, std::uint64_t position) {
    const TraceTail& tail = state.traces.tail();
    Response response;
    response.content_type = "application/json; charset=utf-8";
    JsonWriter json(response.body);
    json.open_object().key("lost").integer(tail.first() > position + 1 ? tail.first() - 1 - position : 0);
    position = std::max(position, tail.first() - 1);
    json.key("lines").open_array();
    while (position + 1 < tail.end() && response.body.size() < bytes_per_turn) {
        const TailLine& line = tail.line(++position);
        if (matches(ask, line)) write_line(json, line);
    }
    json.close_array().key("last").text(tail_id(state, position)).close_object();
    response.body += '\n';
    return response;
}

}  // namespace

bool matches(const TracesAsk& ask, const TailLine& line) {
    if (!ask.family.empty() && line.family != ask.family) return false;
    if (!ask.trace.empty() && line.trace != ask.trace) return false;
    if (ask.is_errors_only && !line.is_error) return false;
    if (line.duration_ns < ask.min_ns) return false;
    if (!contains_folded(line.title, ask.needle) && !contains_folded(line.text, ask.needle)) return false;
    return is_in_bucket(ask, line);
}

std::string tail_id(const State& state, std::uint64_t number) {
    std::string id;
    append_integer(id, state.start_wall_ns);
    id += '-';
    append_integer(id, number);
    return id;
}

bool parse_tail_id(const State& state, std::string_view text, std::uint64_t& number) {
    const std::size_t dash = text.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return false;
    const char* first = text.data() + dash + 1;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, number);
    return error == std::errc{} && end == last && text == tail_id(state, number);
}

void append_tail(
    const State& state, const TracesAsk& ask, std::uint64_t& position, std::size_t max_bytes, std::string& out
) {
    const TraceTail& tail = state.traces.tail();
    if (position + 1 < tail.first()) {
        out.append("event: lost\ndata: {\"lost\":");
        append_integer(out, tail.first() - 1 - position);
        out.append("}\n\n");
        position = tail.first() - 1;
    }
    const std::size_t end = out.size() + max_bytes;
    while (position + 1 < tail.end() && out.size() < end) {
        const TailLine& line = tail.line(++position);
        if (matches(ask, line)) append_event(state, position, line, out);
    }
}

PageResult traces_stream_page(const State& state, const Request& request, Now now) {
    TracesAsk ask;
    // A family that does not exist yet may come: that is what one waits for.
    const Complaint complaint = parse_traces_ask(state, request, ask);
    if (complaint.status != 0 && complaint.status != 404) return error_response(complaint.status, complaint.sentence);
    state.traces.tail().follow(now);
    if (const std::string* format = request.parameter("format"); format && *format == "json") {
        const std::string* after = request.parameter("after");
        return tail_json(state, ask, position_after(state, after ? *after : std::string_view{}));
    }
    PageStream stream;
    stream.head.content_type = "text/event-stream; charset=utf-8";
    stream.head.shows_counts = false;
    stream.head.body = "retry: 2000\n\n";  // after a break, milliseconds until the browser tries again
    stream.heartbeat = ": still here\n\n";
    const std::uint64_t start = position_after(state, request.last_event_id);
    stream.next = [ask = std::move(ask), position = start](const State& later_state, Now later) mutable {
        later_state.traces.tail().follow(later);
        std::string out;
        append_tail(later_state, ask, position, bytes_per_turn, out);
        return out;
    };
    return stream;
}

}  // namespace quipu
