#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_http)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view host = "Host: localhost\r\n";

std::string request(std::string_view first_line, std::string_view headers = host, std::string_view body = {}) {
    return std::string(first_line) + "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

ServerOptions impatient() {
    ServerOptions options;
    options.http_times = {50ms, 50ms, 50ms, 50ms};
    return options;
}

// An answer to the query that the emitter has just been sent.
std::string answer_to(const wire::ToEmitter& message) {
    const auto* query = std::get_if<wire::Query>(&message);
    BOOST_REQUIRE(query);
    BOOST_TEST(query->topic == "queue");
    std::string body;
    wire::append_body(body, wire::Queue{});
    wire::Answer answer;
    answer.query = query->id;
    answer.chunk = body;
    answer.last = true;
    return RawEmitter::frame(answer);
}

}  // namespace

BOOST_AUTO_TEST_CASE(head_is_get_without_the_body_and_the_connection_goes_on) {
    const TempDir dir;
    Edge edge(dir);
    for (const Endpoint& endpoint : endpoints()) {
        BOOST_TEST_CONTEXT(endpoint.path) {
            Client client(edge, edge.connect_http());
            client.send(request("HEAD " + std::string(endpoint.path) + " HTTP/1.1"));
            const HttpAnswer head = read_answer(client, true);
            if (head.header("Connection") == "close") {  // a stream: it has no length and nothing after it
                BOOST_TEST(client.receive_all() == "");
                continue;
            }
            client.send(get_request(endpoint.path));
            const HttpAnswer get = read_answer(client);
            BOOST_TEST(head.status == get.status);
            BOOST_TEST(head.header("Content-Type") == get.header("Content-Type"));
            BOOST_TEST(!head.header("Content-Length").empty());
            BOOST_TEST(client.received == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    client.send(get_request("/healthz") + request("HEAD /healthz HTTP/1.1") + get_request("/nowhere"));
    BOOST_TEST(read_answer(client).status == 200u);
    BOOST_TEST(read_answer(client, true).status == 200u);
    BOOST_TEST(read_answer(client).status == 404u);
    BOOST_TEST(client.is_silent());
    BOOST_TEST(edge.count("quipu/http/requests") == 3u);
    BOOST_TEST(edge.count("quipu/http/errors") == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_may_come_byte_by_byte) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    client.send_bytewise(request("POST / HTTP/1.1", "Host: localhost\r\nContent-Length: 5\r\n", "hello"));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 405u);
    BOOST_TEST(answer.header("Allow") == "GET, HEAD");
    client.send_bytewise(get_request("/healthz"));
    BOOST_TEST(read_answer(client).status == 200u);
}

struct Case {
    std::string_view name;
    std::string bytes;
    unsigned status;
    bool is_kept;  // the connection goes on
};

BOOST_AUTO_TEST_CASE(what_cannot_be_taken_is_refused_with_its_status_and_the_common_headers) {
    const std::string chunked = "Host: localhost\r\nTransfer-Encoding: chunked\r\n";
    const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
    std::string chunks;
    for (int i = 0; i < 40; ++i) chunks += chunk;
    std::string many_headers;
    for (int i = 0; i < 20000; ++i) many_headers += "X: a\r\n";
    const std::vector<Case> cases = {
        {"another method", request("POST / HTTP/1.1"), 405, true},
        {"unknown method", request("BREW / HTTP/1.1"), 405, true},
        {"no such page", get_request("/nowhere"), 404, true},
        {"a small body", request("PUT / HTTP/1.1", "Host: localhost\r\nContent-Length: 2\r\n", "hi"), 405, true},
        {"a small chunked body", request("PUT / HTTP/1.1", chunked, "2\r\nhi\r\n0\r\n\r\n"), 405, true},
        {"a long body", request("PUT / HTTP/1.1", "Host: localhost\r\nContent-Length: 70000\r\n"), 413, false},
        {"a huge body", request("PUT / HTTP/1.1", "Host: a\r\nContent-Length: 99999999999\r\n"), 413, false},
        {"a long chunked body", request("PUT / HTTP/1.1", chunked, chunks), 413, false},
        {"a long chunk extension", request("PUT / HTTP/1.1", chunked, "2;" + std::string(60000, 'x')), 400, false},
        {"a long target", get_request("/" + std::string(9000, 'a')), 414, false},
        {"an endless target", "GET /" + std::string(100000, 'a'), 414, false},
        {"a long header", get_request("/", "X: " + std::string(20000, 'a') + "\r\n"), 431, false},
        {"many headers", get_request("/", many_headers), 431, false},
        {"no request at all", "hello there\r\n\r\n", 400, false},
        {"TLS", std::string("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03", 10), 400, false},
        {"HTTP/0.9", "GET /\r\n", 400, false},
        {"a strange version", "GET / FOO\r\n\r\n", 400, false},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, false},
        {"two hosts", get_request("/", "Host: localhost\r\n"), 400, false},
        {"two lengths", request("PUT / HTTP/1.1", chunked + "Content-Length: 2\r\n"), 400, false},
        {"another expectation", get_request("/", "Expect: wonders\r\n"), 417, false},
    };
    const TempDir dir;
    Edge edge(dir);
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.name) {
            Client client(edge, edge.connect_http());
            client.send(tc.bytes);
            const HttpAnswer answer = read_answer(client);
            BOOST_TEST(answer.status == tc.status);
            BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
            BOOST_TEST(!answer.header("Content-Security-Policy").empty());
            BOOST_TEST(answer.header("Connection") == (tc.is_kept ? "" : "close"));
            if (tc.is_kept) BOOST_TEST(client.is_silent());
            if (!tc.is_kept) BOOST_TEST(client.is_ended());
        }
    }
}

