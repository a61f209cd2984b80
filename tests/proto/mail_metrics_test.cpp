#include "proto/mail_metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

BOOST_AUTO_TEST_SUITE(proto_mail_metrics)

using namespace quipu;

BOOST_AUTO_TEST_CASE(unknown_verbs_are_labelled_as_chasquid_labels_them) {
    struct Case {
        std::string verb;
        std::string label;
    };

    for (const Case& tc : {
             Case{"FOO", R"(unknown<"FOO">)"},
             Case{std::string("\x01\x02"), R"(unknown<"\x01\x02">)"},
             Case{
                 "\xc3\x91"
                 "ANDU",
                 "unknown<\"\xc3\x91"
                 "ANDU\">"},
             Case{"", R"(unknown<"">)"},
             Case{"ABCDEFGHIJ", R"(unknown<"ABCDEF">)"},
             Case{"a\"b\\c", R"(unknown<"a\"b\\c">)"},
             Case{"\t\r\n\a\b\v", R"(unknown<"\t\r\n\a\b\v">)"},
             Case{"\x7f", R"(unknown<"\x7f">)"},
             Case{"\xff\xc3", R"(unknown<"\xff\xc3">)"},
             Case{"\xe2\x80\xa8", R"(unknown<"\u2028">)"},
             Case{
                 "\xe2\x80\xae"
                 "x",
                 R"(unknown<"\u202ex">)"},
             Case{"\xf0\x9f\x93\xa7", "unknown<\"\xf0\x9f\x93\xa7\">"},
             Case{std::string("\0x", 2), R"(unknown<"\x00x">)"},
             Case{"<img>", R"(unknown<"<img>">)"},
         }) {
        BOOST_TEST_CONTEXT(tc.label) {
            BOOST_TEST(unknown_command_label(tc.verb) == tc.label);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_variable_is_found_by_its_name) {
    std::string_view before;
    for (const MailVariable& variable : mail_variables()) {
        BOOST_TEST_CONTEXT(variable.name) {
            BOOST_TEST((before < variable.name));
            BOOST_TEST(find_mail_variable(variable.name) == &variable);
            BOOST_TEST(!variable.help.empty());
            BOOST_TEST((variable.kind == MailVariableKind::counter_map) == !variable.label_name.empty());
        }
        before = variable.name;
    }
    BOOST_TEST(mail_variables().size() == 37U);
    for (const std::string_view name : {"", "chasquid", "chasquid/queue/putCoun", "chasquid/queue/putCount2", "zzz"}) {
        BOOST_TEST(!find_mail_variable(name));
    }
}

BOOST_AUTO_TEST_SUITE_END()
