#include "subprojects/chasquid-relay/options.hpp"

#include <boost/test/unit_test.hpp>

#include <mailside/flags.hpp>

#include <string>
#include <vector>

namespace relay {

BOOST_AUTO_TEST_SUITE(relay_options)

namespace {

using namespace std::chrono_literals;

Options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "chasquid-relay");
    return parse_options(static_cast<int>(words.size()), words.data()).value();
}

// The sentence of the refusal; empty where there is none.
std::string refusal(const std::vector<const char*>& words) {
    try {
        parse(words);
    } catch (const mailside::UsageError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(defaults_are_those_of_a_chasquid_on_this_machine) {
    const Options o = parse({});
    BOOST_TEST(o.chasquid.host == "127.0.0.1");
    BOOST_TEST(o.chasquid.port == 1099);
    BOOST_TEST(!o.chasquid.is_tls);
    BOOST_TEST((o.log.empty() && o.journal.empty()));
    BOOST_TEST((o.interval == 1s));
}

BOOST_AUTO_TEST_CASE(addresses_are_taken_in_their_three_forms) {
    const Target six = parse({"--chasquid=https://[::1]:99/"}).chasquid;
    BOOST_TEST((six.is_tls && six.host == "::1" && six.port == 99 && six.host_header == "[::1]:99"));
    const Target plain = parse({"--chasquid=http://mx.example"}).chasquid;
    BOOST_TEST((plain.host == "mx.example" && plain.port == 80 && plain.host_header == "mx.example"));
    BOOST_TEST(parse({"--chasquid=http://[::1]"}).chasquid.host == "::1");
    const Target unix = parse({"--chasquid=unix:/run/x.sock"}).chasquid;
    BOOST_TEST((unix.unix_path == "/run/x.sock" && unix.host_header == "localhost"));
    BOOST_TEST(parse({"--log=journal:chasquid.service"}).journal == "chasquid.service");
    BOOST_TEST(parse({"--log=/var/log/chasquid.log"}).log == "/var/log/chasquid.log");
}

BOOST_AUTO_TEST_CASE(wrong_input_gets_a_sentence_with_the_offending_value) {
    struct {
        const char* word;
        const char* offending;
    } const cases[] = {
        {"--chasquid=127.0.0.1:1099", "'127.0.0.1:1099'"},
        {"--chasquid=http://", "'http://'"},
        {"--chasquid=http://h:0", "'http://h:0'"},
        {"--chasquid=http://h:65536", "'http://h:65536'"},
        {"--chasquid=http://h:1/path", "'http://h:1/path'"},
        {"--chasquid=http://h/path", "'http://h/path'"},
        {"--chasquid=http://user@h:1", "'http://user@h:1'"},
        {"--chasquid=http://h\r\nX: y", "'http://h\\x0d\\x0aX: y'"},
        {"--chasquid=unix:", "'unix:'"},
        {"--log=journal:", "'journal:'"},
        {"--log=journal:--help", "'journal:--help'"},
        {"--interval=99ms", "'99ms'"},
        {"--interval=1", "'1'"},
        {"--ingest_socket=", "--ingest_socket"},
        {"--nonsense=1", "--nonsense=1"},
        {"word", "'word'"},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.word) {
            const std::string sentence = refusal({tc.word});
            BOOST_TEST(sentence.find(tc.offending) != std::string::npos, sentence);
        }
    }
    BOOST_TEST(!refusal({("--chasquid=unix:" + std::string(108, 'x')).c_str()}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relay
