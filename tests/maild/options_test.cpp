#include "subprojects/maild/options.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace maild {

BOOST_AUTO_TEST_SUITE(maild_options)

namespace {

using namespace std::chrono_literals;

Options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "maild");
    return parse_options(static_cast<int>(words.size()), words.data()).value();
}

// The sentence of the refusal; empty where there is none.
std::string refusal(const std::vector<const char*>& words) {
    try {
        parse(words);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(defaults_are_sound) {
    const Options o = parse({"--hostname=mail.test"});
    BOOST_TEST(o.smtp_address.host == "127.0.0.1");
    BOOST_TEST(o.smtp_address.port == 2525);
    BOOST_TEST(!o.smarthost);
    BOOST_TEST(o.max_data_bytes == 50u * 1024 * 1024);
    BOOST_TEST((o.give_up_after == 20h && o.retry_base == 1min));
    BOOST_TEST(o.users.size() == 2u);
}

BOOST_AUTO_TEST_CASE(given_flags_are_taken_and_marked_as_set) {
    const Options o = parse(
        {"--smtp_address=[::1]:0",
         "--hostname",
         "Mail.TEST",
         "--smarthost=far.test:25",
         "--alias=a=|cat",
         "--alias=b=user@localhost"}
    );
    BOOST_TEST(o.smtp_address.host == "::1");
    BOOST_TEST(o.smtp_address.port == 0);
    BOOST_TEST(o.hostname == "mail.test");
    BOOST_REQUIRE(o.smarthost);
    BOOST_TEST(o.smarthost->host == "far.test");
    BOOST_TEST(o.aliases.size() == 2u);
    const auto set = std::count_if(o.flags.begin(), o.flags.end(), [](const quipu::Flag& f) { return f.is_set; });
    BOOST_TEST(set == 5);
    BOOST_TEST(o.config_text.find("smarthost = far.test:25\n") != std::string::npos);
    BOOST_TEST(o.config_text.find("queue_dir = /var/lib/maild/queue\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_input_gets_a_sentence_with_the_offending_value) {
    struct {
        const char* word;
        const char* offending;
    } const cases[] = {
        {"--nonsense=1", "--nonsense=1"},
        {"--%canonical_option%x", "'--%canonical_option%x'"},
        {"--%original_token%=", "'--%original_token%'"},
        {"--smtp_addr=127.0.0.1:1", "--smtp_addr"},
        {"word", "'word'"},
        {"--smtp_address=localhost", "'localhost'"},
        {"--smtp_address=127.0.0.1:65536", "'127.0.0.1:65536'"},
        {"--smarthost=far.test:0", "'far.test:0'"},
        {"--hostname=a b", "'a b'"},
        {"--tls_certificate=x.pem", "--tls_private_key"},
        {"--users=user,../x", "'../x'"},
        {"--alias=x", "'x'"},
        {"--alias=x=|", "'x=|'"},
        {"--alias=a/../b=user@localhost", "'a/../b=user@localhost'"},
        {"--max_recipients=0", "'0'"},
        {"--max_data_size_mb=1025", "'1025'"},
        {"--give_up_after=20", "'20'"},
        {"--give_up_after=99999999999999h", "'99999999999999h'"},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.word) {
            const std::string sentence = refusal({tc.word});
            BOOST_TEST(sentence.find(tc.offending) != std::string::npos, sentence);
        }
    }
    BOOST_TEST(!refusal({("--ingest_socket=" + std::string(108, 'x')).c_str()}).empty());
    BOOST_TEST(refusal({"--courier=thread"}).empty());
    BOOST_TEST(refusal({"--courier=horse"}) == "--courier 'horse' is neither loop nor thread");
    BOOST_TEST(refusal({("--ingest_socket=" + std::string(107, 'x')).c_str()}).empty());
}

BOOST_AUTO_TEST_CASE(commands_are_split_without_a_shell) {
    const std::vector<std::string> expected{"sh", "-c", "exit 75", "a b", "", "$HOME;x"};
    BOOST_TEST(split_command("  sh -c \"exit 75\" 'a b' '' $HOME;x ") == expected, boost::test_tools::per_element());
    BOOST_TEST(split_command("  ").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
