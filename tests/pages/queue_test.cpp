#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_queue)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::uint64_t created = 1'795'572'232'420'798'099;  // 2026-11-25 02:03:52.420798099 UTC

wire::QueueItem item(std::string_view id, std::uint64_t created_wall_ns = created) {
    wire::QueueItem item;
    item.id = id;
    item.created_wall_ns = created_wall_ns;
    item.from = "<>";
    item.to = {"b@example.org"};
    item.recipients = {
        {.address = "b@example.org",
         .type = "EMAIL",
         .original_address = "b@example.org",
         .last_failure = "no such \"host\"",
         .attempts = 3,
         .next_try_wall_ns = created + 60'000'000'000}};
    return item;
}

Reply answered(const wire::Queue& queue, std::uint32_t emitter = 1) {
    Reply reply{.emitter = emitter};
    wire::append_body(reply.body, queue);
    return reply;
}

struct QueueWorld : World {
    std::unique_ptr<Speaker> maild = connect('a', {.topics = {"queue"}});
    std::string reply_body;  // keeps what views point into

    std::string page(std::string_view target, std::vector<Reply> replies, std::string_view accept = "") {
        const Response response = get(target, accept, std::move(replies));
        BOOST_TEST(response.status == 200U);
        return response.body;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_connected_mail_daemon_that_knows_the_topic_is_asked) {
    World world;
    auto first = world.connect('a', {.topics = {"queue"}});
    auto second = world.connect('b', {.topics = {"profile"}});
    auto third = world.connect('c', {.topics = {"profile", "queue"}});
    auto gone = world.connect('d', {.topics = {"queue"}});
    gone->close(world.now);
    const PageResult result = world.ask(Request{.target = "/debug/queue"});
    BOOST_REQUIRE(std::holds_alternative<PageAsk>(result));
    const Ask& ask = std::get<PageAsk>(result).ask;
    BOOST_TEST(ask.topic == "queue");
    BOOST_TEST((ask.emitters == std::vector<std::uint32_t>{first->emitter().number, third->emitter().number}));
}

BOOST_AUTO_TEST_CASE(text_is_laid_out_as_chasquid_does) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("gcNwfnc_Sx4")};
    queue.items[0].recipients.push_back({.address = "|pipe", .type = "PIPE", .status = 1, .original_address = "x@y"});
    queue.total = 1;
    const Response response = world.get("/debug/queue", "*/*", {answered(queue)});
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(header_text(response, "Vary") == "Accept");
    BOOST_TEST(
        response.body ==
        "# Queue status\n\n"
        "date: 2026-11-25 02:04:10.937945941 +0000 UTC\n"
        "length: 1\n\n"
        "## Item gcNwfnc_Sx4\n"
        "created at: 2026-11-25 02:03:52.420798099 +0000 UTC\n"
        "from: <>\n"
        "to: [b@example.org]\n"
        "PENDING b@example.org (EMAIL)\n"
        "  original address: b@example.org\n"
        "  last failure: \"no such \\\"host\\\"\"\n"
        "SENT |pipe (PIPE)\n"
        "  original address: x@y\n"
        "  last failure: \"\"\n\n"
    );
}

BOOST_AUTO_TEST_CASE(browsers_get_a_table) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("gcNwfnc_Sx4")};
    queue.total = 1;
    check_golden("pages/queue.html", world.page("/debug/queue", {answered(queue)}, browser_accept));
}

BOOST_AUTO_TEST_CASE(scripts_get_json) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("gcNwfnc_Sx4")};
    queue.total = 1;
    const std::string body = world.page("/debug/queue?format=json", {answered(queue)}, browser_accept);
    check_golden("pages/queue.json", body);
    const auto json = parse_json(body);
    BOOST_TEST(json.at("length").to_number<int>() == 1);
    BOOST_TEST(json.at("items").at(0).at("recipients").at(0).at("attempts").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(queues_of_several_mail_daemons_are_one_list_oldest_first) {
    QueueWorld world;
    wire::Queue first;
    first.items = {item("new", created + 9), item("old", created)};
    wire::Queue second;
    second.items = {item("middle", created + 5)};
    const std::string body = world.page("/debug/queue", {answered(first, 1), answered(second, 2)});
    BOOST_TEST(has(body, "\nlength: 3\n"));
    BOOST_TEST((body.find("Item old") < body.find("Item middle")));
    BOOST_TEST((body.find("Item middle") < body.find("Item new")));
}

BOOST_AUTO_TEST_CASE(filter_looks_at_addresses_ids_and_failures) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("one"), item("two"), item("three")};
    queue.items[1].from = "Alice@Example.COM";
    queue.items[2].recipients[0].last_failure = "greylisted";
    const auto found = [&](std::string_view q) {
        const auto page = parse_json(world.page("/debug/queue?format=json&q=" + std::string(q), {answered(queue)}));
        std::string ids;
        for (const auto& entry : page.at("items").as_array()) {
            ids += std::string(entry.at("id").as_string().data(), entry.at("id").as_string().size()) + " ";
        }
        return ids;
    };
    BOOST_TEST(found("alice") == "two ");
    BOOST_TEST(found("GREYLISTED") == "three ");
    BOOST_TEST(found("one") == "one ");
    BOOST_TEST(found("b%40example.org") == "one two three ");
    BOOST_TEST(found("absent") == "");
}

