// Every way in which a peer can be wrong, over a real socket: it is told why, logged, closed, and hurts no other.
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <sstream>
#include <string>

#include "proto/limits.hpp"
#include "tests/support/net_fixture.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(net_refusal)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

// What is logged while it lives.
class LogCapture {
public:
    LogCapture() : before_(spdlog::default_logger()) {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_, true);
        auto logger = std::make_shared<spdlog::logger>("test", sink);
        logger->set_pattern("[%l] %v");
        logger->set_level(spdlog::level::info);
        spdlog::set_default_logger(logger);
    }

    ~LogCapture() { spdlog::set_default_logger(before_); }

    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    [[nodiscard]] std::size_t lines_with(std::string_view words) const {
        std::istringstream lines(text_.str());
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);) count += line.find(words) != std::string::npos ? 1 : 0;
        return count;
    }

private:
    std::shared_ptr<spdlog::logger> before_;
    std::ostringstream text_;
};

Errc read_refusal(RawEmitter& emitter, std::string_view sentence_wanted) {
    const auto* refusal = std::get_if<wire::Refuse>(&emitter.read_message());
    BOOST_REQUIRE(refusal);
    BOOST_TEST(refusal->reason == sentence_wanted);
    return static_cast<Errc>(refusal->code);
}

std::string raw_frame(std::string_view payload) {
    std::string out;
    append_frame(out, payload);
    return out;
}

std::string bytes(std::string_view text) {
    return std::string(text);
}

// What follows a Hello and the definition of counter 1; `is_first`: in the place of Hello.
struct Wrong {
    Errc errc = Errc::ok;
    std::string says;
    bool is_first = false;
};

wire::Hello hello_of(std::uint32_t protocol, std::string_view instance) {
    wire::Hello hello;
    hello.protocol = protocol;
    hello.program = "maild";
    hello.instance = instance;
    return hello;
}

wire::Define family_of(wire::Family family, std::uint32_t series_id) {
    wire::Define define;
    define.families = {std::move(family)};
    define.series = {{series_id, 2, ""}};
    return define;
}

std::vector<Wrong> fatal_ones() {
    static const std::string long_name(limits::max_name_bytes + 1, 'n');
    static const std::string instance(limits::instance_bytes, 'x');
    const auto frame = [](const wire::FromEmitter& message) { return RawEmitter::frame(message); };
    using namespace std::string_view_literals;
    return {
        {Errc::frame_empty, bytes("\0\0\0\0"sv)},
        {Errc::frame_too_long, bytes("\xff\xff\xff\xff"sv)},
        {Errc::frame_too_long, bytes("\x01\x00\x10\x00"sv)},
        {Errc::malformed, raw_frame("\x1a\x05\x0a")},
        {Errc::field_missing, frame(family_of({.id = 2, .name = ""}, 2))},
        {Errc::text_too_long, frame(family_of({.id = 2, .name = long_name}, 2))},
        {Errc::hello_expected, frame(wire::Process{}), true},
        {Errc::hello_expected, raw_frame("\xfa\x3e\x00"sv), true},  // a message of a newer version
        {Errc::hello_again, frame(hello_of(1, instance))},
        {Errc::protocol_unsupported, frame(hello_of(0, instance)), true},
        {Errc::bad_instance, frame(hello_of(1, "short")), true},
        {Errc::bad_id, frame(family_of({.id = 7, .name = "a"}, 2))},
        {Errc::id_redefined, frame(family_of({.id = 1, .name = "a"}, 2))},
        {Errc::id_unknown, frame(wire::Deltas{{2}, {1}})},
        {Errc::kind_mismatch, frame(wire::Set{{1}, {1.0}, {}})},
        {Errc::count_mismatch, raw_frame("\x1a\x07\x0a\x02\x01\x01\x12\x01\x02"sv)},
        {Errc::bad_bounds,
         frame(family_of({.id = 2, .name = "h", .kind = wire::Kind::histogram, .bounds = {2, 1}}, 2))},
    };
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_fatal_error_is_told_logged_once_closed_and_hurts_no_other) {
    for (const Wrong& wrong : fatal_ones()) {
        BOOST_TEST_CONTEXT(sentence(wrong.errc)) {
            const TempDir dir;
            Edge edge(dir);
            const LogCapture log;
            RawEmitter good(edge, 'a');
            good.join();
            RawEmitter bad(edge, 'b');
            if (!wrong.is_first) {
                bad.join();
                bad.send(RawEmitter::count_frames(5));
            }
            // What comes behind it is not taken.
            bad.send(wrong.says + (wrong.is_first ? std::string() : RawEmitter::frame(wire::Deltas{{1}, {100}})));
            BOOST_TEST(read_refusal(bad, sentence(wrong.errc)) == wrong.errc);
            BOOST_TEST(bad.is_ended());
            const std::string line = "emitter refused error=\"" + std::string(sentence(wrong.errc)) + "\"";
            BOOST_TEST(log.lines_with(line) == 1U);
            BOOST_TEST(log.lines_with("[warning]") == 1U);
            BOOST_TEST(edge.count("quipu/ingest/refusedSessions") == 1U);
            good.send(RawEmitter::count_frames(3));
            BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == (wrong.is_first ? 3U : 8U); }));
            BOOST_TEST(good.is_silent());
        }
    }
}

