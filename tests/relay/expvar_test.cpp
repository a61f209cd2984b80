#include "subprojects/chasquid-relay/expvar.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace relay;

BOOST_AUTO_TEST_SUITE(relay_expvar)

namespace {

struct Parsed {
    Snapshot snapshot;
    std::vector<std::string> left_out;
    std::string why;
    bool is_good = false;

    explicit Parsed(std::string_view page) : is_good(parse_expvar(page, snapshot, left_out, why)) {}

    const Variable& operator[](std::string_view name) const {
        const auto is_it = [name](const Variable& variable) { return variable.name == name; };
        const auto it = std::find_if(snapshot.variables.begin(), snapshot.variables.end(), is_it);
        BOOST_REQUIRE_MESSAGE(it != snapshot.variables.end(), std::string(name));
        return *it;
    }
};

constexpr std::string_view page = R"({
"chasquid/queue/putCount": 6,
"chasquid/smtpIn/commandCount": {"AUTH": 3, "unknown<\"FOO\">": 1, "unknown<\"\\x01\\x02\">": 1},
"chasquid/smtpOut/tlsCount": {},
"chasquid/version": "1.11-2+b2",
"big": 18446744073709551615,
"load": 1.5,
"negative": -3,
"shares": {"a": 1, "b": 0.5},
"nested": {"a": {"b": [1, "}"]}},
"list": [1, 2],
"yes": true,
"nothing": null,
"cmdline": ["chasquid","-v=3"],
"memstats": {"Alloc":18,"PauseNs":[1,2],"EnableGC":true}
}
)";

}  // namespace

BOOST_AUTO_TEST_CASE(variables_have_the_kind_of_their_value) {
    const Parsed parsed(page);
    BOOST_TEST(parsed.is_good);
    BOOST_TEST(parsed.left_out.empty());
    BOOST_TEST(parsed.snapshot.variables.size() == 13U);
    BOOST_TEST(
        parsed.snapshot.cmdline == (std::vector<std::string>{"chasquid", "-v=3"}), boost::test_tools::per_element()
    );
    BOOST_TEST((parsed["chasquid/queue/putCount"].kind == ValueKind::count));
    BOOST_TEST(parsed["chasquid/queue/putCount"].count == 6U);
    BOOST_TEST(parsed["big"].count == 18446744073709551615U);
    BOOST_TEST((parsed["load"].kind == ValueKind::number && parsed["load"].number == 1.5));
    BOOST_TEST((parsed["negative"].kind == ValueKind::number && parsed["negative"].number == -3));
    BOOST_TEST((parsed["chasquid/version"].kind == ValueKind::text && parsed["chasquid/version"].text == "1.11-2+b2"));
    const Variable& commands = parsed["chasquid/smtpIn/commandCount"];
    BOOST_TEST((commands.kind == ValueKind::counts));
    BOOST_REQUIRE(commands.counts.size() == 3U);
    BOOST_TEST(commands.counts[1].first == "unknown<\"FOO\">");
    BOOST_TEST(commands.counts[2].first == "unknown<\"\\x01\\x02\">");
    BOOST_TEST((parsed["chasquid/smtpOut/tlsCount"].kind == ValueKind::counts));
    BOOST_TEST((parsed["shares"].kind == ValueKind::numbers && parsed["shares"].numbers.size() == 2));
    BOOST_TEST((parsed["nested"].kind == ValueKind::document));
    BOOST_TEST(parsed["nested"].text == R"({"a": {"b": [1, "}"]}})");
    BOOST_TEST(parsed["list"].text == "[1, 2]");
    BOOST_TEST(parsed["yes"].text == "true");
    BOOST_TEST(parsed["nothing"].text == "null");
    BOOST_TEST(parsed["memstats"].text == R"({"Alloc":18,"PauseNs":[1,2],"EnableGC":true})");
}

BOOST_AUTO_TEST_CASE(keys_with_the_escapes_of_go_are_read) {
    const Parsed parsed(R"({"m": {"a\x01\v\"": 1, "\xff": 2}, "n": 1})");
    BOOST_TEST(parsed.is_good);
    BOOST_TEST(parsed.left_out.empty());
    BOOST_REQUIRE(parsed["m"].counts.size() == 2U);
    BOOST_TEST(parsed["m"].counts[0].first == "a\x01\v\"");
    BOOST_TEST(parsed["m"].counts[1].first == "\xff");
}

BOOST_AUTO_TEST_CASE(a_wrong_variable_costs_no_other) {
    const Parsed parsed(R"({"a": 1, "b": nonsense, "c": {"x": }, "cmdline": 7, "d": 2})");
    BOOST_TEST(parsed.is_good);
    BOOST_TEST(parsed.left_out == (std::vector<std::string>{"b", "c", "cmdline"}), boost::test_tools::per_element());
    BOOST_TEST(parsed["d"].count == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_no_page_of_variables_is_refused) {
    for (const std::string_view text :
         {"", "<html>", "[1]", "{", "{\"a\"", "{\"a\":", "{\"a\": 1", "{\"a\" 1}", "{a: 1}", "{\"a\": \"x}"}) {
        const Parsed parsed(text);
        BOOST_TEST(!parsed.is_good, text);
        BOOST_TEST(parsed.why.starts_with("is no page of variables"));
    }
    for (std::size_t size = 0; size + 2 < page.size(); ++size) BOOST_TEST(!Parsed(page.substr(0, size)).is_good, size);
    BOOST_TEST(Parsed("{}").is_good);
    std::string many = "{\"a\": 1";
    for (std::size_t i = 0; i < max_variables; ++i) many += ",\"a\": 1";
    BOOST_TEST(!Parsed(many + "}").is_good);
    const std::string deep = "{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + ", \"b\": 1}";
    const Parsed parsed(deep);
    BOOST_TEST(parsed.left_out.size() == 1U);
    BOOST_TEST(parsed["b"].count == 1U);
}

BOOST_AUTO_TEST_CASE(flipped_bytes_never_do_more_than_leave_out) {
    for (std::size_t i = 0; i < page.size(); ++i) {
        std::string flipped(page);
        for (const int bit : {0, 3, 7}) {
            flipped[i] = static_cast<char>(page[i] ^ (1 << bit));
            (void)Parsed(flipped);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
