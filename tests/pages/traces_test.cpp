#include <regex>
#include <set>

#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_traces)

using namespace quipu;
using namespace quipu::test;

namespace {

std::string html(World& world, std::string_view target, unsigned status = 200) {
    const Response response = world.get(target, browser_accept);
    BOOST_TEST(response.status == status);
    BOOST_TEST(response.content_type == "text/html; charset=utf-8");
    return response.body;
}

boost::json::object json(World& world, std::string target) {
    target += has(target, "?") ? "&format=json" : "?format=json";
    const Response response = world.get(target);
    BOOST_TEST(response.status == 200U);
    BOOST_TEST(response.content_type == "application/json; charset=utf-8");
    return parse_json(response.body).as_object();
}

std::string text_of(const boost::json::value& value) {
    return {value.as_string().data(), value.as_string().size()};
}

// Titles of the listed traces, "a b c".
std::string listed(World& world, std::string_view target) {
    std::string out;
    const auto page = json(world, std::string(target));
    for (const auto& trace : page.at("traces").as_array()) {
        out += (out.empty() ? "" : " ") + text_of(trace.at("title"));
    }
    return out;
}

// One family F: "fast" 1 ms, "slow" 200 ms, "failed" 400 ms with an error, "open"; begun in that order.
struct FamilyWorld : World {
    std::unique_ptr<Speaker> maild = connect();

    FamilyWorld() {
        maild->begin(1, "F", "fast", 0);
        maild->event(1, "hello from 192.0.2.1", 0);
        maild->end(1, 1 * ms);
        maild->begin(2, "F", "slow", 10 * ms);
        maild->end(2, 210 * ms);
        maild->begin(3, "F", "failed", 20 * ms);
        maild->error(3, "451 no such luck", 30 * ms);
        maild->end(3, 420 * ms);
        maild->begin(4, "F", "open", 30 * ms);
        now.wall_ns += 2000 * ms;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(overview_counts_families_by_bucket) {
    FamilyWorld world;
    const auto family = json(world, "/debug/traces").at("families").as_array().at(0).as_object();
    BOOST_TEST(text_of(family.at("family")) == "F");
    BOOST_TEST(family.at("open").to_number<int>() == 1);
    BOOST_TEST(family.at("errors").to_number<int>() == 1);
    std::string kept;
    for (const auto& bucket : family.at("buckets").as_array()) {
        kept += std::to_string(bucket.at("kept").to_number<int>());
    }
    BOOST_TEST(kept == "10001100");
    const std::string page = html(world, "/debug/traces");
    BOOST_TEST(has(page, "href=\"/debug/traces?fam=F&amp;b=-1&amp;all=true\""));
    BOOST_TEST(has(page, "href=\"/debug/traces?fam=F&amp;b=7&amp;all=true\""));
    BOOST_TEST(has(page, "href=\"/debug/traces?fam=F&amp;b=-2&amp;all=true\""));
    BOOST_TEST(has(page, "href=\"/debug/traces?fam=F&amp;lat=true\""));
}

BOOST_AUTO_TEST_CASE(parameters_mean_what_they_mean_to_chasquid) {
    FamilyWorld world;
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0") == "failed slow fast");  // all at least that slow, newest first
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0&all=true") == "failed slow fast");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0&all=false") == "fast");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0&all=0") == "fast");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0&all=nonsense") == "fast");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=4") == "failed slow");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=5") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=7") == "");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=-1") == "open");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=-2") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?fam=F") == "failed slow fast");
    BOOST_TEST(listed(world, "/debug/traces") == "");
    BOOST_TEST(json(world, "/debug/traces?fam=F&lat=true").contains("latency"));
    BOOST_TEST(!json(world, "/debug/traces?fam=F&b=0").contains("latency"));
}

BOOST_AUTO_TEST_CASE(wrong_parameters_get_a_sentence) {
    FamilyWorld world;
    BOOST_TEST(has(html(world, "/debug/traces?fam=none", 404), "no such family"));
    BOOST_TEST(has(html(world, "/debug/traces?fam=F&b=x", 400), "not a number"));
    html(world, "/debug/traces?fam=F&b=8", 400);
    html(world, "/debug/traces?fam=F&b=-4", 400);
    html(world, "/debug/traces?fam=F&b=99999999999999999999", 400);
    html(world, "/debug/traces?min=soon", 400);
    html(world, "/debug/traces?fam=F&page=x", 400);
    html(world, "/debug/traces?trace=nonsense", 404);
    html(world, "/debug/traces?trace=%0aINFO", 404);
    BOOST_TEST(world.get("/debug/traces?format=text").status == 400U);
    BOOST_TEST(world.get("/debug/traces?fam=none&format=json").content_type == "text/plain; charset=utf-8");
}

