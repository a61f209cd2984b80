// Responses that take long: made in steps, sent in pieces; and streams to clients that read slowly, or not at all.
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_http_long)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t item_count = 30'000;

// A mail daemon with a long queue.
struct LongQueue {
    explicit LongQueue(Edge& edge) : emitter(edge, 'e') {
        emitter.join({"queue"});
        std::vector<std::string> ids;
        for (std::size_t i = 0; i < item_count; ++i) ids.push_back("item" + std::to_string(i));
        for (std::size_t begin = 0; begin < item_count; begin += 5000) {
            wire::Queue queue;
            for (std::size_t i = begin; i < begin + 5000; ++i) {
                queue.items.push_back({.id = ids[i], .created_wall_ns = 1'700'000'000'000'000'000 + i});
            }
            wire::append_body(chunks.emplace_back(), queue);
        }
    }

    // To the question that comes next.
    void answer() {
        const auto* query = std::get_if<wire::Query>(&emitter.read_message());
        BOOST_REQUIRE(query);
        const std::uint32_t id = query->id;
        for (std::size_t i = 0; i < chunks.size(); ++i) {
            emitter.send(RawEmitter::frame(wire::Answer{.query = id, .chunk = chunks[i], .last = i + 1 == chunks.size()}
            ));
        }
    }

    RawEmitter emitter;
    std::vector<std::string> chunks;
};

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

std::string get_1_0(std::string_view target, std::string_view method = "GET") {
    return std::string(method) + " " + std::string(target) + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
}

