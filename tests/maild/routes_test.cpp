#include "subprojects/maild/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace maild {

BOOST_AUTO_TEST_SUITE(maild_routes)

namespace {

Options options(std::vector<Alias> aliases = {}) {
    Options o;
    o.hostname = "mail.test";
    o.users = {"user", "ann"};
    o.aliases = std::move(aliases);
    o.smarthost = HostPort{"far.test", 25};
    return o;
}

// "KIND address" of each, or "unknown" or "elsewhere".
std::string where(const Options& o, const std::string& to) {
    Address address;
    BOOST_REQUIRE(parse_address(to, address) == PathFault::none);
    const Routes::Resolution resolution = Routes(o, Tally()).resolve(address);
    if (resolution.verdict == Routes::Verdict::unknown_user) return "unknown";
    std::string text = resolution.verdict == Routes::Verdict::elsewhere ? "elsewhere" : "";
    for (const Recipient& r : resolution.recipients) {
        constexpr const char* kinds[] = {"local", "pipe", "forward", "remote"};
        text += (text.empty() ? "" : "; ") + std::string(kinds[static_cast<int>(r.kind)]) + " " + r.address;
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(users_are_local_under_either_domain_in_any_case) {
    BOOST_TEST(where(options(), "user@mail.test") == "local user@mail.test");
    BOOST_TEST(where(options(), "User@LOCALHOST") == "local user@mail.test");
    BOOST_TEST(where(options(), "user+tag@mail.test") == "local user@mail.test");
    BOOST_TEST(where(options(), "\"user\"@mail.test") == "local user@mail.test");
}

BOOST_AUTO_TEST_CASE(others_are_unknown_or_elsewhere) {
    BOOST_TEST(where(options(), "bob@mail.test") == "unknown");
    BOOST_TEST(where(options(), "/etc/passwd@mail.test") == "unknown");
    BOOST_TEST(where(options(), "Bob@Far.test") == "elsewhere; remote Bob@Far.test");
    BOOST_TEST(where(options(), "user@sub.mail.test") == "elsewhere; remote user@sub.mail.test");
}

BOOST_AUTO_TEST_CASE(mail_for_postmaster_reaches_someone) {
    BOOST_TEST(where(options(), "postmaster") == "local ann@mail.test");
    BOOST_TEST(where(options({{"postmaster", "user@localhost"}}), "Postmaster@mail.test") == "local user@mail.test");
}

BOOST_AUTO_TEST_CASE(aliases_lead_to_users_commands_and_other_hosts) {
    const Options o = options({
        {"also", "user@mail.test"},
        {"pipe", "|cat -"},
        {"out", "x@far.test"},
        {"all", "also@localhost"},
        {"all", "ann@localhost"},
        {"all", "|true"},
        {"user+sales", "ann@mail.test"},
    });
    BOOST_TEST(where(o, "Also@mail.test") == "local user@mail.test");
    BOOST_TEST(where(o, "pipe+tag@mail.test") == "pipe cat -");
    BOOST_TEST(where(o, "out@mail.test") == "forward x@far.test");
    BOOST_TEST(where(o, "all@mail.test") == "local user@mail.test; local ann@mail.test; pipe true");
    BOOST_TEST(where(o, "user+sales@mail.test") == "local ann@mail.test");
}

BOOST_AUTO_TEST_CASE(an_alias_that_leads_nowhere_is_refused) {
    BOOST_CHECK_THROW(Routes(options({{"a", "nobody@mail.test"}}), Tally()), UsageError);
    BOOST_CHECK_THROW(Routes(options({{"a", "b@mail.test"}, {"b", "a@mail.test"}}), Tally()), UsageError);
    Options o = options({{"out", "x@far.test"}});
    o.smarthost.reset();
    BOOST_CHECK_THROW(Routes(o, Tally()), UsageError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
