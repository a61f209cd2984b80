// Traces as OpenTelemetry reads them. That the official decoder takes them: tests/e2e/otlp_test.
#include "daemon/otlp/spans.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pages/world.hpp"
#include "tests/support/files.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(otlp_spans)

using namespace quipu;
using namespace quipu::test;

namespace {

// The message as the official protoc reads it, with the names of tests/otlp/otlp.proto.
std::string decoded(std::string_view type, const std::string& message) {
    const TempDir folder;
    write_file(folder.file("in"), message);
    const std::string command = "'" QUIPU_PROTOC "' --decode=otlp." + std::string(type) + " --proto_path='" +
                                source_path("tests/otlp") + "' otlp.proto <'" + folder.file("in") + "' >'" +
                                folder.file("out") + "'";
    BOOST_REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command);  // NOLINT(concurrency-mt-unsafe)
    return read_file(folder.file("out"));
}

std::string attribute(const std::string& key, const std::string& value) {
    return "key: \"" + key + "\"\n  value {\n    " + value + "\n  }\n";
}

std::string text(const std::string& key, const std::string& value) {
    return attribute(key, "string_value: \"" + value + "\"");
}

// A world that keeps the span of every trace that ends, by its number.
struct Listening : World {
    std::map<std::uint64_t, std::string> spans;
    std::vector<std::string> order;
    std::unique_ptr<Speaker> maild = connect('a', {.program = "maild", .version = "1.2", .pid = 42, .hostname = "mx"});

    explicit Listening(Limits limits = {}) : World(limits) {
        state.traces.on_ended([this](const TraceRecord& trace) {
            BOOST_TEST(spans.emplace(trace.ref.number, encode_otlp_span(trace, state.traces)).second);
            order.push_back(trace.title);
        });
    }

    std::string span(std::uint64_t number) {
        BOOST_REQUIRE(spans.contains(number));
        return decoded("Span", spans.at(number));
    }

