#include "subprojects/chasquid-relay/about.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "subprojects/chasquid-relay/flags_text.hpp"

using namespace relay;

BOOST_AUTO_TEST_SUITE(relay_about)

namespace {

// In the form of chasquid's front page.
std::string front_page(const std::string& started = "Thu, 2026-11-26 22:21:46 &#43;0000") {
    return "<!DOCTYPE html>\n<html><head><title>vm: chasquid monitoring</title></head><body>\n"
           "<h1>chasquid @mail.example</h1>\n<p>\nchasquid 1.11-2&#43;b2<br>\n"
           "source date 2023-04-09 07:19:28 &#43;0000<br>\nbuilt with go1.19.8<br>\n</p>\n<p>\nstarted " +
           started + "<br>\nup for 1s<br>\nos hostname <i>vm</i><br>\n</p>\n</body></html>\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_front_page_tells_who_it_is) {
    const About about = parse_about(front_page());
    BOOST_TEST(about.version == "1.11-2+b2");
    BOOST_TEST(about.hostname == "vm");
    BOOST_TEST(about.started == "Thu, 2026-11-26 22:21:46 +0000");
    BOOST_REQUIRE(about.started_at.has_value());
    BOOST_TEST(std::chrono::system_clock::to_time_t(*about.started_at) == 1'795'731'706);
}

BOOST_AUTO_TEST_CASE(another_page_tells_nothing_and_does_no_harm) {
    BOOST_TEST((parse_about("") == About()));
    BOOST_TEST((parse_about("<") == About()));
    BOOST_TEST((parse_about("404 page not found\n") == About()));
    BOOST_TEST(!parse_about(front_page("some day")).started_at);
    BOOST_TEST(parse_about(front_page(std::string(5000, 'x'))).started.size() == 200U);
    const std::string page = front_page();
    for (std::size_t size = 0; size < page.size(); ++size) (void)parse_about(page.substr(0, size));
}

BOOST_AUTO_TEST_CASE(a_run_has_one_name_and_no_other_run_has_it) {
    const About about = parse_about(front_page());
    const auto name = instance_of(about, {"chasquid", "-v=3"}, 0);
    BOOST_TEST((name == instance_of(parse_about(front_page()), {"chasquid", "-v=3"}, 0)));
    BOOST_TEST((name != instance_of(about, {"chasquid", "-v=3"}, 1)));
    BOOST_TEST((name != instance_of(about, {"chasquid"}, 0)));
    BOOST_TEST((name != instance_of(about, {"chasquid-v=3"}, 0)));
    BOOST_TEST((name != instance_of(about, {"chasquid", "-v", "=3"}, 0)));
    const About later = parse_about(front_page("Thu, 2026-11-26 22:21:47 &#43;0000"));
    BOOST_TEST((name != instance_of(later, {"chasquid", "-v=3"}, 0)));
    About elsewhere = about;
    elsewhere.hostname = "other";
    BOOST_TEST((name != instance_of(elsewhere, {"chasquid", "-v=3"}, 0)));
}

BOOST_AUTO_TEST_CASE(flags_are_set_up_to_the_empty_line) {
    const auto flags = parse_flags_page("-config_dir=/etc/x\n-v=a=b\n\n-logtime=true\nnonsense\n-\n-novalue\n");
    BOOST_REQUIRE(flags.size() == 3U);
    BOOST_TEST((flags[0].name == "config_dir" && flags[0].value == "/etc/x" && flags[0].is_set));
    BOOST_TEST((flags[1].name == "v" && flags[1].value == "a=b" && flags[1].is_set));
    BOOST_TEST((flags[2].name == "logtime" && flags[2].value == "true" && !flags[2].is_set));
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "-x=1\n";
    BOOST_TEST(parse_flags_page(many).size() == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
