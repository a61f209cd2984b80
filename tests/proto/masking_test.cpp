#include "proto/masking.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(proto_masking)

using namespace quipu;

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
          "credentials",
          "dbpassword",
          "PGPASSWORD",
          "clientsecret",
          "access-token",
          "refreshTokens",
          "Authorization",
          "secret_key_base",
          "aws.access_key",
          "X-Auth-Key"}) {
        BOOST_TEST_CONTEXT(key) {
            BOOST_TEST(is_secret_key(key));
        }
    }
    for (const char* key :
         {"hostname",
          "tls_private_key",
          "password_file",
          "secret-path",
          "bypass",
          "compass",
          "key",
          "tokenizer",
          "bypassed",
          "keyword",
          "pinned",
          "public_key",
          "secret_name",
          "authors",
          ""}) {
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
        "hostname: \"mx\"\n  password: \"x y\"\n# one of the passwords is old\n# password: old\ntoken = abc\npasswd "
        "geheim\n\n";
    BOOST_TEST(
        masked_config(text) ==
        "hostname: \"mx\"\n  password: ********\n# one of the passwords is old\n# password: ********\ntoken = "
        "********\npasswd ********\n\n"
    );
}

BOOST_AUTO_TEST_CASE(secrets_inside_lines_are_found_too) {
    struct Case {
        std::string text;
        std::string_view secret;
        std::string_view kept;
    };

    const std::vector<Case> cases = {
        {R"({"user":"anna","password":"hunter2","port":25})", "hunter2", R"("port":25})"},
        {R"({ "user": "anna", "password": "hun\"ter2" })", "ter2", R"("user": "anna")"},
        {"db = \"host=db user=me password=hunter2 port=5\"", "hunter2", "port=5"},
        {"dsn: postgres://me:hunter2@db/x, mysql://you:hunter2@db/y", "hunter2", "@db/y"},
        {"smarthost = smtp://me:hun/ter2@mx", "ter2", "@mx"},
        {"url = https://api/?token=hunter2&page=1", "hunter2", "&page=1"},
        {"header \"Authorization: Bearer hunter2\"", "hunter2", "Authorization: ***"},
        {"<user>me</user><password>hunter2</password>", "hunter2", "</password>"},
        {"<db user=\"me\" password=\"hunter2\"/>", "hunter2", "/>"},
        {"users: {name: me, password: hunter2}", "hunter2", "name: me"},
        {"; password = hunter2", "hunter2", "; password = "},
        {"export DB_PASSWORD=hunter2", "hunter2", "export DB_PASSWORD="},
        {"run --db-password=\"hun\"hunter2 --port=5", "hunter2", "--port=5"},
        {"run --db-password='hun'\"hunter2\" --port=5", "hunter2", "--port=5"},
        {"password = a \\\n  hunter2\nnext = 1", "hunter2", "next = 1"},
        {"password: |\n  hun\n\n  hunter2\nnext: 1", "hunter2", "\nnext: 1"},
        {"credentials: {\n  user: me\n  x: hunter2\n}\nnext: 1", "hunter2", "\nnext: 1"},
        {"key: |\n -----BEGIN EC PRIVATE KEY-----\n hunter2\n -----END EC PRIVATE KEY-----\nnext: 1",
         "hunter2",
         "next: 1"},
        {"key = \"-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----\"", "hunter2", "-----END"},
        {"-----BEGIN PRIVATE KEY-----\nhunter2", "hunter2", "-----BEGIN"},
        {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "hunter2", "MIIB"},
        {"password:\n  hunter2", "hunter2", "password:\n  ***"},
    };
    for (const Case& tc : cases) {
        const std::string shown = masked_config(tc.text);
        BOOST_TEST_CONTEXT(tc.text << " -> " << shown) {
            BOOST_TEST(shown.find(tc.secret) == std::string::npos);
            BOOST_TEST(shown.find(tc.kept) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_secret_stays_as_it_is) {
    const std::string text =
        "hostname = mx\nurl: http://[::1]:8080/a@b?x=1\nnote = \"a: b = c\"\n\n  - item\nkey_file: /etc/k\n"
        "# https://example.org/x\nalias = root: admin@example.org\ntime = 12:30:00";
    BOOST_TEST(masked_config(text).find("hostname = mx\n") == 0u);
    for (const char* kept :
         {"note = \"a: b = c\"\n\n  - item\nkey_file: /etc/k\n# https://example.org/x\n",
          "alias = root: admin@example.org\ntime = 12:30:00"}) {
        BOOST_TEST(masked_config(text).find(kept) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_operators_list_is_masked_everywhere) {
    const Secrets secrets{{"smarthost", "db-dsn", "p"}, {"hunter2"}};
    const std::vector<std::string> args =
        masked_cmdline({"maild", "--smarthost=mx", "--db_dsn", "x", "-pabc", "-p", "y", "--note=xhunter2x"}, secrets);
    const std::vector<std::string> expected = {
        "maild", "--smarthost=********", "--db_dsn", "********", "-p********", "-p", "********", "--note=x********x"};
    BOOST_TEST(args == expected, boost::test_tools::per_element());
    BOOST_TEST(
        masked_config("smarthost mx\nDbDsn: a b\nx = hunter2", secrets) ==
        "smarthost ********\nDbDsn: ********\nx = ********"
    );
    const auto flags = masked_flags({{"smarthost", "mx", true}, {"note", "hunter2", true}}, secrets);
    BOOST_TEST(flags[0].value == "********");
    BOOST_TEST(flags[1].value == "********");
}

BOOST_AUTO_TEST_CASE(command_lines_hide_secrets_inside_arguments) {
    const std::vector<std::string> shown = masked_cmdline(
        {"maild",
         "--db=host=db password=hunter2",
         "-H",
         "Authorization: Bearer hunter2",
         "--set",
         "a.password=hunter2",
         "-pw",
         "hunter2",
         "-Dtoken=hunter2",
         "--url",
         "https://me:hunter2@x/?api_key=hunter2"}
    );
    for (const std::string& arg : shown) BOOST_TEST(arg.find("hunter2") == std::string::npos, arg);
    BOOST_TEST(shown[1] == "--db=host=db password=********");
    BOOST_TEST(shown[3] == "Authorization: ********");
}

BOOST_AUTO_TEST_CASE(flags_are_masked_by_name) {
    const auto flags = masked_flags({{"password", "x", true}, {"smtp_address", "[::]:25", true}, {"token", "", false}});
    BOOST_TEST(flags[0].value == "********");
    BOOST_TEST(flags[1].value == "[::]:25");
    BOOST_TEST(flags[2].value == "");
}

BOOST_AUTO_TEST_SUITE_END()
