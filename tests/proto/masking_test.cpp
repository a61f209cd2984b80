#include "proto/masking.hpp"

#include <boost/test/unit_test.hpp>

using namespace quipu;

BOOST_AUTO_TEST_SUITE(proto_masking)

BOOST_AUTO_TEST_CASE(keys_of_secrets_are_known_by_their_words) {
    for (const char* key :
         {"password",
          "db-password",
          "DB_PASSWORD",
          "dbPassword",
          "pw",
          "auth.token",
          "api_key",
          "apiKey",
          "smtp-secret",
          "credentials"}) {
        BOOST_TEST_CONTEXT(key) {
            BOOST_TEST(is_secret_key(key));
        }
    }
    for (const char* key :
         {"hostname", "tls_private_key", "password_file", "secret-path", "bypass", "compass", "key", "tokenizer", ""}) {
        BOOST_TEST_CONTEXT(key) {
            BOOST_TEST(!is_secret_key(key));
        }
    }
}

BOOST_AUTO_TEST_CASE(command_lines_keep_their_shape_and_lose_their_secrets) {
    const std::vector<std::string> args = {
        "maild",
        "--pw=x",
        "--hostname=mx",
        "-password",
        "hunter2",
        "--smarthost=smtp://me:geheim@mx.example:25/",
        "token=abc",
        "--secret="};
    const std::vector<std::string> expected = {
        "maild",
        "--pw=********",
        "--hostname=mx",
        "-password",
        "********",
        "--smarthost=smtp://me:********@mx.example:25/",
        "token=********",
        "--secret=********"};
    const std::vector<std::string> actual = masked_cmdline(args);
    BOOST_TEST(actual == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(configuration_lines_are_masked_by_their_key) {
    const std::string text =
        "hostname: \"mx\"\n  password: \"x y\"\n# password: not one\ntoken = abc\npasswd geheim\n\n";
    BOOST_TEST(
        masked_config(text) ==
        "hostname: \"mx\"\n  password: ********\n# password: not one\ntoken = ********\npasswd ********\n\n"
    );
}

BOOST_AUTO_TEST_CASE(flags_are_masked_by_name) {
    const auto flags = masked_flags({{"password", "x", true}, {"smtp_address", "[::]:25", true}, {"token", "", false}});
    BOOST_TEST(flags[0].value == "********");
    BOOST_TEST(flags[1].value == "[::]:25");
    BOOST_TEST(flags[2].value == "");
}

BOOST_AUTO_TEST_SUITE_END()
