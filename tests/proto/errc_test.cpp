#include "proto/errc.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/files.hpp"
#include "tests/support/printers.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_errc)

namespace {

// Number to name, of every row that the expression finds: it captures both, in that order or (in C++) the other.
std::map<unsigned, std::string> codes(const std::string& path, const std::regex& expression, bool is_name_first) {
    const std::string text = test::read_source(path);
    std::map<unsigned, std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
        const std::string name = (*it)[is_name_first ? 1 : 2];
        const std::string number = (*it)[is_name_first ? 2 : 1];
        BOOST_TEST(found.emplace(std::stoul(number), name).second, number << " stands twice in " << path);
    }
    return found;
}

std::map<unsigned, std::string> declared() {
    return codes("proto/errc.hpp", std::regex(R"(\n    (\w+) = (\d+),)"), true);
}

}  // namespace

BOOST_AUTO_TEST_CASE(codes_are_dense_from_zero) {
    const auto all = declared();
    BOOST_REQUIRE(!all.empty());
    BOOST_TEST(all.begin()->first == 0U);
    BOOST_TEST(all.rbegin()->first == all.size() - 1);
    BOOST_TEST(all.rbegin()->first >= static_cast<unsigned>(Errc::output_overflow));
}

BOOST_AUTO_TEST_CASE(every_code_has_a_sentence_of_its_own) {
    std::set<std::string_view> sentences;
    for (const auto& [number, name] : declared()) {
        const std::string_view text = sentence(static_cast<Errc>(number));
        BOOST_TEST(!text.empty(), name);
        BOOST_TEST(text != sentence(static_cast<Errc>(255)), name << " has no sentence");
        BOOST_TEST(sentences.insert(text).second, name << " has the sentence of another");
    }
}

BOOST_AUTO_TEST_CASE(a_code_of_a_newer_peer_has_a_sentence) {
    BOOST_TEST(sentence(static_cast<Errc>(255)) == "unknown error");
}

BOOST_AUTO_TEST_CASE(protocol_md_lists_every_code) {
    const auto listed = codes("proto/PROTOCOL.md", std::regex(R"(\| (\d+) \| `(\w+)` \|)"), false);
    for (const auto& [number, name] : declared()) {
        BOOST_TEST((listed.contains(number) && listed.at(number) == name), number << ' ' << name);
    }
    BOOST_TEST(listed.size() == declared().size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