BOOST_AUTO_TEST_CASE(empty_lines_before_a_request_are_skipped) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    client.send("\r\n\r\n" + get_request("/healthz"));
    BOOST_TEST(read_answer(client).status == 200u);
}

BOOST_AUTO_TEST_CASE(connections_close_as_the_client_says) {
    const TempDir dir;
    Edge edge(dir);
    Client closing(edge, edge.connect_http());
    closing.send(get_request("/healthz", "Connection: close\r\n"));
    BOOST_TEST(read_answer(closing).header("Connection") == "close");
    BOOST_TEST(closing.is_ended());
    Client old(edge, edge.connect_http());
    old.send("GET /healthz HTTP/1.0\r\n\r\n");
    BOOST_TEST(read_answer(old).head.starts_with("HTTP/1.0 200"));
    BOOST_TEST(old.is_ended());
}

BOOST_AUTO_TEST_CASE(who_gets_a_copy_gets_it_as_the_own_connection_needs_it) {
    const TempDir dir;
    Edge edge(dir);
    Client staying(edge, edge.connect_http());
    for (int i = 0; i < 3; ++i) {
        staying.send(get_request("/debug/vars"));
        const HttpAnswer answer = read_answer(staying);
        BOOST_TEST(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
        BOOST_TEST(answer.header("Connection") == "");
    }
    Client closing(edge, edge.connect_http());
    closing.send(get_request("/debug/vars", "Connection: close\r\n"));
    BOOST_TEST(read_answer(closing).header("Connection") == "close");
    BOOST_TEST(closing.is_ended());
    Client old(edge, edge.connect_http());
    old.send(request("GET /debug/vars HTTP/1.0", "Host: localhost\r\nConnection: keep-alive\r\n"));
    const HttpAnswer answer = read_answer(old);
    BOOST_TEST(answer.head.starts_with("HTTP/1.0 200 OK\r\n"));
    BOOST_TEST(answer.header("Connection") == "keep-alive");
    staying.send(request("HEAD /debug/vars HTTP/1.1"));
    BOOST_TEST(read_answer(staying, true).status == 200u);
    staying.send(get_request("/healthz"));
    BOOST_TEST(read_answer(staying).status == 200u);
}

BOOST_AUTO_TEST_CASE(what_was_pushed_when_a_request_is_read_is_on_its_page) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(RawEmitter::count_frames(1));
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/vars"));
    BOOST_TEST(read_answer(client).body.find("\"test/count\": 1\n") != std::string::npos);
    edge.run_dry();
    // The loop does not run in between: it finds both at once, the request first.
    client.send(get_request("/debug/vars"));
    wire::Deltas more;
    more.ids = {1};
    more.deltas = {41};
    emitter.send(RawEmitter::frame(more));
    BOOST_TEST(read_answer(client).body.find("\"test/count\": 42\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_gets_it) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    client.send(request("POST / HTTP/1.1", "Host: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"));
    BOOST_TEST(read_answer(client).status == 100u);
    client.send("hello");
    BOOST_TEST(read_answer(client).status == 405u);
}

BOOST_AUTO_TEST_CASE(a_header_must_come_in_time_however_steadily_it_drips) {
    const TempDir dir;
    Edge edge(dir, impatient());
    Client client(edge, edge.connect_http());
    client.send("GET / HTTP/1.1\r\nX: ");
    while (client.received.empty() && client.send("a")) {
        edge.io.run_one_for(1ms);
        (void)client.is_silent();
    }
    BOOST_TEST(read_answer(client).status == 408u);
    BOOST_TEST(client.is_ended());
}

BOOST_AUTO_TEST_CASE(a_connection_that_says_nothing_is_closed_without_a_word) {
    const TempDir dir;
    Edge edge(dir, impatient());
    Client fresh(edge, edge.connect_http());
    BOOST_TEST(fresh.receive_all() == "");
    Client used(edge, edge.connect_http());
    used.send(get_request("/healthz"));
    BOOST_TEST(read_answer(used).status == 200u);
    BOOST_TEST(used.receive_all() == "");
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_cut_off) {
    const TempDir dir;
    Edge edge(dir, impatient());
    Client client(edge, edge.connect_http());
    const std::string pages = get_request("/");
    edge.run_until([&] { return edge.count("quipu/http/connections") == 1; });
    // Until the answers fill both buffers and the server reads no more of the requests.
    bool is_taken = true;
    for (int i = 0; i < 100000 && is_taken; ++i) is_taken = client.send(pages);
    BOOST_TEST(!is_taken);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_the_middle_of_an_answer_does_no_harm) {
    const TempDir dir;
    Edge edge(dir);
    for (int i = 0; i < 20; ++i) {
        Client client(edge, edge.connect_http());
        std::string many;
        for (int n = 0; n < 200; ++n) many += get_request("/");
        client.send(many);
        client.close();
    }
    edge.run_dry();
    Client client(edge, edge.connect_http());
    client.send(get_request("/healthz"));
    BOOST_TEST(read_answer(client).status == 200u);
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_whoever_waited_longest_gives_way) {
    const TempDir dir;
    ServerOptions options;
    options.http_limits.connections = 2;
    Edge edge(dir, options);
    Client first(edge, edge.connect_http());
    edge.run_until([&] { return edge.count("quipu/http/connections") == 1; });
    Client second(edge, edge.connect_http());
    edge.run_until([&] { return edge.count("quipu/http/connections") == 2; });
    Client third(edge, edge.connect_http());
    third.send(get_request("/healthz"));
    BOOST_TEST(read_answer(third).status == 200u);
    BOOST_TEST(first.is_ended());
    BOOST_TEST(second.is_silent());
    BOOST_TEST(edge.count("quipu/http/refusedConnections") == 1u);
}

BOOST_AUTO_TEST_CASE(where_all_are_being_answered_the_next_one_gets_503) {
    const TempDir dir;
    ServerOptions options;
    options.http_limits.connections = 1;
    Edge edge(dir, options);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client asking(edge, edge.connect_http());
    asking.send(get_request("/debug/queue"));
    const std::string answer = answer_to(emitter.read_message());
    Client refused(edge, edge.connect_http());
    BOOST_TEST(read_answer(refused).status == 503u);
    BOOST_TEST(refused.is_ended());
    emitter.send(answer);
    BOOST_TEST(read_answer(asking).status == 200u);
}

BOOST_AUTO_TEST_CASE(a_question_is_passed_to_the_emitter_and_its_answer_back) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue") + get_request("/healthz"));
    emitter.send(answer_to(emitter.read_message()));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 200u);
    BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
    BOOST_TEST(read_answer(client).status == 200u);  // what was pipelined behind the question
}

