#include "daemon/pages/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

BOOST_AUTO_TEST_SUITE(pages_text)

using namespace quipu;

namespace {

// Calls one of the append_ functions on an empty string.
template <typename Append, typename... Arguments>
std::string made(Append append, Arguments... arguments) {
    std::string out;
    append(out, arguments...);
    return out;
}

std::string json(std::string_view text) {
    return made(append_json_string, text);
}

std::string number(double value) {
    return made(append_finite, value);
}

}  // namespace

BOOST_AUTO_TEST_CASE(utf8_is_told_from_what_only_looks_like_it) {
    struct Case {
        std::string_view name;
        std::string_view text;
        bool is_valid;
    };

    for (const Case& tc : std::vector<Case>{
             {"empty", "", true},
             {"two bytes", "\xC3\x9F", true},
             {"three bytes", "\xE2\x82\xAC", true},
             {"four bytes", "\xF0\x9F\x98\x80", true},
             {"highest", "\xF4\x8F\xBF\xBF", true},
             {"beyond the highest", "\xF4\x90\x80\x80", false},
             {"lone continuation", "\x80", false},
             {"cut short", "\xE2\x82", false},
             {"overlong slash", "\xC0\xAF", false},
             {"overlong of three", "\xE0\x80\xAF", false},
             {"surrogate", "\xED\xA0\x80", false},
             {"lead without continuation", "\xC3(", false},
         }) {
        BOOST_TEST_CONTEXT(tc.name) {
            BOOST_TEST(is_utf8(tc.text) == tc.is_valid);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_wrong_byte_becomes_one_replacement_character) {
    BOOST_TEST(made(append_repaired, "a\xFF\xFE\xE2\x82z") == "a\uFFFD\uFFFD\uFFFD\uFFFDz");
    BOOST_TEST(made(append_repaired, "\"\\\n<") == "\"\\\n<");
}

BOOST_AUTO_TEST_CASE(html_keeps_nothing_that_markup_means_something_to) {
    BOOST_TEST(made(append_html, "<a href='x' title=\"y\">&") == "&lt;a href=&#39;x&#39; title=&#34;y&#34;&gt;&amp;");
    BOOST_TEST(made(append_html, "two\nlines\tand \u00E9") == "two\nlines\tand \u00E9");
}

BOOST_AUTO_TEST_CASE(hidden_characters_are_named_for_people) {
    BOOST_TEST(visible("a\u202Eb\u2066\u200F") == "a[U+202E]b[U+2066][U+200F]");
    BOOST_TEST(visible(std::string_view("\0\x1B\x7F", 3)) == "\u2400\u241B\u2421");
    BOOST_TEST(visible("a\r\nb") == "a\u240D\u240Ab");
    BOOST_TEST(visible("a\r\nb", Lines::kept) == "a\u240D\nb");
    BOOST_TEST(visible("\U000E0041\u0085\uFEFF") == "[U+E0041][U+0085][U+FEFF]");
    BOOST_TEST(visible("\u200Dfamily\u200C") == "\u200Dfamily\u200C");  // joiners belong to scripts and emoji
}

BOOST_AUTO_TEST_CASE(json_strings_read_back_and_hold_no_backslash_but_for_u) {
    const std::string text = "a\"b\\c/<>&\n\t\x01\x7F\u2028\u2029\u00E9\U0001F600";
    const std::string out = json(text);
    BOOST_TEST(
        out == "\"a\\u0022b\\u005cc/\\u003c\\u003e\\u0026\\u000a\\u0009\\u0001\\u007f\\u2028\\u2029\u00E9\U0001F600\""
    );
    const auto parsed = boost::json::parse(boost::json::string_view(out.data(), out.size()));
    BOOST_TEST(std::string_view(parsed.as_string().data(), parsed.as_string().size()) == text);
}

BOOST_AUTO_TEST_CASE(json_of_every_byte_is_valid) {
    for (int first = 0; first < 256; ++first) {
        for (const int second : {0, 0x78, 0x80, 0xBF, 0xFF}) {
            std::string text(1, static_cast<char>(first));
            text += static_cast<char>(second);
            const std::string out = json(text);
            BOOST_TEST(is_utf8(out));
            BOOST_CHECK_NO_THROW(boost::json::parse(boost::json::string_view(out.data(), out.size())));
        }
    }
}

BOOST_AUTO_TEST_CASE(go_quotes_as_percent_q_does) {
    BOOST_TEST(made(append_go_quoted, "plain \u00E9") == "\"plain \u00E9\"");
    BOOST_TEST(made(append_go_quoted, "\"\\\a\b\f\n\r\t\v") == R"("\"\\\a\b\f\n\r\t\v")");
    BOOST_TEST(made(append_go_quoted, "\x01\x7F\xFF") == R"("\x01\x7f\xff")");
    BOOST_TEST(made(append_go_quoted, "\u202E\uFEFF\U000E0041") == R"("\u202e\ufeff\U000e0041")");
}

BOOST_AUTO_TEST_CASE(label_values_use_three_escapes_and_no_other) {
    BOOST_TEST(made(append_label_value, "a\"b") == "a\\\"b");
    BOOST_TEST(made(append_label_value, "c\\") == "c\\\\");
    BOOST_TEST(made(append_label_value, "\n\r\t\x01'\u00E9\xFF") == "\\n\r\t\x01'\u00E9\uFFFD");
}

BOOST_AUTO_TEST_CASE(help_escapes_the_quote_only_where_the_format_knows_that) {
    BOOST_TEST(made(append_help, "a \"b\"\\\n", true) == "a \\\"b\\\"\\\\\\n");
    BOOST_TEST(made(append_help, "a \"b\"\\\n", false) == "a \"b\"\\\\\\n");
}

BOOST_AUTO_TEST_CASE(percent_encoding_leaves_only_unreserved_characters) {
    BOOST_TEST(made(append_percent_encoded, "aZ0-._~") == "aZ0-._~");
    BOOST_TEST(made(append_percent_encoded, "a b&c=\"<\xFF/+") == "a%20b%26c%3D%22%3C%FF%2F%2B");
}

BOOST_AUTO_TEST_CASE(numbers_are_shortest_and_whole_ones_have_no_exponent) {
    BOOST_TEST(number(0) == "0");
    BOOST_TEST(number(-0.0) == "-0");
    BOOST_TEST(number(0.1) == "0.1");
    BOOST_TEST(number(100000) == "100000");
    BOOST_TEST(number(1681024768) == "1681024768");
    BOOST_TEST(number(9007199254740992.0) == "9007199254740992");
    BOOST_TEST(number(1e21) == "1e+21");
    BOOST_TEST(number(0.00001) == "1e-05");
    BOOST_TEST(number(-2.5) == "-2.5");
    BOOST_TEST(number(std::numeric_limits<double>::denorm_min()) == "5e-324");
    BOOST_TEST(
        made([](std::string& out, std::uint64_t v) { append_integer(out, v); }, ~std::uint64_t{0}) ==
        "18446744073709551615"
    );
}

BOOST_AUTO_TEST_CASE(people_get_groups_and_units) {
    BOOST_TEST(grouped(0) == "0");
    BOOST_TEST(grouped(999) == "999");
    BOOST_TEST(grouped(1234567) == "1\u00A0234\u00A0567");
    BOOST_TEST(bytes_text(0) == "0\u00A0B");
    BOOST_TEST(bytes_text(1536) == "1.5\u00A0KiB");
    BOOST_TEST(bytes_text(64 * 1024 * 1024) == "64\u00A0MiB");
}

BOOST_AUTO_TEST_CASE(texts_are_cut_between_characters) {
    BOOST_TEST(shortened("abc", 3) == "abc");
    BOOST_TEST(shortened("abcd", 3) == "abc...");
    BOOST_TEST(shortened("a\u00E9\u00E9", 2) == "a...");
}

BOOST_AUTO_TEST_CASE(search_folds_ascii_letters_only) {
    BOOST_TEST(contains_folded("Connected, mode: SMTP", "smtp"));
    BOOST_TEST(contains_folded("xaab", "AAB"));
    BOOST_TEST(contains_folded("anything", ""));
    BOOST_TEST(contains_folded("ends in [", "["));
    BOOST_TEST(!contains_folded("short", "shorter"));
    BOOST_TEST(!contains_folded("\u00C9", "\u00E9"));
    BOOST_TEST(!contains_folded("[", "{"));  // differ in the letters' case bit only
    BOOST_TEST(equals_folded("Text/HTML", "text/html"));
    BOOST_TEST(!equals_folded("a", "ab"));
}

BOOST_AUTO_TEST_SUITE_END()
