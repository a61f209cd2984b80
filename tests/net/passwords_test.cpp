#include "daemon/net/passwords.hpp"

#include <crypt.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "daemon/net/listen.hpp"

BOOST_AUTO_TEST_SUITE(net_passwords)

using namespace quipu;

namespace {

// As mkpasswd makes it, at the lowest cost that there is.
std::string hash(const std::string& password, const char* prefix, unsigned long cost) {
    crypt_data data{};
    std::string setting = crypt_gensalt(prefix, cost, nullptr, 0);
    return crypt_r(password.c_str(), setting.c_str(), &data);
}

std::string complaint(std::string_view text) {
    try {
        (void)parse_passwords(text, "/etc/pw");
    } catch (const StartError& error) {
        return error.what();
    }
    return "no complaint";
}

}  // namespace

BOOST_AUTO_TEST_CASE(hashes_of_every_method_are_checked) {
    const std::vector<std::string> hashes = {
        hash("geheim", "$y$", 1),
        hash("geheim", "$2b$", 4),
        hash("geheim", "$2y$", 4),
        hash("geheim", "$6$", 1000),
        hash("geheim", "$5$", 1000),
        hash("geheim", "$gy$", 1)};
    for (const std::string& each : hashes) {
        BOOST_TEST_CONTEXT(each) {
            const Passwords passwords = parse_passwords("anna:" + each + "\n", "f");
            BOOST_TEST(passwords.at("anna") == each);
            BOOST_TEST(is_right_password("geheim", each));
            BOOST_TEST(!is_right_password("Geheim", each));
            BOOST_TEST(!is_right_password("", each));
            BOOST_TEST(!is_right_password(each, each));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_may_have_comments_empty_lines_and_line_ends_of_windows) {
    const std::string one = hash("a", "$2b$", 4);
    const Passwords passwords = parse_passwords("# who may look\r\n\n  \nanna:" + one + "\r\nprometheus:" + one, "f");
    BOOST_TEST(passwords.size() == 2u);
    BOOST_TEST(passwords.at("anna") == one);
    BOOST_TEST(passwords.at("prometheus") == one);
}

BOOST_AUTO_TEST_CASE(wrong_lines_are_named_and_never_their_hashes) {
    const std::string good = "anna:" + hash("a", "$2b$", 4) + "\n";

    struct Case {
        std::string text;
        std::string_view says;
    };

    const std::vector<Case> cases = {
        {"", "/etc/pw names no user"},
        {"# nobody\n", "/etc/pw names no user"},
        {good + "anna\n", "/etc/pw:2: the line is not of the form user:hash"},
        {":" + good, "/etc/pw:1: the line is not of the form"},
        {good + good, "/etc/pw:2: 'anna' is there twice"},
        {"anna:geheim\n", "/etc/pw:1: 'anna' has no yescrypt"},
        {"anna:$1$abc$Dz9Xv1sUS0HVDjkFZkDVW/\n", "'anna' has no yescrypt"},
        {"anna:\n", "'anna' has no yescrypt"},
        {"anna:!\n", "'anna' has no yescrypt"},
        {good.substr(0, good.size() - 5) + "\n", "'anna' has a hash that is cut or damaged"},
        {"anna:$6$$\n", "'anna' has a hash that is cut or damaged"},
        {"anna:$2b$31$" + good.substr(12), "'anna' has a hash that takes too long"},
    };
    for (const Case& tc : cases) {
        BOOST_TEST_CONTEXT(tc.text) {
            const std::string said = complaint(tc.text);
            BOOST_TEST(said.find(tc.says) != std::string::npos, said);
            BOOST_TEST(said.find('$') == std::string::npos);
            BOOST_TEST(said.find("geheim") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_user_is_compared_with_somebodys_hash) {
    const Passwords passwords = {{"anna", "A"}, {"bert", "B"}};
    bool is_known = false;
    BOOST_TEST(hash_of(passwords, "bert", is_known) == "B");
    BOOST_TEST(is_known);
    const std::string& stand_in = hash_of(passwords, "eve", is_known);
    BOOST_TEST(!is_known);
    BOOST_TEST((stand_in == "A" || stand_in == "B"));
    BOOST_TEST(&hash_of(passwords, "eve", is_known) == &stand_in);
}

BOOST_AUTO_TEST_CASE(a_hash_that_never_matches_is_no_hash) {
    // crypt(3) reads any number of zeros and writes none: what it makes of a password is never this.
    const std::string digest(86, 'a');
    const std::string file = "anna:$6$rounds=" + std::string(400, '0') + "5000$saltsalt$" + digest + "\n";
    BOOST_CHECK_EXCEPTION(parse_passwords(file, "F"), StartError, [](const StartError& wrong) {
        return std::string_view(wrong.what()).find("'anna' has a hash that is cut or damaged") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(basic_is_read_as_rfc_7617_says) {
    const auto read = [](std::string_view header) {
        const auto credentials = parse_basic(header);
        return credentials ? credentials->user + "|" + credentials->password : std::string("-");
    };
    BOOST_TEST(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == "Aladdin|open sesame");
    BOOST_TEST(read("basic dGVzdDoxMjPCow==") == "test|123£");
    BOOST_TEST(read("Basic YTpiOmM=") == "a|b:c");
    BOOST_TEST(read("Basic Og==") == "|");
    for (const std::string_view wrong :
         {"Basic",
          "Basic ",
          "Bearer YTpi",
          "Basic YWI=",
          "Basic YTpi=",
          "Basic YT pi",
          "Basic YTp!",
          "Basic =YTp",
          "Basic YQA6Yg==",
          "Basic YTpiAGM=",
          "Digest username=\"a\""}) {
        BOOST_TEST_CONTEXT(wrong) {
            BOOST_TEST(read(wrong) == "-");
        }
    }
    BOOST_TEST(read("Basic " + std::string(4096, 'A')) == "-");
}

BOOST_AUTO_TEST_SUITE_END()