BOOST_AUTO_TEST_CASE(an_emitter_that_goes_away_during_a_question_makes_it_502) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    (void)emitter.read_message();
    emitter.close();
    BOOST_TEST(read_answer(client).status == 502u);
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_during_a_question_cancels_it) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    const wire::ToEmitter asked = emitter.read_message();
    const auto* query = std::get_if<wire::Query>(&asked);
    BOOST_REQUIRE(query);
    const std::uint32_t id = query->id;
    client.close();
    const auto* cancel = std::get_if<wire::Cancel>(&emitter.read_message());
    BOOST_REQUIRE(cancel);
    BOOST_TEST(cancel->query == id);
    BOOST_TEST(edge.state.queries.open_count() == 0u);
}

BOOST_AUTO_TEST_CASE(too_many_questions_at_a_time_make_503) {
    const TempDir dir;
    Limits limits;
    limits.queries.open = 0;
    Edge edge(dir, {}, limits);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/queue"));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 503u);
    BOOST_TEST(answer.header("Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(stop_finishes_what_is_being_answered_and_closes_the_rest) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join({"queue"});
    Client idle(edge, edge.connect_http());
    Client asking(edge, edge.connect_http());
    asking.send(get_request("/debug/queue"));
    (void)emitter.read_message();
    edge.server->stop();
    BOOST_TEST(edge.run_until([&] { return edge.io.stopped(); }));
    BOOST_TEST(read_answer(asking).header("Connection") == "close");  // its emitter was let go: 502
    BOOST_TEST(idle.is_ended());
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_until_its_client_leaves_and_takes_a_place_no_longer) {
    const TempDir dir;
    ServerOptions options;
    options.http_times.heartbeat = 20ms;
    options.http_times.stream_turn = 10ms;
    options.http_limits.streams = 1;
    Edge edge(dir, options);
    Client first(edge, edge.connect_http());
    first.send(get_request("/debug/traces/stream"));
    BOOST_TEST(read_answer(first).status == 200u);
    first.receive_until([](const std::string& text) { return text.size() > 1; });  // heartbeats
    Client second(edge, edge.connect_http());
    second.send(get_request("/debug/traces/stream"));
    BOOST_TEST(read_answer(second).status == 503u);
    first.close();
    edge.run_until([&] { return edge.count("quipu/http/connections") == 2; });
    bool is_taken = false;
    edge.run_until([&] {
        Client next(edge, edge.connect_http());
        next.send(get_request("/debug/traces/stream"));
        is_taken = read_answer(next).status == 200;
        return is_taken;
    });
    BOOST_TEST(is_taken);
}

BOOST_AUTO_TEST_CASE(stop_ends_streams) {
    const TempDir dir;
    ServerOptions options;
    options.http_times.stream_turn = 10ms;
    Edge edge(dir, options);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(edge, edge.connect_http()));
        clients.back()->send(get_request("/debug/traces/stream"));
        BOOST_TEST(read_answer(*clients.back()).status == 200u);
    }
    edge.server->stop();
    BOOST_TEST(edge.run_until([&] { return edge.io.stopped(); }));
    for (const auto& client : clients) BOOST_TEST(client->is_ended());
}

BOOST_AUTO_TEST_SUITE_END()
