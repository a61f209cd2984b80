#include "daemon/core/json_text.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>

using namespace quipu;

BOOST_AUTO_TEST_SUITE(core_json_text)

namespace {

std::string checked(std::string_view text) {
    return checked_json(text).value_or("(refused)");
}

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

BOOST_AUTO_TEST_CASE(documents_are_published_on_one_line) {
    struct {
        std::string_view in;
        std::string_view out;
    } const cases[] = {
        {R"({"Alloc":18156856,"GCCPUFraction":0.0024146455382960457,"EnableGC":true,"PauseNs":[1,0]})",
         R"({"Alloc":18156856,"GCCPUFraction":0.0024146455382960457,"EnableGC":true,"PauseNs":[1,0]})"},
        {" { \"a\" : [ 1 , -0.5e+3 ,\n null ] } ", R"({"a":[1,-0.5e+3,null]})"},
        {"18446744073709551616", "18446744073709551616"},
        {R"("a\"b\\c\/\u0001 \n")", R"("a\u0022b\u005cc\/\u0001 \n")"},
        {R"("\\x01")", R"("\u005cx01")"},
        {R"("<b>&")", R"("\u003cb\u003e\u0026")"},
        {"\"\xc3\x91 \xe2\x80\xa8 \xf0\x9f\x8c\x8d\"", "\"\xc3\x91 \\u2028 \xf0\x9f\x8c\x8d\""},
        {R"("\ud83c\uDF0D")", R"("\ud83c\uDF0D")"},
        {"{}", "{}"},
        {"[]", "[]"},
        {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.in) {
            BOOST_TEST(checked(tc.in) == tc.out);
            BOOST_TEST(checked(tc.out) == tc.out);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_document_is_refused) {
    const std::string_view cases[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\"}",
        "{a:1}",
        "1 2",
        "01",
        R"("\ud900")",
        R"("\udc00")",
        R"("\ud900\u0041")",
        R"("\ud900\u005cx")",
        R"("\ud900\ud900")",
        R"("\ud900x\udc00")",
        "1.",
        ".5",
        "+1",
        "1e",
        "NaN",
        "-",
        "nul",
        "truex",
        "\"a",
        "\"\\x01\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x80",
        "[1}",
        "{\"a\":1,}",
        "\"\\\"",
        "]",
        "{\"a\":}",
    };

    for (const std::string_view text : cases) BOOST_TEST(checked(text) == "(refused)", text);
    BOOST_TEST(!checked_json(std::string_view("\0", 1)));
    BOOST_TEST(!checked_json(std::string_view("\"\0\"", 3)));
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_document_is_refused) {
    const std::string_view text = R"({"a":[1.5e3,true,"\u00e9\\"],"b":{"c":null}})";
    for (std::size_t size = 0; size < text.size(); ++size) {
        BOOST_TEST(checked(text.substr(0, size)) == "(refused)", text.substr(0, size));
    }
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
    BOOST_TEST(checked(nested(max_json_depth)) == nested(max_json_depth));
    BOOST_TEST(!checked_json(nested(max_json_depth + 1)));
    BOOST_TEST(!checked_json(nested(100'000)));
}

BOOST_AUTO_TEST_SUITE_END()