    std::string one(std::string_view family, std::string_view title, std::string_view error = {}) {
        const std::uint64_t number = spans.size() + 1000;
        maild->begin(number, family, title, 0);
        if (!error.empty()) maild->error(number, error, ms);
        maild->end(number, 2 * ms);
        return span(number);
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_connection_with_a_child_a_link_and_an_error) {
    Listening world;
    Speaker& maild = *world.maild;
    maild.begin(1, "SMTP.Conn", "192.0.2.1:4711", 0);
    maild.event(1, "-> EHLO client", ms);
    maild.begin(3, "Queue.SendLoop", "id3", ms);
    maild.begin(2, "Queue.Put", "a@example.org", 2 * ms, 1);
    maild.link(2, 3, "queued", 3 * ms);
    maild.end(2, 4 * ms);
    maild.error(1, "<- 550 5.1.1 no such user", 5 * ms);
    maild.event(1, "-> QUIT", 6 * ms, 7);
    maild.end(1, 8 * ms);
    maild.end(3, 9 * ms);
    check_golden("otlp/connection.txt", world.span(1));
    check_golden("otlp/child.txt", world.span(2));
    check_golden("otlp/queue_item.txt", world.span(3));
}

BOOST_AUTO_TEST_CASE(a_request_has_each_resource_once) {
    Listening world;
    auto other = world.connect('b', {.program = "other"});
    std::map<std::string, std::shared_ptr<const std::string>> resources;
    std::vector<OtlpSpan> spans;
    world.state.traces.on_ended([&](const TraceRecord& trace) {
        const EmitterRecord* on_record = trace.program == "maild" ? &world.maild->emitter() : nullptr;
        auto& resource = resources[trace.program];
        if (!resource) resource = std::make_shared<std::string>(encode_otlp_resource(trace, on_record));
        spans.push_back({resource, encode_otlp_span(trace, world.state.traces)});
    });
    for (const auto& [speaker, number] :
         {std::pair{world.maild.get(), 1U}, {other.get(), 2U}, {world.maild.get(), 3U}}) {
        speaker->begin(number, "f", "t" + std::to_string(number), 0);
        speaker->end(number, ms);
    }
    check_golden("otlp/request.txt", decoded("Request", encode_otlp_request(spans, "0.1.0")));
    BOOST_TEST(encode_otlp_request({}, "0.1.0").empty());
}

BOOST_AUTO_TEST_CASE(the_id_is_the_one_on_the_pages_and_a_tree_is_one_trace) {
    Listening world;
    Speaker& maild = *world.maild;
    maild.begin(1, "a", "root", 0);
    maild.begin(2, "b", "child", ms, 1);
    maild.begin(3, "c", "grandchild", 2 * ms, 2);
    maild.begin(9, "d", "child of one that is not known", 2 * ms, 8);
    for (const std::uint64_t number : {3U, 2U, 1U, 9U}) maild.end(number, 3 * ms);
    const std::string root("aaaaaaaa\0\0\0\0\0\0\0\1", 16);
    for (const std::uint64_t number : {1U, 2U, 3U}) {
        BOOST_TEST(world.spans[number].substr(2, 16) == root);
        BOOST_TEST(world.spans[number].substr(20, 8) == std::string(7, '\0') + static_cast<char>(number));
    }
    BOOST_TEST(maild.trace_id(1) == "61616161616161610000000000000001");
    BOOST_TEST(world.spans[3].substr(28, 10) == std::string("\x22\x08\0\0\0\0\0\0\0\2", 10));  // its parent
    BOOST_TEST(world.spans[9].substr(2, 16) == std::string("aaaaaaaa\0\0\0\0\0\0\0\x08", 16));
    // The same over a restart of quipud.
    State restarted;
    Speaker& same = maild;
    same.begin(20, "a", "open", 0);
    same.begin(21, "b", "open child", ms, 20);
    const Now later{noon.steady_ns + 5'000 * ms, noon.wall_ns + 5'000 * ms};
    Saved saved;
    for (const DurableTrace& row : take_changes(world.state, Book::store, later).traces) saved.traces.push_back(row);
    restore(restarted, saved, later);
    const TraceRecord* child = restarted.traces.find({0x6161616161616161, 21});
    BOOST_REQUIRE(child);
    BOOST_TEST((child->root == TraceRef{0x6161616161616161, 20}));
}

BOOST_AUTO_TEST_CASE(peers_stand_in_their_own_attributes) {
    Listening world;
    const std::string ipv4 = world.one("SMTP.Conn", "192.0.2.1:4711");
    BOOST_TEST(has(ipv4, text("network.peer.address", "192.0.2.1")));
    BOOST_TEST(has(ipv4, attribute("network.peer.port", "int_value: 4711")));
    BOOST_TEST(has(ipv4, text("client.address", "192.0.2.1")));
    const std::string ipv6 = world.one("SMTP.Conn", "[2001:db8::1]:25");
    BOOST_TEST(has(ipv6, text("network.peer.address", "2001:db8::1")));
    for (const std::string_view odd :
         {"", ":25", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "host:25", "1:2", "x"}) {
        BOOST_TEST_CONTEXT(odd) {
            BOOST_TEST(!has(world.one("SMTP.Conn", odd), "network.peer"));
        }
    }
    BOOST_TEST(!has(world.one("Other", "192.0.2.1:4711"), "network."));
}

BOOST_AUTO_TEST_CASE(error_type_has_few_values) {
    Listening world;
    const std::map<std::string, std::string> cases = {
        {"550 no", "550"},
        {"<- 451 4.3.0 later", "451"},
        {"\"554-policy\"", "554"},
        {"smtp: 421: busy", "421"},
        {"421", "421"},
        {"dial tcp 192.0.2.550: refused", "_OTHER"},
        {"port 5501", "_OTHER"},
        {"250 fine", "_OTHER"},
        {"no route", "_OTHER"},
    };
    for (const auto& [said, type] : cases) {
        BOOST_TEST_CONTEXT(said) {
            const std::string span = world.one("f", "t", said);
            BOOST_TEST(has(span, text("error.type", type)));
            BOOST_TEST(has(span, "status {\n  message: "));
            BOOST_TEST(has(span, "  code: ERROR\n"));
        }
    }
    BOOST_TEST(!has(world.one("f", "t"), "error.type"));
    BOOST_TEST(!has(world.one("f", "t"), "status {"));
}

BOOST_AUTO_TEST_CASE(one_whose_mail_daemon_ended_is_an_error_that_says_so) {
    Listening world;
    world.maild->begin(1, "SMTP.Conn", "t", 0);
    set_ended(world.state, world.maild->emitter(), "killed", noon);
    const std::string span = world.span(1);
    BOOST_TEST(has(span, text("error.type", "orphaned")));
    BOOST_TEST(has(span, text("quipu.orphaned", "maild ended: killed")));
    BOOST_TEST(has(span, "status {\n  message: \"maild ended: killed\"\n  code: ERROR\n}"));
}

BOOST_AUTO_TEST_CASE(one_that_was_rebuilt_from_a_log_says_so) {
    Listening world;
    world.maild->trace_event({.trace = 1, .text = "t", .family = "SMTP.Conn", .inferred = true}, 0);
    world.maild->end(1, ms);
    BOOST_TEST(has(world.span(1), attribute("quipu.inferred", "bool_value: true")));
    BOOST_TEST(!has(world.one("f", "t"), "quipu.inferred"));
}

BOOST_AUTO_TEST_CASE(events_that_were_lost_are_counted) {
    Limits limits;
    limits.traces.events_per_trace = 3;
    Listening world(limits);
    Speaker& maild = *world.maild;
    maild.begin(1, "f", "t", 0);
    for (int i = 0; i < 10; ++i) maild.event(1, "e" + std::to_string(i), (i + 1) * ms, i == 9 ? 5 : 0);
    maild.end(1, 20 * ms);
    const std::string span = world.span(1);
    BOOST_TEST(has(span, "dropped_events: 12\n"));  // 7 cut here, 5 lost there
    BOOST_TEST(has(span, "\"e0\""));
    BOOST_TEST(!has(span, "\"e5\""));
    BOOST_TEST(has(span, "\"e9\""));
}

BOOST_AUTO_TEST_CASE(any_bytes_become_utf8) {
    Listening world;
    const std::string evil = "\xFF\xC0\x80 \xED\xA0\x80 ok";
    Speaker& maild = *world.maild;
    maild.begin(1, evil, evil, 0);
    maild.event(1, evil, ms);
    maild.error(1, evil, 2 * ms);
    maild.end(1, 3 * ms);
    const std::string& bytes = world.spans[1];
    BOOST_TEST(bytes.find(evil) == std::string::npos);
    BOOST_TEST(bytes.find("\xFF\xC0") == std::string::npos);
    BOOST_TEST(has(bytes, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD ok"));
    (void)world.span(1);
}

BOOST_AUTO_TEST_CASE(no_command_line_flag_or_configuration_goes_out) {
    World world;
    wire::Hello hello{.program = "maild", .pid = 42};
    hello.cmdline = {"maild", "--token=geheim"};
    auto maild = world.connect('a', hello);
    maild->emitter().config_text = "geheim";
    maild->emitter().flags = {{"token", "geheim", true}};
    maild->begin(1, "f", "t", 0);
    const TraceRecord* trace = world.state.traces.find({0x6161616161616161, 1});
    BOOST_REQUIRE(trace);
    BOOST_TEST(!has(encode_otlp_resource(*trace, &maild->emitter()), "geheim"));
    BOOST_TEST(has(encode_otlp_resource(*trace, &maild->emitter()), "61616161616161616161616161616161"));
}

BOOST_AUTO_TEST_CASE(answers_of_any_bytes_are_read) {
    BOOST_TEST(decode_otlp_answer("").rejected_spans == 0U);
    const OtlpAnswer answer = decode_otlp_answer(std::string_view(
        "\x0A\x07\x08\x02\x12\x03"
        "why",
        9
    ));
    BOOST_TEST(answer.rejected_spans == 2U);
    BOOST_TEST(answer.message == "why");
    for (const std::string_view odd : {"\x0A", "\x0A\x7F", "hello", "<html>", "\x08\x01", "\x0A\x01\x0A"}) {
        BOOST_TEST(decode_otlp_answer(odd).rejected_spans == 0U);
    }
    const std::string negative("\x0A\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 13);
    BOOST_TEST(decode_otlp_answer(negative).rejected_spans == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
