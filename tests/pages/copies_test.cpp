#include "daemon/pages/copies.hpp"

#include <string>

#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_copies)

using namespace quipu;
using namespace quipu::test;

namespace {

std::shared_ptr<const Answer> answer(std::string body, bool is_copied = true) {
    Answer answer;
    answer.response.body = std::move(body);
    answer.response.is_copied = is_copied;
    return std::make_shared<const Answer>(std::move(answer));
}

Now after(std::int64_t ns) {
    return {noon.steady_ns + ns, noon.wall_ns + ns};
}

std::string found(Copies& copies, const Request& request, std::uint64_t changes, Now now) {
    const std::shared_ptr<const Answer> copy = copies.find(request, changes, now);
    return copy ? copy->response.body : "(none)";
}

}  // namespace

BOOST_AUTO_TEST_CASE(equal_request_gets_the_same_bytes_until_something_changes) {
    Copies copies;
    const Request request{.target = "/metrics", .host = "localhost"};
    BOOST_TEST(found(copies, request, 1, noon) == "(none)");
    copies.keep(request, answer("one"), 1, noon);
    BOOST_TEST(found(copies, request, 1, noon) == "one");
    BOOST_TEST(found(copies, request, 1, after(Copies::copy_ns)) == "one");
    BOOST_TEST(found(copies, request, 1, after(Copies::copy_ns + 1)) == "(none)");
    BOOST_TEST(found(copies, request, 2, noon) == "(none)");
    copies.keep(request, answer("two"), 2, after(5));
    BOOST_TEST(found(copies, request, 2, after(6)) == "two");
    BOOST_TEST(found(copies, request, 1, after(6)) == "(none)");
}

BOOST_AUTO_TEST_CASE(whatever_an_answer_may_depend_on_makes_it_another_one) {
    Copies copies;
    const Request request{.target = "/metrics", .host = "localhost"};
    copies.keep(request, answer("kept"), 1, noon);
    std::vector<Request> others(9, request);
    others[0].target = "/metrics?x";
    others[1].host = "elsewhere";
    others[2].accept = "application/openmetrics-text";
    others[3].accept_encoding = "gzip";
    others[4].origin = "http://evil.example";
    others[5].sec_fetch_site = "cross-site";
    others[6].sec_fetch_mode = "navigate";
    others[7].sec_fetch_dest = "document";
    others[8].method = Method::post;
    for (const Request& other : others) BOOST_TEST(found(copies, other, 1, noon) == "(none)");
    Request head = request;
    head.method = Method::head;  // the edge leaves the body out
    BOOST_TEST(found(copies, head, 1, noon) == "kept");
    // What belongs to one field cannot be taken for the next one's.
    Request moved = request;
    moved.host = "";
    moved.accept = "localhost";
    BOOST_TEST(found(copies, moved, 1, noon) == "(none)");
}

BOOST_AUTO_TEST_CASE(only_what_may_be_copied_is_kept_and_only_so_much_of_it) {
    Copies copies;
    Request request{.target = "/debug/queue", .host = "localhost"};
    copies.keep(request, answer("x", false), 1, noon);
    BOOST_TEST(found(copies, request, 1, noon) == "(none)");
    copies.keep(request, answer(std::string(Copies::max_bytes + 1, 'x')), 1, noon);
    BOOST_TEST(found(copies, request, 1, noon) == "(none)");
    copies.keep(request, answer(std::string(Copies::max_bytes, 'x')), 1, noon);
    BOOST_TEST(found(copies, request, 1, noon).size() == Copies::max_bytes);
    std::vector<std::string> targets;
    for (std::size_t i = 0; i < Copies::most; ++i) targets.push_back("/metrics?" + std::to_string(i));
    for (std::size_t i = 0; i < Copies::most; ++i) {
        request.target = targets[i];
        copies.keep(request, answer(targets[i]), 1, after(static_cast<std::int64_t>(i) + 1));
    }
    request.target = "/debug/queue";
    BOOST_TEST(found(copies, request, 1, noon) == "(none)");  // the oldest gave way
    for (const std::string& target : targets) {
        request.target = target;
        BOOST_TEST(found(copies, request, 1, noon) == target);
    }
}

BOOST_AUTO_TEST_CASE(pages_of_all_variables_are_copied_and_errors_are_not) {
    World world;
    BOOST_TEST(world.get("/debug/vars").is_copied);
    BOOST_TEST(world.get("/metrics").is_copied);
    BOOST_TEST(!world.get("/healthz").is_copied);
    BOOST_TEST(!world.get("/debug/emitters").is_copied);
    BOOST_TEST(!world.get("/nowhere").is_copied);
    BOOST_TEST(!world.get(Request{.method = Method::post, .target = "/metrics"}).is_copied);
    BOOST_TEST(!world.get(Request{.target = "/metrics", .host = "evil.example"}).is_copied);
}

BOOST_AUTO_TEST_SUITE_END()
