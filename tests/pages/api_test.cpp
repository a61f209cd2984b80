// /api/v1/: what scripts and the dashboard read.
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/pages/text.hpp"
#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_api)

using namespace quipu;
using namespace quipu::test;
namespace json = boost::json;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
// The second in which the World begins; its 10 s step is over with it.
constexpr std::int64_t noon_s = noon.wall_ns / second_ns;
static_assert(noon_s % 10 == 0);

wire::Family latency_family() {
    static const std::vector<double> bounds = {1, 2};
    wire::Family family{.name = "quipu/emitter/traceSeconds", .kind = Kind::histogram};
    family.unit = "seconds";
    family.label_name = "family";
    family.sum_unit = 0.001;
    family.bounds = {bounds.begin(), bounds.end()};
    return family;
}

// A World with one mail daemon whose seconds pass.
struct Api : World {
    std::unique_ptr<Speaker> maild;
    std::uint32_t mails = 0;
    std::uint32_t commands = 0;
    std::uint32_t length = 0;
    std::uint32_t latency = 0;

    explicit Api(Limits limits = {}) : World(limits) {
        now.wall_ns = noon_s * second_ns;
        maild = connect('a', {.version = "0.1.0", .pid = 12, .start_wall_ns = static_cast<std::uint64_t>(now.wall_ns)});
        mails = maild->define({.name = "m/mails", .kind = Kind::counter, .help = "mails taken"});
        commands = maild->define(
            {.name = "chasquid/smtpIn/commandCount", .kind = Kind::counter, .label_name = "command"}, {"EHLO", "QUIT"}
        );
        length = maild->define({.name = "maild/queue/length", .kind = Kind::gauge, .unit = "items"});
        latency = maild->define(latency_family(), {"SMTP.Conn"});
        maild->text("m/version", "1.0");
        state.health.push_back({"store", true, "keeping totals"});
    }

    void sample() { state.history_feed.sample(state, now); }

    void pass(int seconds, std::int64_t grow = 1) {
        for (int i = 0; i < seconds; ++i) {
            now.wall_ns += second_ns;
            now.steady_ns += second_ns;
            maild->say(wire::Deltas{{mails, commands}, {grow, 2 * grow}});
            sample();
        }
    }

    json::value ask(std::string_view target) {
        const Response response = get(target);
        BOOST_TEST(response.status == 200u);
        BOOST_TEST(response.content_type == "application/json; charset=utf-8");
        return parse_json(response.body);
    }

