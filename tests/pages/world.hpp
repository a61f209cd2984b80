// A State with mail daemons that speak to it in real frames, and a client that asks for pages.
#pragma once

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "tests/support/printers.hpp"

namespace quipu::test {

inline constexpr std::int64_t ms = 1'000'000;
// 2026-11-25 02:04:10.937945941 UTC
inline constexpr Now noon{.steady_ns = 1'000'000'000'000, .wall_ns = 1'795'572'250'937'945'941};

// One mail daemon, connected.
class Speaker {
public:
    // The instance's bytes are all `letter`.
    Speaker(State& state, char letter, wire::Hello hello, Now now)
        : session_(state, Peer{.uid = 1000, .gid = 1000, .pid = static_cast<std::int32_t>(hello.pid)}),
          now_(now),
          instance_(16, letter) {
        hello.protocol = 1;
        if (hello.program.empty()) hello.program = "maild";
        hello.instance = instance_;
        hello.wall_ns = static_cast<std::uint64_t>(now.wall_ns);
        hello.steady_ns = static_cast<std::uint64_t>(now.steady_ns);
        say(hello);
    }

    void say(const wire::FromEmitter& message) {
        std::string frame;
        wire::append_frame_of(frame, message);
        session_.feed({reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size()}, now_);
        BOOST_TEST(session_.error() == Errc::ok);
    }

    // A family with its series; returns the id of the first.
    std::uint32_t define(wire::Family family, const std::vector<std::string_view>& labels = {""}) {
        wire::Define define;
        family.id = ++families_;
        define.families.push_back(family);
        const std::uint32_t first = series_ + 1;
        for (const std::string_view label : labels) {
            define.series.push_back({series_ + 1, family.id, label});
            series_ += family.kind == Kind::histogram ? static_cast<std::uint32_t>(family.bounds.size() + 2) : 1;
        }
        say(define);
        return first;
    }

    // More series of the family defined last, which is no histogram.
    void add_labels(const std::vector<std::string_view>& labels) {
        wire::Define define;
        for (const std::string_view label : labels) define.series.push_back({++series_, families_, label});
        say(define);
    }

    void counter(std::string_view name, std::int64_t value, std::string_view help = {}) {
        const std::uint32_t id = define({.name = name, .kind = Kind::counter, .help = help});
        say(wire::Deltas{{id}, {value}});
    }

    void counters(
        std::string_view name,
        std::string_view label_name,
        const std::vector<std::pair<std::string_view, std::int64_t>>& values,
        std::string_view help = {}
    ) {
        std::vector<std::string_view> labels;
        wire::Deltas deltas;
        for (const auto& [label, value] : values) labels.push_back(label);
        std::uint32_t id =
            define({.name = name, .kind = Kind::counter, .help = help, .label_name = label_name}, labels);
        for (const auto& [label, value] : values) {
            deltas.ids.push_back(id++);
            deltas.deltas.push_back(value);
        }
        say(deltas);
    }

    void gauge(std::string_view name, double value, std::string_view help = {}) {
        const std::uint32_t id = define({.name = name, .kind = Kind::gauge, .help = help});
        say(wire::Set{{id}, {value}, {}});
    }

    void text(std::string_view name, std::string_view value) {
        const std::uint32_t id = define({.name = name, .kind = Kind::text});
        say(wire::Set{{}, {}, {{id, value}}});
    }

    // `cells`: one a bound, one for +Inf, the sum.
    void histogram(const wire::Family& family, std::string_view label, const std::vector<std::int64_t>& cells) {
        std::uint32_t id = define(family, {label});
        wire::Deltas deltas;
        for (const std::int64_t cell : cells) {
            deltas.ids.push_back(id++);
            deltas.deltas.push_back(cell);
        }
        say(deltas);
    }

    // `at_ns` counts from the time of Hello.
    void trace_event(wire::TraceEvent event, std::int64_t at_ns) {
        event.steady_ns = static_cast<std::uint64_t>(now_.steady_ns + at_ns);
        wire::TraceEvents events;
        events.events.push_back(event);
        say(events);
    }

    void begin(
        std::uint64_t trace,
        std::string_view family,
        std::string_view title,
        std::int64_t at_ns,
        std::uint64_t parent = 0
    ) {
        trace_event({.trace = trace, .text = title, .family = family, .other = parent}, at_ns);
    }

    void event(std::uint64_t trace, std::string_view text, std::int64_t at_ns, std::uint32_t dropped_before = 0) {
        trace_event(
            {.trace = trace, .kind = wire::TraceEventKind::event, .text = text, .dropped_before = dropped_before}, at_ns
        );
    }

    void error(std::uint64_t trace, std::string_view text, std::int64_t at_ns) {
        trace_event({.trace = trace, .kind = wire::TraceEventKind::error, .text = text}, at_ns);
    }

    void link(std::uint64_t trace, std::uint64_t other, std::string_view text, std::int64_t at_ns) {
        trace_event({.trace = trace, .kind = wire::TraceEventKind::link, .text = text, .other = other}, at_ns);
    }