BOOST_AUTO_TEST_CASE(search_finds_titles_and_events_of_everything_kept) {
    FamilyWorld world;
    world.maild->begin(5, "G", "parent", 40 * ms);
    world.maild->begin(6, "H", "child with 192.0.2.1", 41 * ms, 5);
    world.maild->end(6, 42 * ms);
    // The parent has a line that tells of its child.
    BOOST_TEST(listed(world, "/debug/traces?q=192.0.2.1") == "child with 192.0.2.1 parent fast");
    BOOST_TEST(listed(world, "/debug/traces?q=NO+SUCH+LUCK") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?q=absent") == "");
    BOOST_TEST(listed(world, "/debug/traces?q=192.0.2.1&fam=H") == "child with 192.0.2.1");
    BOOST_TEST(listed(world, "/debug/traces?err=1") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?err=0") == "");
    BOOST_TEST(listed(world, "/debug/traces?min=150ms") == "parent open failed slow");
    BOOST_TEST(listed(world, "/debug/traces?min=300ms&err=1") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?fam=F&b=0&min=300ms") == "failed");
    BOOST_TEST(listed(world, "/debug/traces?q=&min=&fam=") == "");  // an empty form asks for nothing
}

BOOST_AUTO_TEST_CASE(searching_children_that_only_their_parent_holds) {
    Limits limits;
    limits.traces.kept_per_bucket = 1;
    World world(limits);
    auto maild = world.connect();
    maild->begin(1, "P", "parent", 0);
    maild->begin(2, "C", "held", 1 * ms, 1);
    maild->event(2, "needle", 1 * ms);
    maild->end(2, 2 * ms);
    maild->begin(3, "C", "newer", 3 * ms);
    maild->end(3, 4 * ms);
    BOOST_TEST(listed(world, "/debug/traces?fam=C&b=0") == "newer");
    BOOST_TEST(listed(world, "/debug/traces?q=needle") == "held");
    BOOST_TEST(listed(world, "/debug/traces?q=needle&fam=C") == "held");
}

BOOST_AUTO_TEST_CASE(one_trace_is_shown_with_all_that_belongs_to_it) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "SMTP.Conn", "192.0.2.1:4711", 0);
    maild->event(1, "-> EHLO client", 1 * ms);
    maild->begin(2, "Queue.Put", "a@example.org", 2 * ms, 1);
    maild->event(2, "recipient: b@example.org", 3 * ms);
    maild->link(2, 3, "queued", 4 * ms);
    maild->end(2, 5 * ms);
    maild->error(1, "<- 451 try again", 6 * ms);
    maild->event(1, "bye", 7 * ms, 12);
    maild->end(1, 8 * ms);
    const std::string target = "/debug/traces?trace=" + maild->trace_id(1);
    check_golden("pages/trace.html", html(world, target));
    check_golden("pages/trace.json", world.get(target + "&format=json").body);
    const auto one = json(world, target);
    BOOST_TEST(text_of(one.at("trace").at("id")) == maild->trace_id(1));
    BOOST_TEST(one.at("trace").at("is_error").as_bool());
    BOOST_TEST(one.at("trace").at("duration_ns").to_number<std::int64_t>() == 8 * ms);
    const auto& events = one.at("events").as_array();
    BOOST_REQUIRE(events.size() == 9U);
    BOOST_TEST(text_of(events[1].at("kind")) == "child");
    BOOST_TEST(text_of(events[1].at("other")) == maild->trace_id(2));
    BOOST_TEST(events[2].at("depth").to_number<int>() == 1);
    BOOST_TEST(events[2].at("elapsed_ns").to_number<std::int64_t>() == 1 * ms);
    BOOST_TEST(!events[3].at("is_kept").as_bool());
    BOOST_TEST(text_of(events[6].at("kind")) == "lost");
    BOOST_TEST(events[6].at("count").to_number<int>() == 12);
}

BOOST_AUTO_TEST_CASE(list_of_a_family_shows_events) {
    FamilyWorld world;
    check_golden("pages/traces.html", html(world, "/debug/traces?fam=F&b=0"));
}

BOOST_AUTO_TEST_CASE(latencies_have_a_table) {
    FamilyWorld world;
    const std::string page = html(world, "/debug/traces?fam=F&lat=true");
    BOOST_TEST(has(page, "Latency of <bdi>F</bdi>"));
    BOOST_TEST(has(page, "3 ended"));
    BOOST_TEST(has(page, "<meter min=\"0\" max=\"100\" value=\"33.33\">"));
}

BOOST_AUTO_TEST_CASE(trace_id_is_the_same_in_list_page_and_json) {
    FamilyWorld world;
    const std::string id = world.maild->trace_id(3);
    BOOST_TEST(has(html(world, "/debug/traces?fam=F&b=-2"), "href=\"/debug/traces?trace=" + id + "\""));
    BOOST_TEST(has(html(world, "/debug/traces?trace=" + id), "<code>" + id + "</code>"));
    BOOST_TEST(text_of(json(world, "/debug/traces?fam=F&b=-2").at("traces").as_array().at(0).at("id")) == id);
}

BOOST_AUTO_TEST_CASE(a_trace_that_is_gone_names_the_one_that_refers_to_it) {
    FamilyWorld world;
    const std::string gone = world.maild->trace_id(99);
    BOOST_TEST(has(html(world, "/debug/traces?trace=" + gone, 404), "not kept"));
    const std::string page = html(world, "/debug/traces?trace=" + gone + "&ref=" + world.maild->trace_id(1), 404);
    BOOST_TEST(has(page, "/debug/traces?trace=" + world.maild->trace_id(1)));
}

BOOST_AUTO_TEST_CASE(cycles_return_with_each_event_once) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "a", 0);
    maild->begin(2, "B", "b", 0);
    maild->link(1, 2, "to-b", 1 * ms);
    maild->link(2, 1, "to-a", 2 * ms);
    maild->link(1, 1, "to-itself", 3 * ms);
    const std::string page = html(world, "/debug/traces?trace=" + maild->trace_id(1));
    for (const std::string_view text : {"to-b", "to-a", "to-itself"}) {
        BOOST_TEST(page.find(text) != std::string::npos);
        BOOST_TEST(page.find(text) == page.rfind(text));
    }
    BOOST_TEST(has(page, "shown once"));
}