    // The values of the first series of the answer.
    std::string values(std::string_view target, std::size_t of = 0) {
        const json::value answer = ask(target);
        BOOST_REQUIRE(answer.at("series").as_array().size() > of);
        const json::value& series = answer.at("series").as_array()[of];
        BOOST_TEST(series.at("values").as_array().size() == answer.at("times").as_array().size());
        return json::serialize(series.at("values"));
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_documentation_names_every_endpoint_and_parameter) {
    World world;
    const Response page = world.get("/api/v1/");
    BOOST_TEST(page.status == 200u);
    BOOST_TEST(page.content_type == "text/plain; charset=utf-8");
    for (const std::string_view word :
         {"/api/v1/series",
          "/api/v1/history",
          "/api/v1/now",
          "/api/v1/stream",
          "q=",
          "limit=",
          "page=",
          "has_history=",
          "name=",
          "label=",
          "from=",
          "to=",
          "step=",
          "rate=1",
          "quantile=",
          "Last-Event-ID"}) {
        BOOST_TEST_CONTEXT(word) BOOST_TEST(has(page.body, word));
    }
    BOOST_TEST(world.get("/api/v1/nothing").status == 404u);
    BOOST_TEST(world.get("/api/v1").status == 404u);
}

BOOST_AUTO_TEST_CASE(answers_are_as_they_were) {
    Api api;
    api.maild->say(wire::Set{{api.length}, {3}, {}});
    api.maild->begin(42, "SMTP.Conn", "192.0.2.1:4711", 0);
    api.pass(12);
    api.maild->say(wire::Deltas{{api.latency, api.latency + 1, api.latency + 3}, {3, 1, 2500}});
    api.pass(1);
    std::string series = api.get("/api/v1/series?q=mail").body + api.get("/api/v1/series?q=commandcount").body;
    // How much there is in all changes with quipud's own counters.
    for (std::size_t at = 0; (at = series.find("\"history\":{")) != std::string::npos;) {
        series.erase(at, series.find('}', at) + 2 - at);
    }
    check_golden("pages/api_series.json", series);
    const std::string_view history =
        "/api/v1/history?name=m/mails&name=maild/queue/length&name=chasquid/smtpIn/commandCount&label=QUIT&label=none"
        "&name=quipu/emitter/traceSeconds&name=no/such&from=-3";
    check_golden("pages/api_history.json", api.get(history).body);
    check_golden("pages/api_now.json", api.get("/api/v1/now").body);
}

BOOST_AUTO_TEST_CASE(totals_rates_and_steps_are_right) {
    Api api;
    api.pass(30, 5);
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&from=-2") == "[140,145,150]");
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&from=-2&rate=1") == "[5,5,5]");
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&step=10&from=-20") == "[50,100,150]");
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&step=10&from=-20&rate=1") == "[null,5,5]");
    // All labels of a family in one answer.
    const json::value all = api.ask("/api/v1/history?name=chasquid/smtpIn/commandCount&from=0");
    BOOST_TEST(all.at("series").as_array().size() == 2u);
    BOOST_TEST(all.at("series").as_array()[1].at("label").as_string() == "QUIT");
    // Absolute times, also with fractions.
    const std::string at = std::to_string(noon_s + 10);
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&from=" + at + "&to=" + at + ".9") == "[50]");
    // What is to come has no points.
    BOOST_TEST(
        api.values(
            "/api/v1/history?name=m/mails&from=" + std::to_string(noon_s + 31) + "&to=" + std::to_string(noon_s + 99)
        ) == "[]"
    );
}

BOOST_AUTO_TEST_CASE(whole_numbers_beyond_2_to_53_are_exact_texts) {
    Api api;
    api.pass(2, std::int64_t{1} << 53);
    BOOST_TEST(api.values("/api/v1/history?name=m/mails&from=-1") == "[9007199254740992,\"18014398509481984\"]");
}

BOOST_AUTO_TEST_CASE(a_gap_is_null_in_totals_and_rates) {
    Api api;
    api.pass(2);
    api.maild->close(api.now);
    api.now.wall_ns += second_ns;
    api.now.steady_ns += second_ns;
    api.sample();
    const std::string_view base = "/api/v1/history?name=m/mails&from=-2";
    BOOST_TEST(api.values(base) == "[1,2,null]");
    BOOST_TEST(api.values(std::string(base) + "&rate=1") == "[null,1,null]");
}

BOOST_AUTO_TEST_CASE(latency_quantiles_come_from_what_fell_in_each_step) {
    Api api;
    api.pass(1);
    api.maild->say(wire::Deltas{{api.latency}, {4}});
    api.pass(1);
    api.maild->say(wire::Deltas{{api.latency + 1}, {2}});
    api.pass(1);
    api.maild->say(wire::Deltas{{api.latency + 2}, {1}});
    api.pass(2);
    const std::string base = "/api/v1/history?name=quipu/emitter/traceSeconds&label=SMTP.Conn&from=-3";
    BOOST_TEST(api.values(base + "&quantile=0.5,1") == "[5E-1,1.5E0,2,null]");
    BOOST_TEST(api.values(base + "&quantile=0.5,1", 1) == "[1,2,2,null]");
    BOOST_TEST(api.values(base) == "[4,6,7,7]");
    BOOST_TEST(api.values(base + "&rate=1") == "[4,2,1,0]");
    const json::value answer = api.ask(base + "&quantile=0.99");
    BOOST_TEST(answer.at("series").as_array()[0].at("unit").as_string() == "seconds");
    BOOST_TEST(answer.at("series").as_array()[0].at("quantile").as_double() == 0.99);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_400_with_a_sentence) {
    Api api;
    api.pass(1);
    const std::string history = "/api/v1/history?name=m/mails&";
    const std::pair<std::string, std::string_view> cases[] = {
        {"/api/v1/history", "Say whose history is wanted, as name=...; the names are at /api/v1/series.\n"},
        {"/api/v1/history?label=a&name=b", "label 'a' belongs behind the name of its family: name=...&label=...\n"},
        {history + "from=yesterday",
         "from 'yesterday' is no Unix time in seconds, nor seconds before now such as -900.\n"},
        {history + "to=1e9", "to '1e9' is no Unix time in seconds, nor seconds before now such as -900.\n"},
        {history + "from=99999999999999999999",
         "from '99999999999999999999' is no Unix time in seconds, nor seconds before now such as -900.\n"},
        {history + "from=-10&to=-20", "The time 'from' is after the time 'to'.\n"},
        {history + "step=7", "step '7' is not 1, 10, 60 or 900 seconds.\n"},
        {history + "rate=yes", "rate 'yes' is neither 0 nor 1.\n"},
        {history + "quantile=2", "quantile '2' is not up to 5 numbers from 0 to 1, by comma.\n"},
        {history + "quantile=", "quantile '' is not up to 5 numbers from 0 to 1, by comma.\n"},
        {history + "quantile=nan", "quantile 'nan' is not up to 5 numbers from 0 to 1, by comma.\n"},
        {history + "quantile=.1,.2,.3,.4,.5,.6",
         "quantile '.1,.2,.3,.4,.5,.6' is not up to 5 numbers from 0 to 1, by comma.\n"},
        {"/api/v1/series?limit=0", "limit '0' is not a number of series from 1 to 10000.\n"},
        {"/api/v1/series?page=0", "page '0' is not the number of a page, from 1.\n"},
        {"/api/v1/series?has_history=maybe", "has_history 'maybe' is neither 0 nor 1.\n"},
    };
    for (const auto& [target, sentence] : cases) {
        BOOST_TEST_CONTEXT(target) {
            const Response response = api.get(target);
            BOOST_TEST(response.status == 400u);
            BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
            BOOST_TEST(response.body == sentence);
        }
    }
    // The value comes back short and harmless.
    BOOST_TEST(api.get(history + "step=" + std::string(3000, 'x')).body.size() < 200u);
    BOOST_TEST(api.get(history + "step=%3Cb%3E").body == "step is not 1, 10, 60 or 900 seconds.\n");
}

BOOST_AUTO_TEST_CASE(hostile_names_are_json_and_are_found_as_json_shows_them) {
    Api api;
    api.maild->counters(hostile, hostile, {{hostile, 7}}, hostile);
    api.pass(2);
    const json::value list = api.ask("/api/v1/series?q=script&has_history=1");
    BOOST_REQUIRE(list.at("series").as_array().size() == 1u);
    const json::value& series = list.at("series").as_array()[0];
    std::string target = "/api/v1/history?name=";
    append_percent_encoded(target, std::string(series.at("name").as_string()));
    target += "&label=";
    append_percent_encoded(target, std::string(series.at("label").as_string()));
    BOOST_TEST(api.values(target + "&from=-1") == "[7,7]");
}

BOOST_AUTO_TEST_CASE(a_list_of_100_000_series_is_searched_and_paged) {
    Api api;
    api.maild->define({.name = "m/many", .kind = Kind::counter, .label_name = "n"}, {});
    for (int frame = 0; frame < 5; ++frame) {
        std::vector<std::string> labels;
        for (int i = 0; i < 20000; ++i) labels.push_back("number" + std::to_string(100000 + 20000 * frame + i));
        api.maild->add_labels({labels.begin(), labels.end()});
    }
    api.pass(1);
    const json::value first = api.ask("/api/v1/series?q=M/Many&limit=10");
    BOOST_TEST(first.at("matching").as_int64() == 100000);
    BOOST_TEST(first.at("pages").as_int64() == 10000);
    BOOST_TEST(first.at("series").as_array().size() == 10u);
    const json::value last = api.ask("/api/v1/series?q=m/many&limit=10&page=10000");
    BOOST_TEST(last.at("series").as_array()[9].at("label").as_string() == "number199999");
    BOOST_TEST(!last.at("series").as_array()[9].at("has_history").as_bool());
    BOOST_TEST(api.ask("/api/v1/series?q=m/many&limit=10&page=10001").at("series").as_array().empty());
    BOOST_TEST(api.ask("/api/v1/series?q=number123456+m/").at("matching").as_int64() == 1);
    BOOST_TEST(api.ask("/api/v1/series?q=m/many&has_history=1").at("matching").as_int64() < 1000);
    // And it is not in what is shown at once.
    const json::value now_shown = api.ask("/api/v1/now");
    BOOST_TEST(!now_shown.at("values").as_object().contains("m/many"));
    BOOST_TEST(!now_shown.at("is_complete").as_bool());
    // Many labels, one answer: bounded.
    const json::value many = api.ask("/api/v1/history?name=m/many");
    BOOST_TEST(many.at("series").as_array().size() == 200u);
    BOOST_TEST(many.at("left_out").as_int64() > 500);
}

BOOST_AUTO_TEST_CASE(a_stream_begins_with_everything_and_goes_on_with_what_changed) {
    Api api;
    api.maild->say(wire::Set{{api.length}, {3}, {}});
    api.pass(5);
    PageResult result = api.World::ask(Request{.target = "/api/v1/stream"});
    auto& stream = std::get<PageStream>(result);
    BOOST_TEST(stream.head.content_type == "text/event-stream; charset=utf-8");
    const auto data = [](std::string_view event) {
        const std::size_t at = event.find("data: ");
        return parse_json(event.substr(at + 6, event.find('\n', at) - at - 6));
    };
    BOOST_TEST(has(stream.head.body, "retry: 2000\n\nid: " + std::to_string(noon_s + 5) + "\n"));
    const json::value full = data(stream.head.body);
    BOOST_TEST(full.at("full").as_bool());
    BOOST_TEST(full.at("values").at("m/mails").as_int64() == 5);
    BOOST_TEST(full.at("values").at("maild/queue/length").as_int64() == 3);
    BOOST_TEST(full.at("values").at("m/version").as_string() == "1.0");

    BOOST_TEST(stream.next(api.state, api.now) == "");  // the same second
    api.now.wall_ns += second_ns / 2;
    BOOST_TEST(stream.next(api.state, api.now) == "");
    api.now.wall_ns -= second_ns / 2;
    api.pass(1);
    const json::value next = data(stream.next(api.state, api.now));
    BOOST_TEST(!next.at("full").as_bool());
    BOOST_TEST(json::serialize(next.at("values")) == R"({"chasquid/smtpIn/commandCount":{"EHLO":12},"m/mails":6})");

    api.maild->close(api.now);
    api.now.wall_ns += second_ns;
    api.now.steady_ns += second_ns;
    api.sample();
    const json::value lost = data(stream.next(api.state, api.now));
    BOOST_TEST(lost.at("connected").as_int64() == 0);
    BOOST_TEST(lost.at("values").at("m/mails").is_null());
    api.now.wall_ns += second_ns;
    api.now.steady_ns += second_ns;
    api.sample();
    BOOST_TEST(json::serialize(data(stream.next(api.state, api.now)).at("values")) == "{}");  // still a sign of life
}

BOOST_AUTO_TEST_CASE(a_stream_of_some_names_has_only_them_and_tells_where_it_goes_on) {
    Api api;
    api.pass(5);
    const std::string id = std::to_string(noon_s + 2);
    const Response head = api.get(Request{.target = "/api/v1/stream?name=m/mails&name=none", .last_event_id = id});
    BOOST_TEST(has(head.body, "\"values\":{\"m/mails\":5}}"));
    BOOST_TEST(has(head.body, "\"resumed_after\":" + id));
    const Response odd = api.get(Request{.target = "/api/v1/stream?name=m/mails", .last_event_id = "x\"y"});
    BOOST_TEST(!has(odd.body, "resumed_after"));
    std::string target = "/api/v1/stream?name=a";
    for (int i = 0; i < 63; ++i) target += "&name=a";
    BOOST_TEST(api.get(target).status == 200u);
}

BOOST_AUTO_TEST_SUITE_END()
