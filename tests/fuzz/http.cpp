// An HTTP client says anything: the bytes of a request go through Beast, the guard, the target's parser, the
// negotiation and the page, over a state that holds one of everything. Every answer is a valid response.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "daemon/net/http_message.hpp"
#include "daemon/pages/page.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/valid.hpp"
#include "tests/support/samples.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

constexpr Now start{.steady_ns = 1'000'000'000'000, .wall_ns = 1'795'572'250'937'945'941};

// One of everything that an emitter can say.
struct World {
    State state;
    EmitterSession session{state, Peer{.uid = 1000, .gid = 1000, .pid = 4711}};

    World() {
        state.start_wall_ns = start.wall_ns;
        state.allowed_hosts = {"mx.example"};
        state.health.push_back({"ingest", true, "listening"});
        state.traces.tail().follow(start);
        for (const test::Sample& sample : test::samples()) {
            const bool is_of_itself = sample.name == "hello" || sample.name == "process" || sample.name == "describe";
            if (is_of_itself || sample.name == "trace_events") say(std::get<wire::FromEmitter>(sample.message));
        }
        count();
        trace(11);
        trace(12);
        check(session.error() == Errc::ok, "words that are refused");
    }

    void say(const wire::FromEmitter& message) { (void)session.feed(as_bytes(test::frame_of(message)), start); }

    // A series of every kind; hostile text where an SMTP client chooses it.
    void count() {
        wire::Define define;
        define.families.push_back({.id = 1, .name = "m/codes", .help = "replies", .label_name = "code"});
        define.families.push_back({.id = 2, .name = "m/open", .kind = Kind::gauge, .help = "open", .unit = "items"});
        define.families.push_back({.id = 3, .name = "m/version", .kind = Kind::text});
        define.families.push_back({.id = 4, .name = "m/seconds", .kind = Kind::histogram, .bounds = {0.1, 1}});
        define.series = {{1, 1, "250"}, {2, 1, "\"><script>\xff\x01"}, {3, 2, ""}, {4, 3, ""}, {5, 4, ""}};
        say(define);
        say(wire::Deltas{{1, 2, 5, 6, 8}, {250, 1, 3, 2, 5}});
        say(wire::Set{{3}, {-1.5}, {{4, "1.0\n<b>"}}});
    }

    // Two are linked; one ends.
    void trace(std::uint64_t number) {
        wire::TraceEvents events;
        const auto steady_ns = static_cast<std::uint64_t>(start.steady_ns);
        using enum wire::TraceEventKind;
        events.events.push_back({number, begin, steady_ns, "192.0.2.1:<4711>", "SMTP.Conn", 0, 0, false});
        events.events.push_back({number, event, steady_ns + 1, "-> EHLO \xff\"><script>", "", 0, 0, false});
        events.events.push_back({number, link, steady_ns + 2, "queued", "", 23 - number, 0, false});
        events.events.push_back({number, error, steady_ns + 3, "550 no", "", 0, 2, false});
        if (number == 11) events.events.push_back({number, end, steady_ns + 4, "", "", 0, 0, false});
        say(events);
    }
};

// A response as bytes is one response: its header ends where Beast ended it.
void check_message(const Response& response, const HttpRequest& request) {
    check_response(response);
    const std::string header = response_head(response, Framing::length, request.version(), false, start);
    http::response_parser<http::string_body> parser;
    parser.skip(true);
    boost::system::error_code error;
    (void)parser.put(boost::asio::buffer(header), error);
    check(!error && parser.is_header_done(), "a header that does not parse", header);
    check(header.find("\r\n\r\n") + 4 == header.size(), "a split response", header);
    check(parser.content_length() == response.body.size(), "a length that is not the body's", header);
}

void answer(World& world, const HttpRequest& message, std::uint8_t seed) {
    Request request = page_request(message);
    PageResult result = dispatch(world.state, request, start);
    if (auto* stream = std::get_if<PageStream>(&result)) {
        check_response(stream->head);
        (void)response_head(stream->head, Framing::end_of_connection, message.version(), true, start);
        for (int i = 0; i < 2; ++i) check_event_stream(stream->next(world.state, start));
        return;
    }
    if (auto* page = std::get_if<PageAsk>(&result)) {
        Reply reply;
        reply.emitter = 1;
        reply.outcome = static_cast<Outcome>(seed % 4);
        reply.status = static_cast<wire::Status>((seed >> 2) % 6);
        wire::append_body(reply.body, test::sample_queue());
        Finished finished = page->finish(world.state, request, start, {reply});
        check_message(whole(std::move(finished), world.state, request, start), message);
        return;
    }
    check_message(whole(std::move(result), world.state, request, start), message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(16 * 1024);
    parser.body_limit(64 * 1024);
    boost::system::error_code error;
    std::size_t at = 1;
    while (at < size && !parser.is_done() && !error) {
        const std::size_t n = parser.put(boost::asio::buffer(data + at, size - at), error);
        at += n;
        if (n == 0) break;
    }
    if (error && error != http::error::need_more) {
        const std::string_view unparsed = as_text(Bytes(data + at, size - at));
        const unsigned status = refusal_status(error, unparsed, parser.get().target().empty());
        check_message(edge_response(status), HttpRequest{});
        return 0;
    }
    if (parser.is_header_done()) answer(world, parser.get(), data[0]);
    return 0;
}
