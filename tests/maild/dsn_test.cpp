#include "subprojects/maild/dsn.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace maild {

BOOST_AUTO_TEST_SUITE(maild_dsn)

namespace {

using namespace std::chrono_literals;

const WallTime some_time(1'700'000'000s);

Item failed_item() {
    Item item;
    item.id = "id1";
    item.created = some_time;
    item.from = "sender@far.test";
    item.recipients = {
        {Recipient::Kind::local, Recipient::State::sent, 1, "user@mail.test", "user@mail.test", ""},
        {Recipient::Kind::remote, Recipient::State::failed, 1, "x@far.test", "x@far.test", "RCPT: 550 no"},
        {Recipient::Kind::pipe, Recipient::State::failed, 1, "secret-command", "list@mail.test", "exit status 1"},
    };
    return item;
}

std::string dsn(const std::string& original) {
    return make_dsn(failed_item(), "id2", some_time, "mail.test", original);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(dates_are_as_mail_wants_them) {
    BOOST_TEST(mail_date(some_time) == "Tue, 14 Nov 2023 22:13:20 +0000");
}

BOOST_AUTO_TEST_CASE(it_names_the_failed_and_only_them) {
    const std::string text = dsn("Subject: hello\n\nbody\n");
    BOOST_TEST(contains(text, "To: <sender@far.test>\n"));
    BOOST_TEST(contains(text, "Content-Type: multipart/report; report-type=delivery-status;"));
    BOOST_TEST(contains(text, "Final-Recipient: rfc822; x@far.test\nAction: failed\n"));
    BOOST_TEST(contains(text, "Diagnostic-Code: smtp; RCPT: 550 no\n"));
    BOOST_TEST(contains(text, "Diagnostic-Code: x-maild; exit status 1\n"));
    BOOST_TEST(!contains(text, "user@mail.test"));
}

BOOST_AUTO_TEST_CASE(it_does_not_tell_commands) {
    BOOST_TEST(!contains(dsn(""), "secret-command"));
    BOOST_TEST(contains(dsn(""), "Final-Recipient: rfc822; list@mail.test\n"));
}

BOOST_AUTO_TEST_CASE(it_quotes_the_header_and_not_the_body) {
    BOOST_TEST(contains(dsn("Subject: hello\n\nbody\n"), "\n\nSubject: hello\n\n--"));
    BOOST_TEST(!contains(dsn("Subject: hello\n\nthe words\n"), "the words"));
    // A header cut in the middle of a line ends with the last whole one.
    BOOST_TEST(contains(dsn("Subject: hello\nX-Long: aaa"), "\n\nSubject: hello\n\n--"));
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_boundary) {
    const std::string text = dsn("");
    BOOST_TEST(text.ends_with("\n--=_id2/mail.test--\n"));
    BOOST_TEST(contains(text, "boundary=\"=_id2/mail.test\""));
}

BOOST_AUTO_TEST_CASE(a_reply_cannot_forge_fields) {
    Item item = failed_item();
    item.recipients[1].last_failure = "550 a\nAction: delivered";
    const std::string text = make_dsn(item, "id2", some_time, "mail.test", "");
    BOOST_TEST(!contains(text, "\nAction: delivered"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
