#include "subprojects/chasquid-relay/queue_text.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace relay;

BOOST_AUTO_TEST_SUITE(relay_queue_text)

namespace {

constexpr std::string_view page =
    "# Queue status\n"
    "\n"
    "date: 2026-11-25 02:04:10.937945941 +0000 UTC m=+20.247303846\n"
    "length: 2\n"
    "\n"
    "## Item gcNwfnc_Sx4\n"
    "created at: 2026-11-25 02:03:52.420798099 +0000 UTC m=+1.730156004\n"
    "from: <>\n"
    "to: [b@example.org c@example.org]\n"
    "PENDING b@example.org (EMAIL)\n"
    "  original address: b@example.org\n"
    "  last failure: \"no \\\"MX\\\" (last: \\x01)\"\n"
    "FAILED cat >/dev/null (now) (PIPE)\n"
    "  original address: pipe@x\n"
    "  last failure: \"\"\n"
    "\n"
    "## Item two\n"
    "created at: 2026-11-25 02:03:52 +0000 UTC\n"
    "from: a@x\n"
    "to: []\n"
    "SENT d@x (FORWARD)\n"
    "\n";

struct Read {
    QueueText text;
    std::vector<quipu::QueueItem> items;

    Read(std::string_view body, std::size_t piece_bytes) {
        for (std::size_t at = 0; at < body.size(); at += piece_bytes) text.feed(body.substr(at, piece_bytes), items);
        text.finish(items);
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(items_are_the_same_however_the_page_is_cut) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, page.size()}) {
        BOOST_TEST_CONTEXT("pieces of " << piece) {
            const Read read(page, piece);
            BOOST_TEST(read.text.is_queue());
            BOOST_TEST(read.text.length() == 2U);
            BOOST_TEST(read.text.unknown_lines() == 0U);
            BOOST_REQUIRE(read.items.size() == 2U);
            const quipu::QueueItem& item = read.items[0];
            BOOST_TEST(item.id == "gcNwfnc_Sx4");
            BOOST_TEST(item.created.time_since_epoch() / std::chrono::nanoseconds(1) == 1'795'572'232'420'798'099);
            BOOST_TEST(item.from == "<>");
            BOOST_TEST(
                item.to == (std::vector<std::string>{"b@example.org", "c@example.org"}),
                boost::test_tools::per_element()
            );
            BOOST_REQUIRE(item.recipients.size() == 2U);
            BOOST_TEST(item.recipients[0].address == "b@example.org");
            BOOST_TEST(item.recipients[0].type == "EMAIL");
            BOOST_TEST((item.recipients[0].state == quipu::RecipientState::pending));
            BOOST_TEST(item.recipients[0].last_failure == "no \"MX\" (last: \x01)");
            BOOST_TEST(item.recipients[1].address == "cat >/dev/null (now)");
            BOOST_TEST(item.recipients[1].type == "PIPE");
            BOOST_TEST((item.recipients[1].state == quipu::RecipientState::failed));
            BOOST_TEST(item.recipients[1].original_address == "pipe@x");
            BOOST_TEST(read.items[1].to.empty());
            BOOST_TEST((read.items[1].recipients.at(0).state == quipu::RecipientState::sent));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_queue_has_no_items) {
    const Read read("# Queue status\n\ndate: x\nlength: 0\n\n", 100);
    BOOST_TEST(read.text.is_queue());
    BOOST_TEST(read.items.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_queue_is_known_as_none_and_bounded) {
    BOOST_TEST(!Read("<html>no such page", 5).text.is_queue());
    const Read hostile(
        "# Queue status\nlength: x\n  last failure: \"x\"\nPENDING\n## Item a\nPENDING x\nPENDING (A)\nto: [\n", 1000
    );
    BOOST_TEST(hostile.items.size() == 1U);
    BOOST_TEST(hostile.text.unknown_lines() > 3U);
    const Read endless(std::string("# Queue status\n## Item ") + std::string(10'000'000, 'x') + "\nfrom: a\n", 4096);
    BOOST_REQUIRE(endless.items.size() == 1U);
    BOOST_TEST(endless.items[0].id.size() < 65'537U);
    BOOST_TEST(endless.items[0].from == "a");
    for (std::size_t size = 0; size < page.size(); ++size) (void)Read(page.substr(0, size), 1000);
}

BOOST_AUTO_TEST_SUITE_END()