BOOST_AUTO_TEST_CASE(long_queues_are_paged_for_people_and_whole_for_tools) {
    QueueWorld world;
    std::vector<std::string> ids;
    for (int i = 0; i < 250; ++i) ids.push_back("item" + std::to_string(i));
    wire::Queue queue;
    for (std::size_t i = 0; i < ids.size(); ++i) queue.items.push_back(item(ids[i], created + i));
    const std::string html = world.page("/debug/queue?page=2", {answered(queue)}, browser_accept);
    BOOST_TEST(!has(html, ">item99<"));
    BOOST_TEST(has(html, ">item100<"));
    BOOST_TEST(has(html, ">item199<"));
    BOOST_TEST(!has(html, ">item200<"));
    BOOST_TEST(has(html, "page 2 of 3"));
    BOOST_TEST(has(html, "href=\"/debug/queue?page=3\""));
    BOOST_TEST(has(world.page("/debug/queue", {answered(queue)}), "## Item item249\n"));
    BOOST_TEST(!has(world.page("/debug/queue?page=1", {answered(queue)}), "## Item item249\n"));
    BOOST_TEST(world.get("/debug/queue?page=x", "", {answered(queue)}).status == 400U);
}

BOOST_AUTO_TEST_CASE(a_long_queue_is_read_and_written_in_steps) {
    QueueWorld world;
    std::vector<std::string> ids;
    for (int i = 0; i < 10'000; ++i) ids.push_back("item" + std::to_string(i));
    wire::Queue queue;
    // Ages in no order, each ten times: of one age, the order is that of the answer.
    for (std::size_t i = 0; i < ids.size(); ++i) queue.items.push_back(item(ids[i], created + i * 7919 % 1000));
    std::string expected;
    for (std::size_t age = 0; age < 1000; ++age) {
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (i * 7919 % 1000 == age) expected += "## Item " + ids[i] + "\n";
        }
    }
    for (const std::string_view target : {"/debug/queue", "/debug/queue?format=json", "/debug/queue?format=html"}) {
        BOOST_TEST_CONTEXT(target) {
            PageResult result = world.ask(Request{.target = target});
            const std::size_t equals = target.find('=');
            Request request{.target = target};
            if (equals != std::string_view::npos) {
                request.parameters.emplace_back("format", std::string(target.substr(equals + 1)));
            }
            Finished finished = std::get<PageAsk>(result).finish(world.state, request, world.now, {answered(queue)});
            BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<PageWork>>(finished));
            PageWork& work = *std::get<std::unique_ptr<PageWork>>(finished);
            BOOST_TEST(work.bytes() > 10'000U);
            std::size_t steps = 1;
            std::optional<Response> head = work.head(world.state, request, world.now);
            for (; !head; ++steps) head = work.head(world.state, request, world.now);
            BOOST_TEST(steps >= 10'000 / 512);
            BOOST_TEST(head->body.size() < 256'000U);
            std::string body = head->body;
            for (bool has_more = true; has_more;) {
                std::string piece;
                has_more = work.more(world.state, piece);
                BOOST_TEST(piece.size() < 66'000U);
                body += piece;
            }
            BOOST_TEST(!work.more(world.state, body));
            if (target == "/debug/queue") {
                std::string found;
                for (std::size_t at = body.find("## Item "); at != std::string::npos;
                     at = body.find("## Item ", at + 1)) {
                    found.append(body, at, body.find('\n', at) + 1 - at);
                }
                BOOST_TEST((found == expected));
            }
            if (has(target, "json")) BOOST_TEST(parse_json(body).at("items").as_array().size() == 10'000U);
        }
    }
}

BOOST_AUTO_TEST_CASE(one_queue_that_breaks_off_takes_nothing_from_the_others) {
    QueueWorld world;
    std::vector<std::string> ids;
    for (int i = 0; i < 2000; ++i) ids.push_back("broken" + std::to_string(i));
    wire::Queue queue;
    for (const std::string& id : ids) queue.items.push_back(item(id));
    Reply broken = answered(queue, 1);
    broken.body += '\xFF';
    wire::Queue good;
    good.items = {item("good")};
    const std::string body = world.page("/debug/queue", {broken, answered(good, 2)});
    BOOST_TEST(has(body, "\nlength: 1\nnote: Emitter 1 sent an answer that cannot be read.\n\n## Item good\n"));
    BOOST_TEST(!has(body, "Item broken"));
}

BOOST_AUTO_TEST_CASE(items_link_to_their_traces) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("a&b=\"")};
    BOOST_TEST(
        has(world.page("/debug/queue", {answered(queue)}, browser_accept), "href=\"/debug/traces?q=a%26b%3D%22\"")
    );
}

BOOST_AUTO_TEST_CASE(nobody_to_ask_is_told_from_nobody_who_knows) {
    World world;
    const Response nobody = world.get("/debug/queue");
    BOOST_TEST(nobody.status == 503U);
    BOOST_TEST(header(nobody, "Retry-After") != nullptr);
    BOOST_TEST(nobody.content_type == "text/plain; charset=utf-8");
    auto maild = world.connect();
    BOOST_TEST(world.get("/debug/queue").status == 404U);
    const Response page = world.get("/debug/queue", browser_accept);
    BOOST_TEST(page.status == 404U);
    BOOST_TEST(page.content_type == "text/html; charset=utf-8");
    BOOST_TEST(world.get("/debug/queue?format=xml").status == 400U);
}

BOOST_AUTO_TEST_CASE(outcomes_become_statuses) {
    struct Case {
        std::string_view name;
        Reply reply;
        unsigned status;
    };

    QueueWorld world;
    for (const Case& tc : std::vector<Case>{
             {"late", {.outcome = Outcome::late}, 504},
             {"gone", {.outcome = Outcome::gone}, 502},
             {"too long", {.outcome = Outcome::too_long}, 502},
             {"busy", {.status = wire::Status::busy}, 503},
             {"unknown topic", {.status = wire::Status::unknown_topic}, 404},
             {"bad argument", {.status = wire::Status::bad_argument, .body = "no"}, 400},
             {"failed", {.status = wire::Status::failed, .body = "disk <on> fire"}, 502},
             {"cancelled", {.status = wire::Status::cancelled}, 503},
             {"unreadable", {.body = "\xFF\xFF\xFF"}, 502},
         }) {
        BOOST_TEST_CONTEXT(tc.name) {
            const Response response = world.get("/debug/queue", "", {tc.reply});
            BOOST_TEST(response.status == tc.status);
            BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
            BOOST_TEST((header(response, "Retry-After") != nullptr) == (tc.status == 503));
            const Response page = world.get("/debug/queue", browser_accept, {tc.reply});
            BOOST_TEST(page.status == tc.status);
            BOOST_TEST(!has(page.body, "<on>"));
        }
    }
    const Response mixed = world.get("/debug/queue", "", {{.outcome = Outcome::gone}, {.status = wire::Status::busy}});
    BOOST_TEST(mixed.status == 503U);
}

BOOST_AUTO_TEST_CASE(partial_answers_are_shown_with_a_note) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item("here")};
    const std::string body = world.page("/debug/queue", {answered(queue, 1), {.emitter = 2, .outcome = Outcome::late}});
    BOOST_TEST(has(body, "length: 1\nnote: Emitter 2 did not answer in time.\n\n## Item here\n"));
    queue.total = 1000;
    BOOST_TEST(
        has(world.page("/debug/queue", {answered(queue, 1)}),
            "length: 1000\nnote: Emitter 1 sent 1 of the 1000 items in its queue.\n")
    );
}

BOOST_AUTO_TEST_CASE(hostile_items_are_inert) {
    QueueWorld world;
    wire::Queue queue;
    queue.items = {item(hostile)};
    queue.items[0].from = hostile;
    queue.items[0].to = {hostile, "x\n## Item forged"};
    queue.items[0].recipients[0] = {
        .address = hostile,
        .type = hostile,
        .status = 77,
        .original_address = hostile,
        .last_failure = hostile,
        .next_try_wall_ns = ~std::uint64_t{0}};
    queue.items[0].created_wall_ns = ~std::uint64_t{0};
    check_inert_html(world.page("/debug/queue", {answered(queue)}, browser_accept));
    parse_json(world.page("/debug/queue?format=json", {answered(queue)}));
    const std::string text = world.page("/debug/queue", {answered(queue)});
    BOOST_TEST(!has(text, "\n## Item forged"));
    BOOST_TEST(!has(text, "\u202E"));
    BOOST_TEST(has(text, "\nUNKNOWN "));
}

BOOST_AUTO_TEST_SUITE_END()
