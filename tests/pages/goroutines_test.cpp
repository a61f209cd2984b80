#include "daemon/pages/goroutines.hpp"

#include "daemon/pages/gzip.hpp"
#include "proto/limits.hpp"
#include "tests/pages/world.hpp"
#include "tests/support/profiles.hpp"

using namespace quipu;
using namespace quipu::test;

BOOST_AUTO_TEST_SUITE(pages_goroutines)

namespace {

constexpr std::string_view dump =
    "goroutine 40 [running]:\n"
    "runtime/pprof.writeGoroutineStacks({0xa72da0, 0xc0001a68c0})\n"
    "\truntime/pprof/pprof.go:692 +0x70\n"
    "created by net/http.(*Server).Serve\n"
    "\tnet/http/server.go:3102 +0x4db\n"
    "\n"
    "goroutine 7 [chan send, 3 minutes]:\n"
    "chasquid/internal/queue.generateNewIDs()\n"
    "\tchasquid/internal/queue/queue.go:80 +0x150\n"
    "created by chasquid/internal/queue.init.0 in goroutine 1\n"
    "\tchasquid/internal/queue/queue.go:86 +0x51\n"
    "\n"
    "goroutine 8 [chan send]:\n"
    "chasquid/internal/queue.generateNewIDs()\n"
    "\tchasquid/internal/queue/queue.go:80 +0x150\n"
    "created by chasquid/internal/queue.init.0 in goroutine 1\n"
    "\tchasquid/internal/queue/queue.go:86 +0x51\n"
    "\n";

struct GoWorld : World {
    std::unique_ptr<Speaker> chasquid =
        connect('a', {.program = "chasquid", .pid = 4711, .topics = {"goroutine", "heap", "profile", "symbol"}});

    Response page(std::string_view target, std::string_view accept, std::string_view body) {
        return get(
            target, accept, {{chasquid->emitter().number, Outcome::answered, wire::Status::ok, std::string(body)}}
        );
    }

