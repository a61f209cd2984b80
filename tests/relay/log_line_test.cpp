#include "subprojects/chasquid-relay/log_line.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include "subprojects/chasquid-relay/log_follower.hpp"

using namespace relay;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(relay_log_line)

namespace {

using Wall = std::chrono::system_clock::time_point;

constexpr std::string_view line =
    "2026-11-25 02:03:51.794140 . conn.go:178        SMTP.Conn 127.0.0.1:57500: Connected, mode: SMTP";

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_is_taken_apart) {
    const auto parsed = parse_log_line(line);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->time_ns.value_or(0) == 1'795'572'231'794'140'000);
    BOOST_TEST(parsed->level == ".");
    BOOST_TEST(parsed->source == "conn.go:178");
    BOOST_TEST(parsed->text == "SMTP.Conn 127.0.0.1:57500: Connected, mode: SMTP");
    // With -logtime=false, and what is told of the configuration.
    const auto plain = parse_log_line("_ config.go:134        Hostname: \\\"x\\\"");
    BOOST_REQUIRE(plain.has_value());
    BOOST_TEST(!plain->time_ns);
    BOOST_TEST(plain->text == "  Hostname: \\\"x\\\"");
    BOOST_TEST(parse_log_line("_ averylongfilename.go:1234 text")->text == "text");
    BOOST_TEST(parse_log_line("\xe2\x98\xa0 x.go:1           text")->level == "\xe2\x98\xa0");
    BOOST_TEST(parse_log_line("_ x.go:1")->text == "");
}

BOOST_AUTO_TEST_CASE(what_is_no_line_is_none) {
    for (const std::string_view text :
         {"",
          " ",
          "panic: runtime error",
          "goroutine 1 [running]:",
          "\tmain.go:12 +0x1",
          "2026-11-25 02:03:51.794140",
          "2026-11-25 02:03:51.794140 ",
          "_ nosource text",
          "_ x.go: text",
          "_ :1 text",
          "toolong x.go:1 text",
          "_  x.go:1 t"}) {
        BOOST_TEST(!parse_log_line(text), text);
    }
    for (std::size_t size = 0; size < line.size(); ++size) (void)parse_log_line(line.substr(0, size));
}

BOOST_AUTO_TEST_CASE(a_traces_line_names_family_title_and_event) {
    struct {
        std::string_view text;
        TraceLine expected;
    } const cases[] = {
        {"SMTP.Conn 127.0.0.1:57500: -> EHLO x", {"SMTP.Conn", "127.0.0.1:57500", "-> EHLO x", false}},
        {"SMTP.Conn [::1]:57500: error: RCPT failed: 550  no",
         {"SMTP.Conn", "[::1]:57500", "RCPT failed: 550  no", true}},
        {R"(SMTP.Conn p:1: <- 250  a\nb\n)", {"SMTP.Conn", "p:1", "<- 250  a\nb", false}},
        {R"(SMTP.Conn p:1: -> \x01\x02 \"hi\")", {"SMTP.Conn", "p:1", "-> \x01\x02 \"hi\"", false}},
        {"Queue.Put <>: queued", {"Queue.Put", "<>", "queued", false}},
        {"SPF 127.0.0.1: check", {"SPF", "127.0.0.1", "check", false}},
        {"Authentication Incoming SMTP: p auth succeeded for u\\n",
         {"Authentication", "Incoming SMTP", "p auth succeeded for u", false}},
        {"STSCache.Refresh /var/lib/x: refresh done", {"STSCache.Refresh", "/var/lib/x", "refresh done", false}},
        {"Courier.SMTP b@x: ", {"Courier.SMTP", "b@x", "", false}},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.text) {
            const auto parsed = parse_trace_line(tc.text);
            BOOST_REQUIRE(parsed.has_value());
            BOOST_TEST(parsed->family == tc.expected.family);
            BOOST_TEST(parsed->title == tc.expected.title);
            BOOST_TEST(parsed->event == tc.expected.event);
            BOOST_TEST(parsed->is_error == tc.expected.is_error);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_told_beside_traces_is_no_trace) {
    for (const std::string_view text :
         {"chasquid starting (version 1.11)",
          "Configuration:",
          "  Hostname: x",
          "Loading certificates",
          "Server listening on 127.0.0.1:12025 (SMTP)",
          "Domain config paths:",
          "",
          ".a b: c",
          "A..b c: d",
          "A. b: c",
          "SMTP.Conn",
          "SMTP.Conn ",
          "SMTP.Conn x:y",
          "SMTP.C\xff x: y",
          "smtp.Conn x: y"}) {
        BOOST_TEST(!parse_trace_line(text), text);
    }
    BOOST_TEST(!parse_trace_line("A." + std::string(100, 'x') + " b: c"));
}

BOOST_AUTO_TEST_CASE(the_zone_of_the_log_is_found_by_its_lines) {
    const Wall now(std::chrono::nanoseconds(1'795'572'231'794'140'000));
    const auto stamp = [](Wall when, std::chrono::minutes zone) {
        return (when + zone).time_since_epoch() / std::chrono::nanoseconds(1);
    };
    for (const auto zone : {0min, 60min, -300min, 345min, 570min, -210min, 840min}) {
        LogClock clock;
        BOOST_TEST((clock.wall_time(stamp(now - 3s, zone), now) == now - 3s), zone.count());
        // A clock that is set by an hour in the night.
        BOOST_TEST((clock.wall_time(stamp(now + 10s, zone + 60min), now + 10s) == now + 10s));
    }
    LogClock clock;
    BOOST_TEST((clock.wall_time(stamp(now, 60min), now) == now));
    // What is old is not taken for another zone.
    BOOST_TEST((clock.wall_time(stamp(now - 7min, 60min), now) == now - 7min));
    BOOST_TEST((clock.wall_time(0, now) == Wall(-60min)));
}

BOOST_AUTO_TEST_CASE(the_journal_is_read_as_journalctl_writes_it) {
    JournalEntry entry;
    BOOST_TEST(
        parse_journal_entry(R"({"MESSAGE":"_ x.go:1 a\"b","__REALTIME_TIMESTAMP":"1795572231794140","X":null})", entry)
    );
    BOOST_TEST(entry.message == "_ x.go:1 a\"b");
    BOOST_TEST(entry.time_us == 1'795'572'231'794'140);
    BOOST_TEST(parse_journal_entry(R"({"MESSAGE":[97,255,0]})", entry));
    BOOST_TEST(entry.message == std::string("a\xff\0", 3));
    BOOST_TEST(entry.time_us == 0);
    for (const std::string_view text :
         {"", "{}", "[]", "{\"MESSAGE\":null}", "{\"MESSAGE\":[\"a\"]}", "{\"MESSAGE\":\"a\"", "x"}) {
        BOOST_TEST(!parse_journal_entry(text, entry), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