BOOST_AUTO_TEST_CASE(hostile_words_are_inert_in_every_form) {
    World world;
    auto maild = world.connect('a', {.program = hostile});
    maild->begin(1, hostile, hostile, 0);
    maild->event(1, hostile, 1 * ms);
    maild->begin(2, hostile, hostile, 2 * ms, 1);
    maild->error(2, hostile, 3 * ms);
    maild->link(1, 2, hostile, 4 * ms);
    maild->end(2, 5 * ms);
    std::string family;
    for (const char raw : hostile) {
        const auto c = static_cast<unsigned char>(raw);
        constexpr std::string_view digits = "0123456789ABCDEF";
        family += {'%', digits[c >> 4], digits[c & 15]};
    }
    for (const std::string& target :
         {std::string("/debug/traces"),
          "/debug/traces?fam=" + family + "&b=-1",
          "/debug/traces?fam=" + family + "&b=-2",
          "/debug/traces?fam=" + family + "&lat=1",
          "/debug/traces?q=" + family.substr(0, 60),
          "/debug/traces?trace=" + maild->trace_id(1),
          "/debug/traces?trace=" + maild->trace_id(2)}) {
        BOOST_TEST_CONTEXT(target) {
            check_inert_html(html(world, target));
            BOOST_TEST(!has(world.get(target + (has(target, "?") ? "&" : "?") + "format=json").body, "<"));
            json(world, target);
        }
    }
}

BOOST_AUTO_TEST_CASE(links_carry_family_names_of_any_text) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "a&b=c d#e", "x", 0);
    const std::string page = html(world, "/debug/traces");
    std::smatch match;
    BOOST_REQUIRE(std::regex_search(page, match, std::regex("href=\"(/debug/traces\\?fam=[^\"]*b=-1[^\"]*)\"")));
    const std::string target = std::regex_replace(match.str(1), std::regex("&amp;"), "&");
    BOOST_TEST(listed(world, target) == "x");
}

