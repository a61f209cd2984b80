#include <cmath>
#include <limits>
#include <regex>

#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_vars)

using namespace quipu;
using namespace quipu::test;

namespace {

boost::json::object vars(World& world) {
    const Response response = world.get("/debug/vars");
    BOOST_TEST(response.status == 200U);
    return parse_json(response.body).as_object();
}

std::string line(World& world, std::string_view name) {
    const std::string body = world.get("/debug/vars").body;
    const std::string key = "\n\"" + std::string(name) + "\": ";
    const std::size_t begin = body.find(key);
    if (begin == std::string::npos) return "(none)";
    const std::size_t value = begin + key.size();
    std::string out = body.substr(value, body.find('\n', value) - value);
    if (out.ends_with(',')) out.pop_back();
    return out;
}

// A handful of the vocabulary, with the values of a real capture.
void speak_as_chasquid(Speaker& maild) {
    maild.counters(
        "chasquid/queue/deliverAttempts",
        "recipient_type",
        {{"email:local", 4}, {"email:remote", 1}, {"pipe", 1}},
        "attempts to deliver mail"
    );
    maild.counter("chasquid/queue/putCount", 6);
    maild.counters(
        "chasquid/smtpIn/commandCount",
        "command",
        {{"AUTH", 3}, {"unknown<\"FOO\">", 1}, {"unknown<\"\\x01\\x02\">", 1}, {"unknown<\"\u00DFQANDU\">", 1}}
    );
    maild.define({.name = "chasquid/smtpOut/tlsCount", .label_name = "status"}, {});
    maild.text("chasquid/sourceDateStr", "2023-04-09 07:19:28 +0000");
    maild.gauge("chasquid/sourceDateTimestamp", 1681024768);
    maild.text("chasquid/version", "1.11-2+b2");
}

}  // namespace

BOOST_AUTO_TEST_CASE(page_is_as_go_prints_it) {
    World world;
    auto maild = world.connect('a', {.cmdline = {"chasquid", "-config_dir=/etc/chasquid", "-v=3"}});
    speak_as_chasquid(*maild);
    maild->say(wire::Process{
        .heap_in_use_bytes = 1000,
        .heap_idle_bytes = 24,
        .heap_system_bytes = 1024,
        .allocations = 70,
        .frees = 30,
        .allocated_total_bytes = 5000});
    const Response response = world.get("/debug/vars");
    BOOST_TEST(response.content_type == "application/json; charset=utf-8");
    BOOST_TEST(header_text(response, "X-Content-Type-Options") == "nosniff");
    check_golden("pages/vars.json", std::regex_replace(response.body, std::regex(",\n\"quipu/[^\n,]*"), ""));
}

BOOST_AUTO_TEST_CASE(without_any_emitter_the_page_is_valid) {
    World world;
    const auto all = vars(world);
    BOOST_TEST(all.at("cmdline").as_array().empty());
    BOOST_TEST(all.at("memstats").at("Alloc").to_number<std::uint64_t>() == 0U);
    BOOST_TEST(all.at("memstats").at("PauseNs").as_array().empty());
    BOOST_TEST(all.at("quipu/http/requests").to_number<std::uint64_t>() == 0U);
}

BOOST_AUTO_TEST_CASE(every_line_is_one_variable_and_they_are_sorted) {
    World world;
    auto maild = world.connect();
    speak_as_chasquid(*maild);
    maild->counter("a/first", 1);
    maild->counter("zz/last", 1);
    const std::string body = world.get("/debug/vars").body;
    BOOST_TEST(body.starts_with("{\n\"a/first\": 1,\n"));
    BOOST_TEST(body.ends_with("\n\"zz/last\": 1\n}\n"));
    std::string before;
    std::size_t lines = 0;
    for (std::size_t at = 2; body[at] == '"'; at = body.find('\n', at) + 1) {
        const std::string name = body.substr(at + 1, body.find("\": ", at) - at - 1);
        BOOST_TEST((before < name));
        before = name;
        ++lines;
    }
    BOOST_TEST(lines == vars(world).size());
}

BOOST_AUTO_TEST_CASE(memstats_add_up_over_connected_mail_daemons) {
    World world;
    auto first = world.connect('a');
    auto second = world.connect('b');
    first->say(wire::Process{
        .heap_in_use_bytes = 10,
        .heap_idle_bytes = 5,
        .heap_system_bytes = 20,
        .allocations = 9,
        .frees = 4,
        .allocated_total_bytes = 100});
    second->say(wire::Process{
        .heap_in_use_bytes = 1,
        .heap_idle_bytes = 2,
        .heap_system_bytes = 3,
        .allocations = 4,
        .frees = 5,
        .allocated_total_bytes = 6});
    const auto number = [&world](std::string_view name) {
        return vars(world).at("memstats").at({name.data(), name.size()}).to_number<std::uint64_t>();
    };
    BOOST_TEST(number("Alloc") == 11U);
    BOOST_TEST(number("HeapAlloc") == 11U);
    BOOST_TEST(number("TotalAlloc") == 106U);
    BOOST_TEST(number("Sys") == 23U);
    BOOST_TEST(number("HeapSys") == 23U);
    BOOST_TEST(number("HeapIdle") == 7U);
    BOOST_TEST(number("Mallocs") == 13U);
    BOOST_TEST(number("HeapObjects") == 4U);
    second->close(world.now);
    BOOST_TEST(number("Alloc") == 10U);
}

