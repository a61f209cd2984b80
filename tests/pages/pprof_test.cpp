#include "daemon/pages/gzip.hpp"
#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/profiles.hpp"
#include "tests/support/samples.hpp"

BOOST_AUTO_TEST_SUITE(pages_pprof)

using namespace quipu;
using namespace quipu::test;

namespace {

struct PprofWorld : World {
    std::unique_ptr<Speaker> maild =
        connect('a', {.pid = 4711, .cmdline = {"maild", "--pw=x"}, .topics = {"profile", "threads", "heap"}});

    Reply answered(std::string body, wire::Status status = wire::Status::ok) {
        return {maild->emitter().number, Outcome::answered, status, std::move(body)};
    }

    Response profile_page(std::string_view target, std::string body) { return get(target, "", {answered(body)}); }
};

std::string profile_bytes() {
    ProfileMaker maker;
    maker.stack({"read", "serve", "main"}, 3).address(0x2000, 1);
    return write_profile(maker.profile());
}

std::string report_body() {
    std::string body;
    wire::append_body(body, sample_thread_report());
    return body;
}

ProfileData unpacked(const Response& response) {
    const auto bytes = gunzip(response.body, 1'000'000);
    BOOST_REQUIRE(bytes.has_value());
    const auto profile = read_profile(*bytes);
    BOOST_REQUIRE(profile.has_value());
    return *profile;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_index_lists_what_the_daemon_offers) {
    PprofWorld world;
    check_golden("pages/pprof.html", world.get("/debug/pprof/", browser_accept).body);
    const std::string text = world.get("/debug/pprof/?format=text").body;
    BOOST_TEST(has(text, "of maild, pid 4711, emitter 1\n"));
    BOOST_TEST(has(text, "heap          A sampling of the memory in use\n"));
    BOOST_TEST(has(text, "mutex         Who holds contended mutexes (not offered by this daemon)\n"));
    BOOST_TEST(world.get("/debug/pprof/?format=json").status == 400U);
    BOOST_TEST(world.get("/debug/pprof").status == 301U);
    BOOST_TEST(header_text(world.get("/debug/pprof"), "Location") == "/debug/pprof/");
    BOOST_TEST(world.get("/debug/pprof/nosuch").status == 404U);
}

BOOST_AUTO_TEST_CASE(seconds_that_are_no_whole_number_within_the_cap_are_400_with_a_sentence) {
    PprofWorld world;
    for (const std::string_view seconds :
         {"0", "-1", "1e18", "abc", "", "0.5", "301", "18446744073709551617", "1;id", "0x10", "+5", " 5", "NaN"}) {
        BOOST_TEST_CONTEXT(seconds) {
            std::string target = "/debug/pprof/profile?seconds=";
            for (const char c : seconds) target += c == '+' ? "%2B" : c == ' ' ? "%20" : std::string(1, c);
            const Response response = world.get(target);
            BOOST_TEST(response.status == 400U);
            BOOST_TEST(has(response.body, "seconds must be a whole number from 1 to 300, not \""));
        }
    }
    const PageResult whole = world.ask(Request{.target = "/debug/pprof/profile?seconds=300&hz=250"});
    const Ask& ask = std::get<PageAsk>(whole).ask;
    BOOST_TEST(ask.topic == "profile");
    BOOST_TEST((ask.args == decltype(ask.args){{"seconds", "300"}, {"hz", "250"}}));
    BOOST_TEST(ask.deadline_ns > 300 * 1'000'000'000LL);
    const PageResult plain = world.ask(Request{.target = "/debug/pprof/profile"});
    BOOST_TEST((std::get<PageAsk>(plain).ask.args == decltype(ask.args){{"seconds", "30"}}));
}

BOOST_AUTO_TEST_CASE(the_cap_is_an_option_and_bounds_the_default_too) {
    Limits limits;
    limits.pprof_max_seconds = 10;
    World world(limits);
    auto maild = world.connect('a', {.topics = {"profile"}});
    BOOST_TEST(world.get("/debug/pprof/profile?seconds=11").status == 400U);
    const PageResult plain = world.ask(Request{.target = "/debug/pprof/profile"});
    BOOST_TEST(std::get<PageAsk>(plain).ask.args[0].second == "10");
}

BOOST_AUTO_TEST_CASE(unknown_and_repeated_parameters_are_400) {
    PprofWorld world;
    for (const std::string_view target :
         {"/debug/pprof/profile?extra_options=x;id",
          "/debug/pprof/profile?seconds=1&seconds=2",
          "/debug/pprof/profile?hz=0",
          "/debug/pprof/profile?hz=1001",
          "/debug/pprof/profile?debug=2",
          "/debug/pprof/heap?rate=1",
          "/debug/pprof/heap?gc=2",
          "/debug/pprof/goroutine?debug=3",
          "/debug/pprof/goroutine?seconds=1",
          "/debug/pprof/cmdline?x",
          "/debug/pprof/symbol?x=1",
          "/debug/pprof/symbol?0x10+zz",
          "/debug/pprof/flame?type=heap",
          "/debug/pprof/flame?shell=id"}) {
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(world.get(target).status == 400U);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_the_daemon_does_not_offer_is_501_with_a_sentence) {
    PprofWorld world;
    for (const std::string_view name : {"allocs", "block", "mutex", "threadcreate", "trace"}) {
        const Response response = world.get("/debug/pprof/" + std::string(name));
        BOOST_TEST(response.status == 501U);
        BOOST_TEST(has(response.body, "maild, pid 4711, emitter 1, offers no "));
    }
    World empty;
    const Response nobody = empty.get("/debug/pprof/profile");
    BOOST_TEST(nobody.status == 503U);
    BOOST_TEST(header_text(nobody, "Retry-After") == "5");
}

BOOST_AUTO_TEST_CASE(several_daemons_are_told_apart_by_of) {
    PprofWorld world;
    auto second = world.connect('b', {.program = "second", .pid = 4712, .topics = {"profile"}});
    const Response which = world.get("/debug/pprof/profile");
    BOOST_TEST(which.status == 400U);
    BOOST_TEST(has(which.body, "of=6161616161616161  maild, pid 4711"));
    BOOST_TEST(has(which.body, "of=6262626262626262  second, pid 4712"));
    const auto asked = [&world](std::string_view of) {
        PageResult result = world.ask(Request{.target = "/debug/pprof/profile?of=" + std::string(of)});
        const auto* ask = std::get_if<PageAsk>(&result);
        return ask ? ask->ask.emitters.at(0) : 99;
    };
    const std::string number = std::to_string(second->emitter().number);
    BOOST_TEST(asked(number) == second->emitter().number);
    BOOST_TEST(asked("6262626262626262") == second->emitter().number);
    BOOST_TEST(asked("62626262626262626262626262626262") == second->emitter().number);
    BOOST_TEST(asked("6161616161616161") == world.maild->emitter().number);
    for (const std::string_view wrong : {"77", "6363636363636363", "62", "x", "-1", "1;id"}) {
        BOOST_TEST(world.get("/debug/pprof/profile?of=" + std::string(wrong)).status == 404U);
    }
    second->close(world.now);
    const Response gone = world.get("/debug/pprof/profile?of=" + number);
    BOOST_TEST(gone.status == 404U);
    BOOST_TEST(has(gone.body, "is not connected any more"));
}

BOOST_AUTO_TEST_CASE(a_second_profile_meanwhile_is_503_with_the_seconds_left) {
    PprofWorld world;
    PageResult first = world.ask(Request{.target = "/debug/pprof/profile?seconds=20"});
    const AskId id = world.state.queries.open(std::get<PageAsk>(first).ask, world.state.emitters, world.now);
    world.now.steady_ns += 5 * 1'000'000'000LL;
    const Response busy = world.get("/debug/pprof/profile?seconds=1");
    BOOST_TEST(busy.status == 503U);
    BOOST_TEST(header_text(busy, "Retry-After") == "16");
    BOOST_TEST(world.get("/debug/pprof/flame?seconds=1").status == 503U);
    // Other questions go through.
    BOOST_TEST(std::holds_alternative<PageAsk>(world.ask(Request{.target = "/debug/pprof/goroutine"})));
    world.state.queries.cancel(id, world.state.emitters);
    BOOST_TEST(std::holds_alternative<PageAsk>(world.ask(Request{.target = "/debug/pprof/profile?seconds=1"})));
}

BOOST_AUTO_TEST_CASE(a_profile_is_handed_out_gzipped_whether_it_came_so_or_not) {
    PprofWorld world;
    for (const std::string& body : {profile_bytes(), gzip_whole(profile_bytes())}) {
        const Response response = world.profile_page("/debug/pprof/profile", body);
        BOOST_TEST(response.status == 200U);
        BOOST_TEST(response.content_type == "application/octet-stream");
        BOOST_TEST(header_text(response, "Content-Disposition") == "attachment; filename=\"profile.pb.gz\"");
        BOOST_TEST(header_text(response, "X-Content-Type-Options") == "nosniff");
        const ProfileData profile = unpacked(response);
        BOOST_TEST(profile.samples.size() == 2U);
        // One has no file to be looked up in: the profile says so itself.
        BOOST_REQUIRE(profile.comments.size() == 1U);
        BOOST_TEST(has(profile.text(profile.comments[0]), "quipud: 1 address has no name"));
    }
}

BOOST_AUTO_TEST_CASE(debug_1_is_text) {
    PprofWorld world;
    const Response response = world.profile_page("/debug/pprof/profile?debug=1", profile_bytes());
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(response.body.starts_with("cpu profile: total 40000000\n30000000 @ 0x1001 0x1011 0x1021\n"));
}

BOOST_AUTO_TEST_CASE(what_is_no_profile_proto_goes_through_as_it_is) {
    PprofWorld world;
    const Response text = world.profile_page("/debug/pprof/heap", "heap profile: 1: 2 [3: 4] @ heapprofile\n");
    BOOST_TEST(text.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(text.body == "heap profile: 1: 2 [3: 4] @ heapprofile\n");
    const std::string binary("\x00\x01go 1.19 trace\x00", 16);
    const Response bytes = world.profile_page("/debug/pprof/heap", binary);
    BOOST_TEST(bytes.content_type == "application/octet-stream");
    BOOST_TEST((bytes.body == binary));
    const std::string cut = gzip_whole(profile_bytes()).substr(0, 30);
    BOOST_TEST((world.profile_page("/debug/pprof/heap", cut).body == cut));
}

BOOST_AUTO_TEST_CASE(no_answer_is_an_empty_200) {
    PprofWorld world;
    const std::uint32_t n = world.maild->emitter().number;
    const auto status = [&world](Reply reply) { return world.get("/debug/pprof/profile", "", {reply}).status; };
    BOOST_TEST(status(world.answered("")) == 502U);
    BOOST_TEST(status(world.answered("not here", wire::Status::unknown_topic)) == 501U);
    BOOST_TEST(status(world.answered("SIGPROF is taken", wire::Status::failed)) == 502U);
    BOOST_TEST(status(world.answered("hz", wire::Status::bad_argument)) == 400U);
    BOOST_TEST(status({n, Outcome::gone, wire::Status::ok, ""}) == 502U);
    BOOST_TEST(status({n, Outcome::late, wire::Status::ok, ""}) == 504U);
    const Response busy = world.get("/debug/pprof/profile", "", {world.answered("one runs", wire::Status::busy)});
    BOOST_TEST(busy.status == 503U);
    BOOST_TEST(header_text(busy, "Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(the_command_line_is_separated_by_nul_as_in_proc) {
    PprofWorld world;
    const Response response = world.get("/debug/pprof/cmdline");
    BOOST_TEST((response.body == std::string("maild\0--pw=x", 12)));
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    world.state.cmdline = {"quipud"};
    BOOST_TEST(world.get("/debug/pprof/cmdline?of=quipud").body == "quipud");
    auto silent = world.connect('b', {.topics = {}});
    BOOST_TEST(world.get("/debug/pprof/cmdline?of=6262626262626262").status == 501U);
}

BOOST_AUTO_TEST_CASE(symbols_are_asked_for_by_get_and_by_post) {
    PprofWorld world;
    BOOST_TEST(world.get("/debug/pprof/symbol").body == "num_symbols: 1\n");
    const std::string report = report_body();
    BOOST_TEST(world.get("/debug/pprof/symbol?0x10+0x20", "", {world.answered(report)}).body == "num_symbols: 1\n");
    PageResult post = world.ask(Request{.method = Method::post, .target = "/debug/pprof/symbol", .body = "0x10+0x20"});
    BOOST_TEST(std::get<PageAsk>(post).ask.topic == "threads");
    BOOST_TEST(world.get("/debug/pprof/symbol?0x10", "", {world.answered("nonsense")}).status == 502U);
    // pprof leaves `of` out, and takes an error for the end of everything.
    auto second = world.connect('b', {.topics = {"threads"}});
    BOOST_TEST(world.get("/debug/pprof/symbol?0x10").status == 400U);
    const Request unclear{.method = Method::post, .target = "/debug/pprof/symbol", .body = "0x10"};
    BOOST_TEST(world.get(unclear).body == "num_symbols: 0\n");
}

BOOST_AUTO_TEST_CASE(quipud_itself_can_be_asked) {
    PprofWorld world;
    BOOST_TEST(world.get("/debug/pprof/profile?of=quipud").status == 501U);
    world.state.topics = {"profile"};
    PageResult result = world.ask(Request{.target = "/debug/pprof/profile?of=quipud&seconds=1"});
    BOOST_TEST(std::get<PageAsk>(result).is_of_quipud);
}

BOOST_AUTO_TEST_SUITE_END()