BOOST_AUTO_TEST_CASE(open_traces_are_paged_oldest_first_with_age) {
    World world;
    auto maild = world.connect();
    for (std::uint64_t i = 1; i <= 120; ++i) {
        maild->begin(i, i % 2 == 0 ? "A" : "B", "n" + std::to_string(i), static_cast<std::int64_t>(i) * ms);
    }
    world.now.wall_ns += 3600'000 * ms;
    BOOST_TEST(listed(world, "/debug/traces?b=-1").starts_with("n1 n2 n3 "));
    BOOST_TEST(listed(world, "/debug/traces?b=-1&page=3").starts_with("n101 "));
    BOOST_TEST(listed(world, "/debug/traces?fam=A&b=-1").starts_with("n2 n4 "));
    const auto page = json(world, "/debug/traces?b=-1&page=99");
    BOOST_TEST(page.at("page").to_number<int>() == 3);
    BOOST_TEST(page.at("pages").to_number<int>() == 3);
    BOOST_TEST(page.at("matching").to_number<int>() == 120);
    const std::string body = html(world, "/debug/traces?b=-1&page=2");
    BOOST_TEST(has(body, "page 2 of 3"));
    BOOST_TEST(has(body, "href=\"/debug/traces?b=-1&amp;page=1\""));
    BOOST_TEST(has(body, "href=\"/debug/traces?b=-1&amp;page=3\""));
    BOOST_TEST(has(body, "59\u00A0min 59\u00A0s"));
}

BOOST_AUTO_TEST_CASE(orphans_are_marked_with_the_reason) {
    World world;
    auto maild = world.connect();
    maild->begin(1, "A", "left alone", 0);
    set_ended(world.state, maild->emitter(), "killed by signal 9", world.now);
    const auto trace = json(world, "/debug/traces?trace=" + maild->trace_id(1)).at("trace").as_object();
    BOOST_TEST(!text_of(trace.at("orphaned")).empty());
    BOOST_TEST(!trace.at("is_open").as_bool());
    BOOST_TEST(has(html(world, "/debug/traces?trace=" + maild->trace_id(1)), "It did not end by itself"));
    BOOST_TEST(has(html(world, "/debug/traces?q=left+alone"), ">orphaned</span>"));
}

BOOST_AUTO_TEST_CASE(dropped_and_folded_are_shown_beside_the_traces) {
    Limits limits;
    limits.traces.families = 2;
    World world(limits);
    auto maild = world.connect();
    for (std::uint64_t i = 1; i <= 5; ++i) maild->begin(i, "family" + std::to_string(i), "x", 0);
    wire::TraceEvents events;
    events.dropped_events = 1234567;
    maild->say(events);
    const std::string page = html(world, "/debug/traces");
    BOOST_TEST(has(page, "(other)"));
    BOOST_TEST(has(page, "put into the family (other)"));
    BOOST_TEST(has(page, "<b>1\u00A0234\u00A0567</b> events lost in a mail daemon"));
    const auto limits_of = json(world, "/debug/traces").at("limits").as_object();
    BOOST_TEST(limits_of.at("lost_events").to_number<int>() == 1234567);
    BOOST_TEST(limits_of.at("folded_families").to_number<int>() == 3);
    BOOST_TEST(limits_of.at("events_taken").to_number<int>() == 5);
}

BOOST_AUTO_TEST_CASE(two_mail_daemons_share_a_family_and_are_told_apart) {
    World world;
    auto first = world.connect('a', {.program = "first"});
    auto second = world.connect('b', {.program = "second"});
    first->begin(1, "A", "x", 0);
    second->begin(1, "A", "y", 1 * ms);
    BOOST_TEST(listed(world, "/debug/traces?fam=A&b=-1") == "x y");
    BOOST_TEST(first->trace_id(1) != second->trace_id(1));
    BOOST_TEST(has(html(world, "/debug/traces?trace=" + second->trace_id(1)), "<bdi>second</bdi>"));
}

BOOST_AUTO_TEST_SUITE_END()