BOOST_AUTO_TEST_CASE(cmdline_is_the_newest_mail_daemons) {
    World world;
    auto older = world.connect('a', {.start_wall_ns = 10, .cmdline = {"old"}});
    auto newer = world.connect('b', {.start_wall_ns = 20, .cmdline = {"new", "--pw=\"x\\y\""}});
    BOOST_TEST(line(world, "cmdline") == R"(["new","--pw=\u0022x\u005cy\u0022"])");
}

BOOST_AUTO_TEST_CASE(bytes_that_break_the_exporter_never_occur) {
    // The exporter rewrites the bytes \x to \? before it parses.
    World world;
    auto maild = world.connect('a', {.cmdline = {"\\x", "a\\"}});
    const std::string key = "unknown<\"\\x01\">";
    maild->counters("c", "command", {{key, 1}, {"\\", 2}, {"x\\x\\\\x", 3}});
    maild->text("t", "\\x41");
    const std::string body = world.get("/debug/vars").body;
    BOOST_TEST(!has(body, "\\x"));
    BOOST_TEST(!has(body, "\\\\"));
    const std::string rewritten = std::regex_replace(body, std::regex(R"(\\x)"), "\\?");
    BOOST_TEST(parse_json(rewritten).at("c").at(key).to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(control_bytes_in_keys_are_escaped) {
    World world;
    auto maild = world.connect();
    const std::string nul("\0", 1);
    maild->counters("c", "l", {{nul, 1}, {"\x1F", 2}, {"\x7F", 3}, {"\u2028", 4}});
    BOOST_TEST(line(world, "c") == R"({"\u0000": 1, "\u001f": 2, "\u007f": 3, "\u2028": 4})");
    BOOST_TEST(vars(world).at("c").at(nul).to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(keys_of_any_text_read_back) {
    World world;
    auto maild = world.connect();
    maild->counters("c", "l", {{"a\"b\\c/", 1}, {"\n\r\t", 2}, {"\u00E9\U0001F600", 3}, {"", 4}});
    const auto all = vars(world);
    BOOST_TEST(all.at("c").at("a\"b\\c/").to_number<int>() == 1);
    BOOST_TEST(all.at("c").at("\n\r\t").to_number<int>() == 2);
    BOOST_TEST(all.at("c").at("\u00E9\U0001F600").to_number<int>() == 3);
    BOOST_TEST(all.at("c").at("").to_number<int>() == 4);
}

BOOST_AUTO_TEST_CASE(markup_cannot_be_sniffed) {
    World world;
    auto maild = world.connect();
    maild->counters("c", "l", {{"<img onerror>&", 1}});
    BOOST_TEST(line(world, "c") == R"({"\u003cimg onerror\u003e\u0026": 1})");
}

BOOST_AUTO_TEST_CASE(invalid_utf8_becomes_one_key_with_the_sum) {
    World world;
    auto maild = world.connect();
    maild->counters("c", "l", {{"x\xFE", 1}, {"x\xFF", 2}, {"y", 4}});
    BOOST_TEST(line(world, "c") == "{\"x\uFFFD\": 3, \"y\": 4}");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_lacks_are_null) {
    World world;
    auto maild = world.connect();
    maild->gauge("g/inf", std::numeric_limits<double>::infinity());
    maild->gauge("g/nan", std::nan(""));
    maild->gauge("g/minus", -std::numeric_limits<double>::infinity());
    maild->gauge("g/half", 0.5);
    maild->gauge("g/large", 9007199254740992.0);
    maild->gauge("g/huge", 1e300);
    BOOST_TEST(line(world, "g/inf") == "null");
    BOOST_TEST(line(world, "g/nan") == "null");
    BOOST_TEST(line(world, "g/minus") == "null");
    BOOST_TEST(line(world, "g/half") == "0.5");
    BOOST_TEST(line(world, "g/large") == "9007199254740992");
    BOOST_TEST(line(world, "g/huge") == "1e+300");
    BOOST_TEST(vars(world).at("g/nan").is_null());
}

BOOST_AUTO_TEST_CASE(counters_are_exact_up_to_64_bits) {
    World world;
    auto maild = world.connect();
    const std::uint32_t id = maild->define({.name = "c"});
    maild->say(wire::Deltas{{id}, {std::numeric_limits<std::int64_t>::max()}});
    maild->say(wire::Deltas{{id}, {std::numeric_limits<std::int64_t>::max()}});
    BOOST_TEST(line(world, "c") == "18446744073709551614");
}

BOOST_AUTO_TEST_CASE(histograms_are_counts) {
    World world;
    auto maild = world.connect();
    maild->histogram({.name = "h", .kind = Kind::histogram, .bounds = {1, 2}}, "", {3, 4, 5, 999});
    maild->histogram(
        {.name = "hl", .kind = Kind::histogram, .label_name = "family", .bounds = {1}}, "SMTP.Conn", {1, 1, 999}
    );
    BOOST_TEST(line(world, "h") == "12");
    BOOST_TEST(line(world, "hl") == R"({"SMTP.Conn": 2})");
}

BOOST_AUTO_TEST_CASE(names_beyond_ascii_do_not_reach_the_exporter) {
    World world;
    auto maild = world.connect();
    maild->counter("m\u00E9trica", 7);
    maild->counter("evil\": 1, \"x", 8);
    const std::string body = world.get("/debug/vars").body;
    BOOST_TEST(line(world, "m_trica") == "7");
    BOOST_TEST(line(world, "evil_:_1___x") == "8");
    for (std::size_t at = 2; body[at] == '"'; at = body.find('\n', at) + 1) {
        for (const char c : body.substr(at, body.find("\": ", at) - at)) BOOST_TEST((c > 0x20 && c < 0x7F));
    }
}

BOOST_AUTO_TEST_CASE(totals_of_several_mail_daemons_add_up) {
    World world;
    auto first = world.connect('a');
    auto second = world.connect('b');
    first->counters("c", "l", {{"x", 1}, {"y", 2}});
    second->counters("c", "l", {{"y", 40}, {"z", 500}});
    BOOST_TEST(line(world, "c") == R"({"x": 1, "y": 42, "z": 500})");
}

BOOST_AUTO_TEST_CASE(json_texts_are_documents) {
    World world;
    auto maild = world.connect('a');
    const std::uint32_t id = maild->define({.name = "chasquid/new", .kind = Kind::text, .is_json = true});
    BOOST_TEST(line(world, "chasquid/new") == "null");
    maild->say(wire::Set{{}, {}, {{id, R"({"a": [1, "\\x"], "<b>": 2.50})"}}});
    BOOST_TEST(line(world, "chasquid/new") == R"({"a":[1,"\u005cx"],"\u003cb\u003e":2.50})");
    maild->say(wire::Set{{}, {}, {{id, "{"}}});
    BOOST_TEST(line(world, "chasquid/new") == R"({"a":[1,"\u005cx"],"\u003cb\u003e":2.50})");
    BOOST_TEST(world.state.metrics.counts().refused_documents == 1U);
    BOOST_TEST(world.get("/metrics").body.find("chasquid_new") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(memstats_that_a_daemon_tells_itself_stand_for_its_allocators_figures) {
    World world;
    auto maild = world.connect('a');
    maild->say(wire::Process{.heap_in_use_bytes = 1000});
    const std::uint32_t id = maild->define({.name = "memstats", .kind = Kind::text, .is_json = true});
    BOOST_TEST(vars(world).at("memstats").at("Alloc") == 1000);
    maild->say(wire::Set{{}, {}, {{id, R"({"Alloc":17,"NumGC":3})"}}});
    BOOST_TEST(line(world, "memstats") == R"({"Alloc":17,"NumGC":3})");
    maild.reset();
    set_ended(world.state, *world.state.emitters.all().front(), "it is gone", noon);
    BOOST_TEST(vars(world).at("memstats").at("Alloc") == 0);
}

BOOST_AUTO_TEST_CASE(a_text_named_memstats_is_not_taken_for_the_allocators_figures) {
    World world;
    auto maild = world.connect('a');
    maild->text("memstats", "hello");
    BOOST_TEST(vars(world).at("memstats").is_object());
    BOOST_TEST(line(world, "memstats_2") == "\"hello\"");
}

BOOST_AUTO_TEST_CASE(a_companion_gives_neither_cmdline_nor_memstats) {
    World world;
    auto relay =
        world.connect('r', {.program = "relay", .start_wall_ns = 2, .cmdline = {"relay"}, .is_companion = true});
    relay->say(wire::Process{.heap_in_use_bytes = 5});
    BOOST_TEST(line(world, "cmdline") == "[]");
    auto daemon = world.connect('a', {.program = "chasquid", .start_wall_ns = 1, .cmdline = {"chasquid"}});
    daemon->say(wire::Process{.heap_in_use_bytes = 1000});
    BOOST_TEST(line(world, "cmdline") == "[\"chasquid\"]");
    BOOST_TEST(vars(world).at("memstats").at("Alloc") == 1000);
    // Nobody has to say which one is meant, and it is the newest of all that have been there.
    BOOST_TEST(world.get("/debug/pprof/cmdline").body == "chasquid");
    BOOST_TEST(world.get("/debug/flags").body.find("# relay") != std::string::npos);
    set_ended(world.state, daemon->emitter(), "it is gone", noon);
    BOOST_TEST(line(world, "cmdline") == "[\"chasquid\"]");
}

BOOST_AUTO_TEST_SUITE_END()
