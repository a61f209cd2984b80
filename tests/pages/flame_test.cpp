#include "daemon/pages/flame_view.hpp"
#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/profiles.hpp"

BOOST_AUTO_TEST_SUITE(pages_flame)

using namespace quipu;
using namespace quipu::test;

namespace {

struct FlameWorld : World {
    std::unique_ptr<Speaker> maild = connect('a', {.pid = 4711, .topics = {"profile", "threads"}});

    std::string page(ProfileMaker& maker) {
        const std::string body = write_profile(maker.profile());
        const Reply reply{maild->emitter().number, Outcome::answered, wire::Status::ok, body};
        return get("/debug/pprof/flame?seconds=2", browser_accept, {reply}).body;
    }
};

// Between two texts; empty: they are not there.
std::string between(std::string_view text, std::string_view begin, std::string_view end) {
    const std::size_t at = text.find(begin);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + begin.size());
    return std::string(rest.substr(0, rest.find(end)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_link_alone_profiles_nobody) {
    FlameWorld world;
    const Response response = world.get("/debug/pprof/flame", browser_accept);
    BOOST_TEST(response.status == 200U);
    BOOST_TEST(has(response.body, "Take a profile"));
    BOOST_TEST(!has(response.body, "flame-data"));
}

BOOST_AUTO_TEST_CASE(the_page_has_the_table_the_tree_and_the_profile_itself) {
    FlameWorld world;
    ProfileMaker maker;
    maker.stack({"read", "serve", "main"}, 3).stack({"write", "serve", "main"}, 1);
    const std::string body = world.page(maker);
    BOOST_TEST(has(body, "<td class=\"number\">30\u00A0ms</td><td class=\"number\">75.0 %</td>"));
    const std::string tree = between(body, "<div id=\"flame-data\" hidden>", "</div>");
    BOOST_TEST(
        tree ==
        "{&#34;unit&#34;:&#34;nanoseconds&#34;,&#34;names&#34;:[&#34;all&#34;,&#34;main&#34;,"
        "&#34;serve&#34;,&#34;read&#34;,&#34;write&#34;],&#34;nodes&#34;:[0,40000000,0,1,40000000,1,2,"
        "40000000,2,3,30000000,3,4,10000000,3]}"
    );
    BOOST_TEST(has(body, base64("main;serve;read 30000000\nmain;serve;write 10000000\n")));
    BOOST_TEST(has(body, "download=\"profile.pb.gz\""));
    BOOST_TEST(has(body, "<script src=\"/static/flame.js?v="));
}

BOOST_AUTO_TEST_CASE(hostile_function_names_are_inert) {
    FlameWorld world;
    ProfileMaker maker;
    maker.stack({hostile, "main"}, 3);
    maker.profile().strings[maker.profile().mappings[0].file] = hostile;
    maker.profile().strings[maker.profile().sample_types[1].unit] = hostile;
    maker.profile().comments = {maker.text(hostile)};
    const std::string body = world.page(maker);
    check_inert_html(body);
    BOOST_TEST(!between(body, "<div id=\"flame-data\" hidden>", "</div>").empty());
}

BOOST_AUTO_TEST_CASE(an_idle_daemon_is_told_so) {
    FlameWorld world;
    ProfileMaker maker;
    BOOST_TEST(has(world.page(maker), "Nothing was sampled"));
}

BOOST_AUTO_TEST_CASE(errors_are_pages) {
    FlameWorld world;
    const Response wrong = world.get("/debug/pprof/flame?seconds=0", browser_accept);
    BOOST_TEST(wrong.status == 400U);
    BOOST_TEST(has(wrong.body, "<h1>Flame graph</h1>"));
    const Reply bad{world.maild->emitter().number, Outcome::answered, wire::Status::ok, "x"};
    BOOST_TEST(world.get("/debug/pprof/flame?seconds=1", browser_accept, {bad}).status == 502U);
}

BOOST_AUTO_TEST_CASE(base64_is_as_rfc_4648_has_it) {
    BOOST_TEST(base64("") == "");
    BOOST_TEST(base64("f") == "Zg==");
    BOOST_TEST(base64("fo") == "Zm8=");
    BOOST_TEST(base64("foo") == "Zm9v");
    BOOST_TEST(base64("foobar") == "Zm9vYmFy");
    BOOST_TEST(base64("\xff\xfe\xfd") == "//79");
}

BOOST_AUTO_TEST_SUITE_END()
