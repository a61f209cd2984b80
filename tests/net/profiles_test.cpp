#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "tests/support/net_fixture.hpp"
#include "tests/support/profiles.hpp"

BOOST_AUTO_TEST_SUITE(net_profiles)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

std::uint32_t asked(RawEmitter& maild) {
    const auto* query = std::get_if<wire::Query>(&maild.read_message());
    BOOST_REQUIRE(query);
    BOOST_TEST(query->topic == "profile");
    return query->id;
}

std::string answer_frame(std::uint32_t query) {
    ProfileMaker maker;
    maker.stack({"read", "main"}, 3);
    const std::string body = write_profile(maker.profile());
    return RawEmitter::frame(wire::Answer{.query = query, .chunk = body, .last = true});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_profile_outlives_every_http_deadline) {
    const TempDir dir;
    ServerOptions options;
    options.http_times.request = options.http_times.idle = options.http_times.write = 1ms;
    Edge edge(dir, options);
    RawEmitter maild(edge, 'a');
    maild.join({"profile"});
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/pprof/profile?seconds=60"));
    const std::uint32_t query = asked(maild);
    BOOST_TEST(client.is_silent());
    maild.send(answer_frame(query));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 200U);
    BOOST_TEST(answer.header("Content-Type") == "application/octet-stream");
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_frees_the_profiler) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter maild(edge, 'a');
    maild.join({"profile"});
    Client first(edge, edge.connect_http());
    first.send(get_request("/debug/pprof/profile?seconds=30"));
    const std::uint32_t query = asked(maild);

    Client second(edge, edge.connect_http());
    second.send(get_request("/debug/pprof/profile?seconds=1"));
    const HttpAnswer busy = read_answer(second);
    BOOST_TEST(busy.status == 503U);
    BOOST_TEST(std::stoi(busy.header("Retry-After")) >= 29);

    first.close();
    const auto* cancel = std::get_if<wire::Cancel>(&maild.read_message());
    BOOST_REQUIRE(cancel);
    BOOST_TEST(cancel->query == query);
    second.send(get_request("/debug/pprof/profile?seconds=1"));
    maild.send(answer_frame(asked(maild)));
    BOOST_TEST(read_answer(second).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_goes_away_is_502_and_frees_its_place) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    {
        RawEmitter maild(edge, 'a');
        maild.join({"profile"});
        client.send(get_request("/debug/pprof/profile?seconds=30"));
        (void)asked(maild);
    }
    BOOST_TEST(read_answer(client).status == 502U);
    RawEmitter again(edge, 'a');
    again.join({"profile"});
    client.send(get_request("/debug/pprof/profile?seconds=1"));
    again.send(answer_frame(asked(again)));
    BOOST_TEST(read_answer(client).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_posts_body_reaches_the_page) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter maild(edge, 'a');
    maild.join({"threads"});
    Client client(edge, edge.connect_http());
    client.send("POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n0x10+0x20");
    const auto* query = std::get_if<wire::Query>(&maild.read_message());
    BOOST_REQUIRE(query);
    BOOST_TEST(query->topic == "threads");
    maild.send(RawEmitter::frame(wire::Answer{.query = query->id, .chunk = "\x30\x01", .last = true}));
    BOOST_TEST(read_answer(client).body == "num_symbols: 1\n");
    client.send("POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n!");
    BOOST_TEST(read_answer(client).status == 400U);
}

BOOST_AUTO_TEST_CASE(quipud_profiles_itself_one_at_a_time_and_stops_for_a_client_that_leaves) {
    const TempDir dir;
    Edge edge(dir);
    Client first(edge, edge.connect_http());
    first.send(get_request("/debug/pprof/profile?of=quipud&seconds=30"));
    BOOST_TEST(first.is_silent());
    Client second(edge, edge.connect_http());
    second.send(get_request("/debug/pprof/profile?of=quipud&seconds=1"));
    const HttpAnswer busy = read_answer(second);
    BOOST_TEST(busy.status == 503U);
    BOOST_TEST(!busy.header("Retry-After").empty());
    first.close();
    unsigned status = 503;
    BOOST_TEST(edge.run_until([&] {
        second.send(get_request("/debug/pprof/profile?of=quipud&seconds=1"));
        status = read_answer(second).status;
        return status != 503;
    }));
    BOOST_TEST(status == 200U);
}

BOOST_AUTO_TEST_CASE(quipuds_threads_are_listed) {
    const TempDir dir;
    Edge edge(dir);
    Client client(edge, edge.connect_http());
    client.send(get_request("/debug/threads?of=quipud"));
    const HttpAnswer answer = read_answer(client);
    BOOST_TEST(answer.status == 200U);
    BOOST_TEST(answer.body.starts_with("# Threads of quipud"));
}

BOOST_AUTO_TEST_SUITE_END()
