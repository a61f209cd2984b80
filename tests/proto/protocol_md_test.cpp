// The worked session of PROTOCOL.md, byte by byte, is what our codec writes, and a quipud session takes.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "tests/support/files.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_protocol_md)

namespace {

struct Said {
    std::string who;  // "emitter" or "quipud"
    std::string frame;
};

// The fenced blocks that begin with ```hex emitter or ```hex quipud.
std::vector<Said> session_in_the_document() {
    const std::string text = test::read_source("proto/PROTOCOL.md");
    const std::string fence = "\n```hex ";
    std::vector<Said> said;
    for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
        const std::size_t who = at + fence.size();
        const std::size_t body = text.find('\n', who);
        const std::size_t end = text.find("\n```\n", body);
        BOOST_REQUIRE(end != std::string::npos);
        said.push_back({text.substr(who, body - who), test::from_hex(text.substr(body, end - body))});
    }
    return said;
}

std::vector<Said> session() {
    constexpr std::uint64_t noon_ns = 1'767'268'800'000'000'000;
    std::vector<Said> said;
    const auto emitter = [&](const wire::FromEmitter& message) {
        said.push_back({"emitter", test::frame_of(message)});
    };
    const auto quipud = [&](const wire::ToEmitter& message) { said.push_back({"quipud", test::frame_of(message)}); };
    emitter(wire::Hello{
        .protocol = 1,
        .program = "maild",
        .version = "0.1.0",
        .instance = "0123456789abcdef",
        .pid = 4711,
        .start_wall_ns = noon_ns,
        .topics = {"queue"},
        .wall_ns = noon_ns + 1'000'000,
        .steady_ns = 5'000'000'000,
    });
    quipud(wire::Welcome{
        .protocol = 1,
        .bounds =
            {.frame_bytes = limits::max_frame_bytes,
             .series = limits::max_series,
             .text_bytes = limits::max_text_bytes,
             .event_bytes = limits::max_event_bytes,
             .active_traces = 20'000},
        .flush_interval_ms = 100,
    });
    emitter(wire::Define{
        .families =
            {{.id = 1, .name = "chasquid/queue/putCount"},
             {.id = 2, .name = "chasquid/smtpIn/responseCodeCount", .label_name = "code"}},
        .series = {{.id = 1, .family = 1}, {.id = 2, .family = 2, .label_value = "250"}},
    });
    emitter(wire::Deltas{.ids = {1, 2}, .deltas = {1, 5}});
    using enum wire::TraceEventKind;
    emitter(wire::TraceEvents{
        .events =
            {{.trace = 1, .kind = begin, .steady_ns = 5'100'000'000, .text = "192.0.2.1:4711", .family = "SMTP.Conn"},
             {.trace = 1, .kind = event, .steady_ns = 5'101'000'000, .text = "-> EHLO"},
             {.trace = 1, .kind = end, .steady_ns = 5'102'000'000}},
        .all_active_announced = true,
    });
    quipud(wire::Query{.id = 1, .topic = "queue", .deadline_ms = 10'000});
    const wire::Queue queue{.items = {{.id = "a1", .from = "a@example.org", .to = {"b@example.net"}}}, .total = 1};
    std::string body;
    append_body(body, queue);
    emitter(wire::Answer{.query = 1, .chunk = body, .last = true});
    emitter(wire::Bye{.reason = "exit"});
    quipud(wire::Ack{});
    return said;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_worked_session_is_what_the_codec_writes) {
    const std::vector<Said> expected = session();
    const std::vector<Said> actual = session_in_the_document();
    BOOST_TEST(actual.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const bool is_same =
            i < actual.size() && actual[i].who == expected[i].who && actual[i].frame == expected[i].frame;
        BOOST_CHECK_MESSAGE(
            is_same,
            "frame " << i + 1 << " should be:\n"
                     << expected[i].who << '\n'
                     << test::to_hex(expected[i].frame)
        );
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