    void end(std::uint64_t trace, std::int64_t at_ns) {
        trace_event({.trace = trace, .kind = wire::TraceEventKind::end}, at_ns);
    }

    [[nodiscard]] EmitterRecord& emitter() const { return *session_.emitter(); }

    // As pages write it.
    [[nodiscard]] std::string trace_id(std::uint64_t trace) const {
        return to_string(TraceRef{emitter().traces.instance, trace});
    }

    void close(Now now) { session_.closed(now); }

private:
    EmitterSession session_;
    Now now_;
    std::string instance_;
    std::uint32_t families_ = 0;
    std::uint32_t series_ = 0;
};

struct World {
    State state;
    Now now = noon;

    explicit World(Limits limits = {}) : state(limits) {
        state.build.version = "0.1.0";
        state.hostname = "mx.example";
        state.ingest_socket = "/run/quipu/ingest.sock";
        state.start_wall_ns = now.wall_ns - 3600 * 1000 * ms;
    }

    std::unique_ptr<Speaker> connect(char letter = 'a', const wire::Hello& hello = {}) {
        return std::make_unique<Speaker>(state, letter, hello, now);
    }

    PageResult ask(Request request) {
        request_ = std::move(request);
        if (request_.host.empty()) request_.host = "localhost";
        return dispatch(state, request_, now);
    }

    // Of a stream: what it begins with.
    Response get(Request request) {
        PageResult result = ask(std::move(request));
        if (auto* stream = std::get_if<PageStream>(&result)) return std::move(stream->head);
        if (auto* work = std::get_if<std::unique_ptr<PageWork>>(&result)) return whole(**work, request_);
        BOOST_REQUIRE(std::holds_alternative<Response>(result));
        return std::get<Response>(std::move(result));
    }

    Response get(std::string_view target, std::string_view accept = {}) {
        return get(Request{.target = target, .accept = accept});
    }

    // Of a page that asks emitters: what it makes of these replies.
    Response get(std::string_view target, std::string_view accept, std::vector<Reply> replies) {
        PageResult result = ask(Request{.target = target, .accept = accept});
        BOOST_REQUIRE(std::holds_alternative<PageAsk>(result));
        return finish(std::get<PageAsk>(result), request_, std::move(replies));
    }

    // Slow pages are made here and now, without files to look names up in.
    Response finish(const PageAsk& page, const Request& request, std::vector<Reply> replies) {
        Finished last = page.finish(state, request, now, std::move(replies));
        if (auto* response = std::get_if<Response>(&last)) return std::move(*response);
        if (auto* work = std::get_if<std::unique_ptr<PageWork>>(&last)) return whole(**work, request);
        const std::atomic<bool> is_cancelled{false};
        return std::get<PageJob>(last).run(JobTools{symbols_, is_cancelled})(state, request, now);
    }

    // All steps of it, one after the other.
    Response whole(PageWork& work, const Request& request) const {
        std::optional<Response> head = work.head(state, request, now);
        while (!head) head = work.head(state, request, now);
        while (work.more(state, head->body)) continue;
        return std::move(*head);
    }

private:
    Request request_;
    Symbols symbols_{{}};
};

inline constexpr std::string_view browser_accept =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

// nullptr: there is none of that name.
inline const std::string* header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return &value;
    }
    return nullptr;
}

inline std::string header_text(const Response& response, std::string_view name) {
    const std::string* value = header(response, name);
    return value ? *value : "(none)";
}

inline boost::json::value parse_json(std::string_view text) {
    return boost::json::parse(boost::json::string_view(text.data(), text.size()));
}

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// What must never stand in a page, whoever sent it. Feed it as family, title, event, label, help, program and so on.
inline constexpr std::string_view hostile =
    "\"><script>alert(1)</script><img src=x onerror='alert(2)'>javascript:alert(3)\xE2\x80\xAE"
    "txt\x01\xFF&amp;{{{title}}}";

inline void check_inert_html(std::string_view body) {
    // Our own scripts are files, named right before the end of the tag.
    for (std::size_t at = body.find("<script"); at != std::string_view::npos; at = body.find("<script", at + 1)) {
        const std::string_view tag = body.substr(at, body.find("</script>", at) - at);
        BOOST_TEST(tag.starts_with("<script src=\"/static/"));
        BOOST_TEST(tag.ends_with("\" defer>"));
        BOOST_TEST(std::count(tag.begin(), tag.end(), '"') == 2);
    }
    BOOST_TEST(!has(body, "<img"));
    BOOST_TEST(!has(body, "'alert(2)'"));
    BOOST_TEST(!has(body, "\xE2\x80\xAE"));
    BOOST_TEST(!has(body, std::string_view("\x01", 1)));
    BOOST_TEST(!has(body, "\xFF"));
    BOOST_TEST(!has(body, "href=\"javascript:"));
}

}  // namespace quipu::test