BOOST_AUTO_TEST_CASE(each_lesser_error_is_counted_and_the_connection_goes_on) {
    using namespace std::string_view_literals;

    struct Lesser {
        Errc errc;
        std::string says;
        std::string_view counted_as;
    };

    wire::Answer answer;
    answer.query = 99;
    answer.last = true;
    const std::vector<Lesser> cases = {
        {Errc::no_message, raw_frame("\xfa\x3e\x00"sv), "quipu/ingest/unknownMessages"},
        {Errc::query_unknown, RawEmitter::frame(answer), "quipu/ingest/unknownAnswers"},
        {Errc::negative_delta, RawEmitter::frame(wire::Deltas{{1}, {-1}}), "quipu/metrics/refusedDeltas"},
    };
    for (const Lesser& lesser : cases) {
        BOOST_TEST_CONTEXT(sentence(lesser.errc)) {
            const TempDir dir;
            Edge edge(dir);
            RawEmitter emitter(edge, 'a');
            emitter.join();
            emitter.send(RawEmitter::count_frames(5) + lesser.says + RawEmitter::frame(wire::Deltas{{1}, {2}}));
            BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 7U; }));
            edge.state.own.refresh(edge.state);
            BOOST_TEST(edge.count(lesser.counted_as) == 1U);
            BOOST_TEST(edge.count("quipu/ingest/refusedSessions") == 0U);
            BOOST_TEST(emitter.is_silent());
        }
    }
}

// Whoever adds a kind of error says here where it is tested.
BOOST_AUTO_TEST_CASE(no_kind_of_error_is_forgotten) {
    std::map<Errc, bool> seen = {
        {Errc::ok, true},
        {Errc::no_message, true},
        {Errc::query_unknown, true},
        {Errc::negative_delta, true},
        // net/emitter: the edge's own.
        {Errc::user_refused, true},
        {Errc::too_many_emitters, true},
        {Errc::frame_timeout, true},
        {Errc::output_overflow, true},
    };
    for (const Wrong& wrong : fatal_ones()) seen[wrong.errc] = true;
    for (unsigned code = 0; code < 256; ++code) {
        const auto errc = static_cast<Errc>(code);
        if (sentence(errc) != "unknown error") BOOST_TEST(seen[errc], sentence(errc));
    }
}

BOOST_AUTO_TEST_CASE(a_flood_of_malformed_connections_does_not_flood_the_log) {
    constexpr std::size_t before_hello = 1500;
    constexpr std::size_t after_hello = 500;
    const TempDir dir;
    Edge edge(dir);
    const LogCapture log;
    RawEmitter good(edge, 'a');
    good.join();
    for (std::size_t i = 0; i < before_hello + after_hello; ++i) {
        RawEmitter bad(edge, 'b');
        if (i >= before_hello) bad.join();
        bad.send("\xff\xff\xff\xff");
        BOOST_REQUIRE(read_refusal(bad, sentence(Errc::frame_too_long)) == Errc::frame_too_long);
    }
    good.send(RawEmitter::count_frames(3));
    BOOST_TEST(edge.run_until([&] { return edge.count("test/count") == 3U; }));
    edge.run_dry();
    const std::size_t refusals = log.lines_with("emitter refused");
    const std::size_t others = log.lines_with("emitter connect");
    BOOST_TEST(refusals == 10U);
    BOOST_TEST(others == 200U);
    BOOST_TEST(edge.count("quipu/ingest/refusedSessions") == before_hello + after_hello);
    // The good one's "connected", and "connected" and "closed" of each that got to Hello.
    const std::size_t all = before_hello + after_hello + 1 + 2 * after_hello;
    BOOST_TEST(edge.count("quipu/log/heldBack") == all - refusals - others);
}

BOOST_AUTO_TEST_CASE(users_who_may_not_push_are_counted_apart_and_remembered) {
    const TempDir dir;
    ServerOptions options;
    options.ingest_users = {::getuid() + 1};
    Edge edge(dir, options);
    const LogCapture log;
    for (int i = 0; i < 30; ++i) {
        RawEmitter emitter(edge, 'a');
        BOOST_TEST(read_refusal(emitter, sentence(Errc::user_refused)) == Errc::user_refused);
        BOOST_TEST(emitter.is_ended());
    }
    BOOST_TEST(edge.count("quipu/ingest/refusedUsers") == 30U);
    BOOST_TEST(edge.count("quipu/ingest/connections") == 0U);
    BOOST_TEST(edge.state.ingest.last_refused_uid == ::getuid());
    BOOST_TEST(log.lines_with("emitter connection refused") == 10U);
    BOOST_TEST(edge.state.emitters.all().empty());
}

BOOST_AUTO_TEST_SUITE_END()
