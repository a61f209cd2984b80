#include <boost/test/unit_test.hpp>
#include <string>
#include <variant>
#include <vector>

#include "daemon/pages/page.hpp"
#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(net_read_only)

using namespace quipu;
using namespace quipu::test;

namespace {

// What is known, as the pages tell it; quipud's own counters apart, which count the asking itself.
std::string known(const State& state, std::int64_t wall_ns) {
    std::string text;
    for (const std::string_view target :
         {"/debug/vars",
          "/debug/emitters?format=json",
          "/debug/traces?format=json&all=1",
          "/debug/flags?format=text"}) {
        Request request;
        request.target = target;
        request.host = "localhost";
        PageResult result = dispatch(state, request, {1, wall_ns});
        std::string_view body = std::get<Response>(result).body;
        while (!body.empty()) {
            const std::string_view line = body.substr(0, body.find('\n'));
            if (line.find("\"quipu/") == std::string_view::npos) text.append(line).append("\n");
            body.remove_prefix(std::min(line.size() + 1, body.size()));
        }
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_request_changes_anything) {
    const TempDir dir;
    Edge edge(dir);
    RawEmitter emitter(edge, 'a');
    emitter.join();
    emitter.send(RawEmitter::count_frames(42));
    BOOST_REQUIRE(edge.run_until([&] { return edge.count("test/count") == 42u; }));
    const std::int64_t now = read_clocks().wall_ns;
    const std::string before = known(edge.state, now);
    BOOST_TEST(before.find("\"test/count\": 42") != std::string::npos);

    const std::vector<std::string> methods = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "BREW"};
    const std::vector<std::string> origins = {
        "",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"};
    for (const Endpoint& endpoint : endpoints()) {
        for (const std::string& method : methods) {
            for (const std::string& origin : origins) {
                BOOST_TEST_CONTEXT(method << " " << endpoint.path << " " << origin) {
                    Client client(edge, edge.connect_http());
                    client.send(
                        method + " " + std::string(endpoint.path) + " HTTP/1.1\r\nHost: localhost\r\n" + origin +
                        "Connection: close\r\nContent-Length: 8\r\n\r\nreset=1\n"
                    );
                    const HttpAnswer answer = read_answer(client, method == "HEAD");
                    const bool is_reading = method == "GET" || method == "HEAD";
                    const bool is_foreign = origin.find("evil") != std::string::npos ||
                                            origin.find("null") != std::string::npos ||
                                            origin.find("image") != std::string::npos;
                    if (is_foreign)
                        BOOST_TEST(answer.status == 403u);
                    else if (method == "POST" && endpoint.takes_post)
                        BOOST_TEST((answer.status == 200u || answer.status == 400u));  // a question, as a GET is
                    else if (!is_reading)
                        BOOST_TEST(answer.status == 405u);
                    else
                        BOOST_TEST((answer.status < 500u || answer.status == 501u || answer.status == 503u));
                }
            }
        }
    }
    BOOST_TEST(known(edge.state, now) == before);
}

BOOST_AUTO_TEST_SUITE_END()