    // What the daemon is asked for that page.
    Ask asked(std::string_view target) {
        PageResult result = ask(Request{.target = target});
        BOOST_REQUIRE(std::holds_alternative<PageAsk>(result));
        return std::get<PageAsk>(result).ask;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(goroutines_with_the_same_stack_are_one_group) {
    const auto view = goroutines_view(dump, 5);
    BOOST_REQUIRE(view.has_value());
    BOOST_TEST(view->thread_count == 3U);
    BOOST_TEST(view->taken_wall_ns == 5);
    BOOST_REQUIRE(view->threads.size() == 2U);
    const ThreadGroup& sending = view->threads[0];
    BOOST_REQUIRE(sending.threads.size() == 2U);
    BOOST_TEST(sending.threads[0].tid == 7U);
    BOOST_TEST(sending.threads[0].state == "chan send");
    BOOST_TEST(sending.threads[0].waits == "3 minutes");
    BOOST_TEST(sending.threads[1].waits == "");
    BOOST_REQUIRE(sending.stack.size() == 2U);
    BOOST_TEST(sending.stack[0].name == "chasquid/internal/queue.generateNewIDs");
    BOOST_TEST(sending.stack[0].file == "chasquid/internal/queue/queue.go");
    BOOST_TEST(sending.stack[0].line == 80);
    BOOST_TEST(sending.stack[1].name == "created by chasquid/internal/queue.init.0");
    BOOST_TEST(view->threads[1].stack[0].name == "runtime/pprof.writeGoroutineStacks");
}

BOOST_AUTO_TEST_CASE(what_is_no_dump_is_known_as_none_and_a_long_one_is_bounded) {
    for (const std::string_view text :
         {"", "\n", "goroutine x [y]:\n", "goroutine 1 [y\n", "<html>", "goroutine 1:\n"}) {
        BOOST_TEST(!goroutines_view(text, 0), text);
    }
    for (std::size_t size = 0; size < dump.size(); ++size) (void)goroutines_view(dump.substr(0, size), 0);
    std::string many;
    for (std::size_t i = 0; i < limits::max_report_threads + 5; ++i) many += "goroutine 1 [select]:\nmain.main()\n\n";
    BOOST_TEST(goroutines_view(many, 0)->thread_count == limits::max_report_threads);
    BOOST_TEST(goroutines_view(many, 0)->notes.size() == 1U);
    std::string deep = "goroutine 1 [select]:\n";
    for (std::size_t i = 0; i < 1000; ++i) deep += "f()\n\tx.go:1\n";
    BOOST_TEST(goroutines_view(deep, 0)->threads[0].stack.size() == limits::max_stack_depth);
    BOOST_TEST(goroutines_view(deep, 0)->threads[0].is_cut);
}

BOOST_AUTO_TEST_CASE(the_page_of_threads_shows_them_in_its_three_forms) {
    GoWorld world;
    const Ask ask = world.asked("/debug/threads");
    BOOST_TEST(ask.topic == "goroutine");
    BOOST_TEST((ask.args == decltype(ask.args){{"debug", "2"}}));
    const std::string text = world.page("/debug/threads?format=text", "", dump).body;
    BOOST_TEST(has(text, "goroutines: 3\n"));
    BOOST_TEST(has(text, "2 goroutines with the same stack\ngoroutine 7 chan send, 3 minutes\ngoroutine 8 chan send\n")
    );
    BOOST_TEST(has(text, "    chasquid/internal/queue.generateNewIDs  chasquid/internal/queue/queue.go:80\n"));
    const Response html = world.page("/debug/threads", browser_accept, dump);
    BOOST_TEST(has(html.body, "generateNewIDs"));
    const auto json = parse_json(world.page("/debug/threads?format=json", "", dump).body);
    BOOST_TEST(json.at("threads").as_array().size() == 2U);
    BOOST_TEST(world.page("/debug/threads", "", "nonsense").status == 502U);
    std::string wicked =
        "goroutine 1 [" + std::string(hostile) + "]:\n" + std::string(hostile) + "\n\t" + std::string(hostile) + ":1\n";
    check_inert_html(world.page("/debug/threads", browser_accept, wicked).body);
}

BOOST_AUTO_TEST_CASE(what_a_go_program_makes_for_tools_goes_through_unchanged) {
    GoWorld world;
    BOOST_TEST(world.asked("/debug/pprof/goroutine").args.empty());
    for (const std::string_view level : {"0", "1", "2"}) {
        const Ask ask = world.asked("/debug/pprof/goroutine?debug=" + std::string(level));
        BOOST_TEST(ask.topic == "goroutine");
        BOOST_TEST((ask.args == decltype(ask.args){{"debug", std::string(level)}}));
    }
    const Response text = world.page("/debug/pprof/goroutine?debug=2", "", dump);
    BOOST_TEST(text.body == dump);
    BOOST_TEST(text.content_type == "text/plain; charset=utf-8");
    ProfileMaker maker;
    maker.stack({"read", "main"}, 3);
    const std::string squeezed = gzip_whole(write_profile(maker.profile()));
    for (const std::string_view name : {"goroutine", "heap", "profile"}) {
        const Response profile = world.page("/debug/pprof/" + std::string(name), "", squeezed);
        BOOST_TEST(profile.body == squeezed);
        BOOST_TEST(
            header_text(profile, "Content-Disposition") == "attachment; filename=\"" + std::string(name) + ".pb.gz\""
        );
    }
    BOOST_TEST(world.asked("/debug/pprof/symbol?0x10+0x20").topic == "symbol");
    BOOST_TEST(
        world.page("/debug/pprof/symbol?0x10", "", "num_symbols: 1\n0x10 main.main\n").body ==
        "num_symbols: 1\n0x10 main.main\n"
    );
    BOOST_TEST(has(world.get("/debug/pprof/?format=text").body, "goroutine     Stacks of all threads"));
    BOOST_TEST(!has(world.get("/debug/pprof/?format=text").body, "tasks with what they wait for (not offered"));
}

BOOST_AUTO_TEST_SUITE_END()
