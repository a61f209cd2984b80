#include "daemon/pages/gzip.hpp"
#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/samples.hpp"

BOOST_AUTO_TEST_SUITE(pages_threads)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::uint64_t minute_ns = 60'000'000'000;

wire::ThreadReport report() {
    wire::ThreadReport report = sample_thread_report();
    report.taken_wall_ns = static_cast<std::uint64_t>(noon.wall_ns);
    report.threads.push_back({.tid = 4713, .name = "worker", .state = "S", .stack = {0x55aa00001234}});
    report.threads.push_back({.tid = 4714, .name = "worker", .state = "R", .user_cpu_ns = 7, .stack = {0x55aa00001234}}
    );
    report.tasks[0].since_wall_ns = report.taken_wall_ns - 3 * minute_ns;
    report.tasks[0].begun_wall_ns = report.taken_wall_ns - 4 * minute_ns;
    report.tasks.push_back({.id = 10, .group = "SMTP session", .name = "192.0.2.2:1", .waits_for = "a command"});
    report.tasks.push_back({.id = 11, .group = "queue item", .name = "abc"});
    return report;
}

struct ThreadsWorld : World {
    std::unique_ptr<Speaker> maild = connect('a', {.pid = 4711, .topics = {"threads"}});

    Response page(std::string_view target, const wire::ThreadReport& what = report(), std::string_view accept = "") {
        std::string body;
        wire::append_body(body, what);
        return get(target, accept, {{maild->emitter().number, Outcome::answered, wire::Status::ok, body}});
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(people_see_groups_tasks_and_what_is_left_out) {
    ThreadsWorld world;
    const Response response = world.page("/debug/threads", report(), browser_accept);
    BOOST_TEST(response.status == 200U);
    check_golden("pages/threads.html", response.body);
}

BOOST_AUTO_TEST_CASE(text_groups_identical_stacks) {
    ThreadsWorld world;
    check_golden("pages/threads.txt", world.page("/debug/threads").body);
}

BOOST_AUTO_TEST_CASE(scripts_get_json) {
    ThreadsWorld world;
    const auto json = parse_json(world.page("/debug/threads?format=json").body);
    BOOST_TEST(json.at("threads").as_array().size() == 3U);
    const auto& group = json.at("threads").at(0);
    BOOST_TEST(group.at("threads").as_array().size() == 2U);
    BOOST_TEST(group.at("threads").at(0).at("tid").to_number<int>() == 4714);  // most CPU time first
    BOOST_TEST(group.at("stack").at(0).at("name").as_string() == "maild (deleted)+0x1234");
    BOOST_TEST(json.at("tasks").as_array().size() == 3U);
    BOOST_TEST(json.at("tasks").at(0).at("waits_for").as_string() == "a command");
}

BOOST_AUTO_TEST_CASE(goroutine_has_the_three_forms_that_tools_know) {
    ThreadsWorld world;
    const Response binary = world.page("/debug/pprof/goroutine");
    BOOST_TEST(header_text(binary, "Content-Disposition") == "attachment; filename=\"goroutine.pb.gz\"");
    const auto bytes = gunzip(binary.body, 1'000'000);
    BOOST_REQUIRE(bytes.has_value());
    const auto profile = read_profile(*bytes);
    BOOST_REQUIRE(profile.has_value());
    BOOST_TEST(profile->text(profile->sample_types[0].type) == "goroutine");
    BOOST_TEST(profile->samples.size() == 7U);  // four threads, three tasks

    const std::string counts = world.page("/debug/pprof/goroutine?debug=1").body;
    BOOST_TEST(counts.starts_with("goroutine profile: total 7\n2 @ "));
    BOOST_TEST(has(counts, "2 @ 0x55aa00001235\n#\t0x55aa00001234\tmaild (deleted)+0x1234\n"));
    BOOST_TEST(has(counts, "2 @ 0x0 0x0\n#\t0x0\ta command\n#\t0x0\tSMTP session\n"));

    const std::string stacks = world.page("/debug/pprof/goroutine?debug=2").body;
    BOOST_TEST(has(stacks, "goroutine 4711 [epoll_wait, thread maild]:\n0x7f1234561000(...)\n\t?:0 0x7f1234561000\n"));
    BOOST_TEST(has(stacks, "goroutine 4714 [running, thread worker]:\n"));
    BOOST_TEST(has(stacks, "goroutine 9 [a command, 3 minutes, task 192.0.2.1:4711]:\nSMTP session(...)\n"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_502) {
    ThreadsWorld world;
    const Reply wrong{world.maild->emitter().number, Outcome::answered, wire::Status::ok, "\x0a\xff"};
    for (const std::string_view target : {"/debug/threads", "/debug/threads?format=html", "/debug/pprof/goroutine"}) {
        BOOST_TEST(world.get(target, "", {wrong}).status == 502U);
    }
}

BOOST_AUTO_TEST_CASE(a_daemon_without_the_topic_is_501_and_browsers_get_a_page) {
    World world;
    auto maild = world.connect('a', {.topics = {"queue"}});
    BOOST_TEST(world.get("/debug/threads").status == 501U);
    const Response page = world.get("/debug/threads", browser_accept);
    BOOST_TEST(page.status == 501U);
    BOOST_TEST(has(page.body, "offers no list of threads"));
    BOOST_TEST(has(page.body, "<nav"));
}

BOOST_AUTO_TEST_CASE(hostile_names_are_inert_in_every_form) {
    ThreadsWorld world;
    wire::ThreadReport bad = report();
    bad.threads[0].name = hostile;
    bad.threads[0].system_call = "]:\ngoroutine 1 [x";
    bad.threads[1].no_stack_because = hostile;
    bad.mappings[0].filename = hostile;
    bad.tasks[0].group = hostile;
    bad.tasks[0].name = hostile;
    bad.tasks[0].waits_for = hostile;
    bad.tasks[0].details = hostile;
    check_inert_html(world.page("/debug/threads", bad, browser_accept).body);
    for (const std::string_view target :
         {"/debug/threads", "/debug/pprof/goroutine?debug=1", "/debug/pprof/goroutine?debug=2"}) {
        const Response text = world.page(target, bad);
        BOOST_TEST(text.content_type == "text/plain; charset=utf-8");
        BOOST_TEST(!has(text.body, "\xE2\x80\xAE"));
        BOOST_TEST(!has(text.body, std::string_view("\x01", 1)));
        BOOST_TEST(!has(text.body, "\ngoroutine 1 [x"));
    }
    (void)parse_json(world.page("/debug/threads?format=json", bad).body);
}

BOOST_AUTO_TEST_SUITE_END()