bool has_bytes(const Client& client) {
    char byte = 0;
    return ::recv(client.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_long_page_comes_in_chunks_and_the_connection_goes_on) {
    const TempDir dir;
    Edge edge(dir);
    LongQueue maild(edge);
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    maild.answer();
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 200u);
    BOOST_TEST(answer.header("Transfer-Encoding") == "chunked");
    BOOST_TEST(answer.header("Content-Length") == "");
    BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
    const std::string& body = answer.body;
    BOOST_TEST(body.starts_with("# Queue status\n"));
    BOOST_TEST(count(body, "## Item item") == item_count);
    BOOST_TEST(body.ends_with("\n\n"));
    client.send(get_request("/healthz"));
    BOOST_TEST(read_answer(client).status == 200u);
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_it_up_to_the_end_of_the_connection) {
    const TempDir dir;
    Edge edge(dir);
    LongQueue maild(edge);
    Client client(edge, edge.connect_http());
    client.send(get_1_0("/debug/queue"));
    maild.answer();
    const std::string all = client.receive_all();
    const std::size_t end = all.find("\r\n\r\n");
    BOOST_TEST(all.substr(0, end).find("chunked") == std::string::npos);
    BOOST_TEST(all.substr(end + 4).starts_with("# Queue status\n"));
    BOOST_TEST(count(all, "## Item item") == item_count);
    BOOST_TEST(all.ends_with("\n\n"));
    BOOST_TEST(!all.ends_with("0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(head_of_a_long_page_has_no_body) {
    const TempDir dir;
    Edge edge(dir);
    LongQueue maild(edge);
    Client client(edge, edge.connect_http());
    client.send("HEAD /debug/queue HTTP/1.1\r\nHost: localhost\r\n\r\n");
    maild.answer();
    const HttpAnswer head = read_answer(client, true);
    BOOST_TEST(head.status == 200u);
    BOOST_TEST(head.header("Transfer-Encoding") == "chunked");
    BOOST_TEST(client.is_silent());
    client.send(get_request("/healthz"));
    BOOST_TEST(read_answer(client).status == 200u);
    Client old(edge, edge.connect_http());
    old.send(get_1_0("/debug/queue", "HEAD"));
    maild.answer();
    BOOST_TEST(old.receive_all().ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(others_are_answered_before_a_long_page_has_begun) {
    const TempDir dir;
    Edge edge(dir);
    LongQueue maild(edge);
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    edge.run_until([&] { return edge.state.queries.open_count() == 1; });
    maild.answer();
    // The answer is here, the page is being made.
    BOOST_REQUIRE(edge.run_until([&] { return edge.state.queries.open_count() == 0; }));
    BOOST_TEST(!has_bytes(client));
    Client other(edge, edge.connect_http());
    other.send(get_request("/healthz"));
    BOOST_TEST(read_answer(other).status == 200u);
    BOOST_TEST(!has_bytes(client));
    BOOST_TEST(read_answer(client).status == 200u);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_the_middle_of_a_long_page_frees_what_it_held) {
    const TempDir dir;
    ServerOptions options;
    options.http_limits.answer_bytes = 1000;  // while more is held, only quick pages are answered
    Edge edge(dir, options);
    LongQueue maild(edge);
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    maild.answer();
    client.receive_until([](const std::string& text) { return text.find("## Item item0\n") != std::string::npos; });
    Client other(edge, edge.connect_http());
    other.send(get_request("/debug/flags"));
    BOOST_TEST(read_answer(other).status == 503u);
    other.send(get_request("/healthz"));
    BOOST_TEST(read_answer(other).status == 200u);  // just then it must be
    client.close();
    bool is_free = false;
    edge.run_until([&] {
        Client next(edge, edge.connect_http());
        next.send(get_request("/debug/flags"));
        is_free = read_answer(next).status == 200;
        return is_free;
    });
    BOOST_TEST(is_free);
}

// --- Followers ------------------------------------------------------------------------------------------------------

namespace {

// `count` trace events, a thousand in a frame, the loop running in between.
void say_events(RawEmitter& emitter, std::size_t count) {
    emitter.send(RawEmitter::frame(wire::TraceEvents{.events = {{.trace = 1, .text = "busy", .family = "SMTP.Conn"}}}));
    const std::string text(200, 'x');
    for (std::size_t sent = 0; sent < count; sent += 1000) {
        wire::TraceEvents events;
        const wire::TraceEvent event{.trace = 1, .kind = wire::TraceEventKind::event, .text = text};
        events.events.assign(1000, event);
        emitter.send(RawEmitter::frame(events));
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_follower_that_reads_on_after_a_pause_is_told_how_much_it_lost) {
    constexpr std::size_t events = 20'000;  // several times what the ring and the kernel hold
    const TempDir dir;
    ServerOptions options;
    options.http_times.stream_turn = 1ms;
    Edge edge(dir, options);
    RawEmitter emitter(edge, 'e');
    emitter.join();
    Client follower(edge, edge.connect_http());
    follower.send(get_request("/debug/traces/stream"));
    BOOST_TEST(read_answer(follower).status == 200u);
    say_events(emitter, events);
    edge.run_until([&] { return edge.state.traces.counts().events == events + 1; });
    const std::string last = "-" + std::to_string(events + 1) + "\ndata: ";
    const std::string& got =
        follower.receive_until([&](const std::string& text) { return text.find(last) != std::string::npos; });
    std::size_t lost = 0;
    constexpr std::string_view mark = "event: lost\ndata: {\"lost\":";
    for (std::size_t at = got.find(mark); at != std::string::npos; at = got.find(mark, at + 1)) {
        lost += std::stoul(got.substr(at + mark.size(), 12));
    }
    BOOST_TEST(lost > 0U);
    BOOST_TEST(count(got, "\nid: ") + lost == events + 1);
}

BOOST_AUTO_TEST_CASE(a_follower_that_never_reads_is_cut_off) {
    const TempDir dir;
    ServerOptions options;
    options.http_times.stream_turn = 1ms;
    options.http_times.write = 20ms;
    options.http_limits.streams = 1;
    Edge edge(dir, options);
    RawEmitter emitter(edge, 'e');
    emitter.join();
    Client follower(edge, edge.connect_http());
    follower.send(get_request("/debug/traces/stream"));
    BOOST_TEST(read_answer(follower).status == 200u);
    say_events(emitter, 20'000);
    bool is_free = false;  // its place is another's
    edge.run_until([&] {
        Client next(edge, edge.connect_http());
        next.send(get_request("/debug/traces/stream"));
        is_free = read_answer(next).status == 200;
        return is_free;
    });
    BOOST_TEST(is_free);
    BOOST_TEST(follower.is_ended());
}

BOOST_AUTO_TEST_SUITE_END()
