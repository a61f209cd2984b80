#include "proto/limits.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include "tests/support/files.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_limits)

namespace {

#define QUIPU_LIMIT(name)      \
    {                          \
#name, std::uint64_t { \
            limits::name       \
        }                      \
    }

const std::map<std::string, std::uint64_t> all = {
    QUIPU_LIMIT(protocol_version),     QUIPU_LIMIT(max_frame_bytes),      QUIPU_LIMIT(frame_header_bytes),
    QUIPU_LIMIT(instance_bytes),       QUIPU_LIMIT(max_word_bytes),       QUIPU_LIMIT(max_name_bytes),
    QUIPU_LIMIT(max_help_bytes),       QUIPU_LIMIT(max_label_bytes),      QUIPU_LIMIT(max_text_bytes),
    QUIPU_LIMIT(max_config_bytes),     QUIPU_LIMIT(max_hello_items),      QUIPU_LIMIT(max_series),
    QUIPU_LIMIT(max_families),         QUIPU_LIMIT(max_bounds),           QUIPU_LIMIT(max_family_bytes),
    QUIPU_LIMIT(max_title_bytes),      QUIPU_LIMIT(max_event_bytes),      QUIPU_LIMIT(max_chunk_bytes),
    QUIPU_LIMIT(max_answer_bytes),     QUIPU_LIMIT(max_events_per_frame), QUIPU_LIMIT(max_queue_items),
    QUIPU_LIMIT(max_queue_recipients), QUIPU_LIMIT(max_report_threads),   QUIPU_LIMIT(max_report_mappings),
    QUIPU_LIMIT(max_report_tasks),     QUIPU_LIMIT(max_stack_depth),      QUIPU_LIMIT(max_query_args),
    QUIPU_LIMIT(max_reason_bytes),
};

#undef QUIPU_LIMIT

// The first group of every match of the expression in the file.
std::map<std::string, std::string> matches(const std::string& path, const std::regex& expression) {
    const std::string text = test::read_source(path);
    std::map<std::string, std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
        found[(*it)[1]] = (*it)[2];
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(this_test_knows_every_limit_of_the_header) {
    const auto declared = matches("proto/limits.hpp", std::regex(R"(inline constexpr std::\w+ (\w+) = ([^;]*);)"));
    BOOST_TEST(declared.size() == all.size());
    for (const auto& [name, value] : declared) BOOST_TEST(all.contains(name), name << " is missing in this test");
}

BOOST_AUTO_TEST_CASE(protocol_md_quotes_every_limit_with_its_value) {
    const auto quoted = matches("proto/PROTOCOL.md", std::regex(R"(\| `(\w+)` \| (\d+) \|)"));
    BOOST_TEST(quoted.size() == all.size());
    for (const auto& [name, value] : all) {
        const auto row = quoted.find(name);
        BOOST_CHECK_MESSAGE(row != quoted.end(), name << " is missing in PROTOCOL.md");
        if (row != quoted.end()) BOOST_TEST(row->second == std::to_string(value), name);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_chunk_and_a_configuration_fit_into_a_frame) {
    constexpr std::size_t overhead = 1024;
    BOOST_TEST(limits::max_chunk_bytes + overhead < limits::max_frame_bytes);
    BOOST_TEST(limits::max_config_bytes + overhead < limits::max_frame_bytes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
