#include "proto/thread_report.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_thread_report)

using test::as_bytes;

namespace {

std::string body_of(const wire::ThreadReport& report) {
    std::string body;
    append_body(body, report);
    return body;
}

Errc error_of(const wire::ThreadReport& report) {
    wire::ThreadReport out;
    const std::string body = body_of(report);
    return wire::decode(as_bytes(body), out);
}

// Whatever decodes, decodes to the same again after one more round.
void check_stable(const std::string& body) {
    wire::ThreadReport first;
    if (wire::decode(as_bytes(body), first) != Errc::ok) return;
    const std::string once = body_of(first);
    wire::ThreadReport second;
    BOOST_REQUIRE(wire::decode(as_bytes(once), second) == Errc::ok);
    BOOST_REQUIRE(body_of(second) == once);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_report_is_written_as_the_golden_one_and_read_back) {
    const std::string body = body_of(test::sample_thread_report());
    test::check_golden(
        "frames/thread_report_body.hex",
        "# quipu.v1.ThreadReport, thread_report_body.txtpb tells the same in words\n" + test::to_hex(body)
    );
    wire::ThreadReport out;
    BOOST_REQUIRE(wire::decode(as_bytes(body), out) == Errc::ok);
    BOOST_TEST(body_of(out) == body);
    BOOST_REQUIRE(out.threads.size() == 2U);
    BOOST_TEST(out.threads[0].stack.size() == 2U);
    BOOST_TEST(out.threads[1].no_stack_because == "it blocks the signal");
    BOOST_REQUIRE(out.mappings.size() == 1U);
    BOOST_TEST(out.mappings[0].filename == "/usr/sbin/maild (deleted)");
    BOOST_REQUIRE(out.tasks.size() == 1U);
    BOOST_TEST(out.tasks[0].waits_for == "a command");
}

BOOST_AUTO_TEST_CASE(chunks_cut_between_fields_add_up) {
    wire::ThreadReport one = test::sample_thread_report();
    const std::string body = body_of(one);
    wire::ThreadReport both;
    BOOST_REQUIRE(wire::decode(as_bytes(body), both) == Errc::ok);
    BOOST_REQUIRE(wire::decode(as_bytes(body), both) == Errc::ok);
    BOOST_TEST(both.threads.size() == 4U);
    BOOST_TEST(both.tasks.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_report_cut_or_flipped_anywhere_decodes_or_is_refused) {
    const std::string body = body_of(test::sample_thread_report());
    for (std::size_t at = 0; at < body.size(); ++at) {
        // A copy of that very length, so that a sanitizer sees a read past the end.
        const std::vector<char> prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at));
        check_stable({prefix.data(), prefix.size()});
        for (unsigned flip = 1; flip < 256; ++flip) {
            std::string flipped = body;
            flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ flip);
            check_stable(flipped);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_is_taken_at_its_limit_and_refused_one_past) {
    const wire::ThreadReport sample = test::sample_thread_report();
    wire::ThreadReport report = sample;
    report.threads.assign(limits::max_report_threads, {.tid = 1});
    report.mappings.assign(limits::max_report_mappings, sample.mappings[0]);
    report.tasks.assign(limits::max_report_tasks, {.id = 1, .group = "g"});
    report.threads[0].stack.assign(limits::max_stack_depth, 1);
    BOOST_TEST(error_of(report) == Errc::ok);
    wire::ThreadReport more = report;
    more.threads.push_back({.tid = 1});
    BOOST_TEST(error_of(more) == Errc::text_too_long);
    more = report;
    more.mappings.push_back(sample.mappings[0]);
    BOOST_TEST(error_of(more) == Errc::text_too_long);
    more = report;
    more.tasks.push_back({.id = 1, .group = "g"});
    BOOST_TEST(error_of(more) == Errc::text_too_long);
    more = report;
    more.threads[0].stack.push_back(1);
    BOOST_TEST(error_of(more) == Errc::text_too_long);
}

BOOST_AUTO_TEST_CASE(what_lacks_a_required_field_is_refused) {
    BOOST_TEST(error_of({.threads = {{.name = "no tid"}}}) == Errc::field_missing);
    BOOST_TEST(error_of({.mappings = {{.memory_start = 5, .memory_limit = 5}}}) == Errc::field_missing);
    BOOST_TEST(error_of({.tasks = {{.id = 1}}}) == Errc::field_missing);
    BOOST_TEST(error_of({.tasks = {{.group = "g"}}}) == Errc::field_missing);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
