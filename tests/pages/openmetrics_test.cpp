#include <cmath>
#include <limits>
#include <map>
#include <regex>
#include <set>

#include "tests/pages/world.hpp"
#include "tests/support/golden.hpp"

BOOST_AUTO_TEST_SUITE(pages_openmetrics)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::string_view om = "application/openmetrics-text;version=1.0.0";

std::string metrics(World& world, std::string_view accept = om) {
    const Response response = world.get("/metrics", accept);
    BOOST_TEST(response.status == 200U);
    return response.body;
}

// The lines of all metrics but quipud's own.
std::string foreign(const std::string& body) {
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = body.find('\n', at);
        const std::string line = body.substr(at, end - at + 1);
        const bool is_own = line.starts_with("quipu_") || line.starts_with("# HELP quipu_") ||
                            line.starts_with("# TYPE quipu_") || line.starts_with("# UNIT quipu_");
        if (!is_own) out += line;
        at = end + 1;
    }
    return out;
}

// What every body must keep, whatever was fed: no blank lines, only known comments, each family once and in one
// piece, each sample once. Returns the samples.
std::set<std::string> check_format(const std::string& body, bool is_openmetrics) {
    static const std::regex comment(R"(# (HELP|TYPE|UNIT) ([a-zA-Z_][a-zA-Z0-9_]*) [^\n]+)");
    static const std::regex sample(
        R"rx(([a-zA-Z_][a-zA-Z0-9_]*(?:\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*")*\})?) (NaN|[+-]Inf|[-+0-9.e]+))rx"
    );
    std::set<std::string> comments;
    std::set<std::string> samples;
    std::set<std::string> families;
    std::string family;
    BOOST_TEST(body.ends_with('\n'));
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = body.find('\n', at);
        const std::string line = body.substr(at, end - at);
        at = end + 1;
        BOOST_TEST_CONTEXT(line) {
            BOOST_TEST(!line.empty());
            std::smatch match;
            if (line == "# EOF") {
                BOOST_TEST(is_openmetrics);
                BOOST_TEST(at == body.size());
            } else if (line.starts_with('#')) {
                BOOST_REQUIRE(std::regex_match(line, match, comment));
                BOOST_TEST(comments.insert(match.str(1) + " " + match.str(2)).second);
                if (match.str(2) != family) BOOST_TEST(families.insert(match.str(2)).second);
                family = match.str(2);
            } else {
                BOOST_REQUIRE(std::regex_match(line, match, sample));
                BOOST_TEST(line.starts_with(family));
                BOOST_TEST(samples.insert(match.str(1)).second);
            }
        }
    }
    return samples;
}

void check_both_formats(World& world) {
    check_format(metrics(world), true);
    check_format(metrics(world, ""), false);
}

void speak_of_every_kind(Speaker& maild) {
    maild.counters(
        "chasquid/queue/deliverAttempts",
        "recipient_type",
        {{"email:local", 4}, {"pipe", 1}},
        "attempts to deliver mail, by recipient type"
    );
    maild.counter("chasquid/queue/putCount", 6, "a \"quoted\" help, \\ and\nlines");
    maild.define({.name = "chasquid/smtpOut/tlsCount", .help = "none yet", .label_name = "status"}, {});
    maild.gauge("chasquid/sourceDateTimestamp", 1681024768);
    maild.text("chasquid/version", "1.11-2+b2");
    maild.histogram(
        {.name = "quipu/emitter/traceSeconds",
         .kind = Kind::histogram,
         .help = "trace durations",
         .unit = "seconds",
         .label_name = "family",
         .bounds = {0.005, 0.1, 1, 10},
         .sum_unit = 1e-9},
        "SMTP.Conn",
        {5, 3, 2, 0, 1, 15'250'000'000}
    );
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_kind_in_openmetrics) {
    World world;
    auto maild = world.connect();
    speak_of_every_kind(*maild);
    const std::string body = metrics(world);
    check_format(body, true);
    check_golden(
        "pages/metrics_openmetrics.txt",
        std::regex_replace(body, std::regex("(# .* )?quipu_[a-z]+_(?!trace_s).*\n"), "")
    );
}

BOOST_AUTO_TEST_CASE(every_kind_in_the_older_format) {
    World world;
    auto maild = world.connect();
    speak_of_every_kind(*maild);
    const std::string body = metrics(world, "*/*");
    check_format(body, false);
    check_golden(
        "pages/metrics_prometheus.txt", std::regex_replace(body, std::regex("(# .* )?quipu_[a-z]+_(?!trace_s).*\n"), "")
    );
}

BOOST_AUTO_TEST_CASE(openmetrics_ends_with_eof_and_the_older_format_without) {
    World world;
    const Response asked = world.get("/metrics", om);
    BOOST_TEST(asked.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
    BOOST_TEST(asked.body.ends_with("\n# EOF\n"));
    for (const std::string_view accept : {std::string_view{}, std::string_view{"*/*"}, browser_accept}) {
        const Response response = world.get("/metrics", accept);
        BOOST_TEST(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
        BOOST_TEST(response.body.ends_with('\n'));
        BOOST_TEST(!has(response.body, "# EOF"));
    }
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(counters_have_total_where_the_format_demands_it) {
    World world;
    auto maild = world.connect();
    maild->counter("chasquid/queue/putCount", 6);
    maild->counter("requests_total", 3);
    maild->counter("replies", 4);  // not of what chasquid prints: one name in both formats
    BOOST_TEST(
        foreign(metrics(world)) ==
        "# TYPE chasquid_queue_putCount counter\nchasquid_queue_putCount_total 6\n"
        "# TYPE replies counter\nreplies_total 4\n"
        "# TYPE requests counter\nrequests_total 3\n# EOF\n"
    );
    BOOST_TEST(
        foreign(metrics(world, "")) ==
        "# TYPE chasquid_queue_putCount counter\nchasquid_queue_putCount 6\n"
        "# TYPE replies_total counter\nreplies_total 4\n"
        "# TYPE requests_total counter\nrequests_total 3\n"
    );
}

BOOST_AUTO_TEST_CASE(maps_without_entries_leave_no_blank_line) {
    World world;
    auto maild = world.connect();
    maild->counters("a", "l", {{"x", 1}});
    maild->define({.name = "b", .label_name = "l"}, {});
    maild->counters("c", "l", {{"y", 1}});
    check_both_formats(world);
    BOOST_TEST(has(metrics(world), "\n# TYPE b counter\n# TYPE c counter\n"));
}

BOOST_AUTO_TEST_CASE(empty_help_has_no_line) {
    World world;
    auto maild = world.connect();
    maild->counter("a", 1, "");
    BOOST_TEST(!has(metrics(world), "# HELP a"));
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(families_stay_in_one_piece_whoever_adds_to_them) {
    World world;
    auto first = world.connect('a');
    auto second = world.connect('b');
    first->counters("a", "l", {{"1", 1}}, "first help");
    second->counters("b", "l", {{"1", 1}});
    second->counters("a", "l", {{"2", 1}}, "second help");
    first->counters("b", "l", {{"2", 1}});
    check_both_formats(world);
    BOOST_TEST(
        foreign(metrics(world, "")) ==
        "# HELP a_total first help\n# TYPE a_total counter\na_total{l=\"1\"} 1\na_total{l=\"2\"} 1\n"
        "# TYPE b_total counter\nb_total{l=\"1\"} 1\nb_total{l=\"2\"} 1\n"
    );
}

BOOST_AUTO_TEST_CASE(label_values_are_escaped_and_not_over_escaped) {
    World world;
    auto maild = world.connect();
    maild->counters("c", "l", {{"a\"b", 1}, {"c\\", 2}, {"\n", 3}, {"\r\t\x01'\u00E9", 4}});
    const std::string body = metrics(world);
    BOOST_TEST(has(body, "c_total{l=\"a\\\"b\"} 1\n"));
    BOOST_TEST(has(body, "c_total{l=\"c\\\\\"} 2\n"));
    BOOST_TEST(has(body, "c_total{l=\"\\n\"} 3\n"));
    BOOST_TEST(has(body, "c_total{l=\"\r\t\x01'\u00E9\"} 4\n"));
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(invalid_utf8_in_labels_is_repaired_into_one_sample) {
    World world;
    auto maild = world.connect();
    maild->counters("c", "l", {{"x\xFE", 1}, {"x\xFF", 2}});
    BOOST_TEST(has(metrics(world), "c_total{l=\"x\uFFFD\"} 3\n"));
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(special_numbers_are_spelled_as_the_formats_do) {
    World world;
    auto maild = world.connect();
    maild->gauge("a", std::nan(""));
    maild->gauge("b", std::numeric_limits<double>::infinity());
    maild->gauge("c", -std::numeric_limits<double>::infinity());
    maild->gauge("d", -0.0);
    maild->gauge("e", -std::nan(""));
    maild->gauge("f", 1e-9);
    for (const std::string_view accept : {om, std::string_view{}}) {
        const std::string body = metrics(world, accept);
        for (const std::string_view line :
             {"\na NaN\n", "\nb +Inf\n", "\nc -Inf\n", "\nd -0\n", "\ne NaN\n", "\nf 1e-09\n"}) {
            BOOST_TEST(has(body, line));
        }
    }
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(histograms_are_cumulative_and_inf_is_the_count) {
    // Three samples: 0.5, 1 (on a bound) and 7 (above all).
    World world;
    auto maild = world.connect();
    maild->histogram({.name = "h", .kind = Kind::histogram, .bounds = {0.5, 1, 5}}, "", {1, 1, 0, 1, 8});
    BOOST_TEST(
        foreign(metrics(world)) ==
        "# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"5.0\"} 2\n"
        "h_bucket{le=\"+Inf\"} 3\nh_sum 8\nh_count 3\n# EOF\n"
    );
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(labels_that_the_format_owns_are_renamed) {
    World world;
    auto maild = world.connect();
    maild->histogram({.name = "h", .kind = Kind::histogram, .label_name = "le", .bounds = {1}}, "x", {1, 0, 1});
    maild->counters("q", "quantile", {{"0.5", 1}});
    maild->counters("a.b", "l", {{"1", 1}});
    maild->counters("a_b", "l", {{"1", 1}});
    const std::string body = metrics(world);
    BOOST_TEST(has(body, "h_bucket{le_=\"x\",le=\"1.0\"} 1\n"));
    BOOST_TEST(has(body, "q_total{quantile_=\"0.5\"} 1\n"));
    BOOST_TEST(has(body, "\na_b_total{"));
    BOOST_TEST(has(body, "\na_b_2_total{"));
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(counts_are_exact_beyond_32_bits) {
    World world;
    auto maild = world.connect();
    maild->counter("c", 5'000'000'000);
    maild->histogram({.name = "h", .kind = Kind::histogram, .bounds = {1}}, "", {5'000'000'000, 0, 1'000'000'000});
    for (int i = 0; i < 1000; ++i) maild->say(wire::Deltas{{4}, {1}});
    const std::string body = metrics(world, "");
    BOOST_TEST(has(body, "\nc_total 5000000000\n"));
    BOOST_TEST(has(body, "h_bucket{le=\"1.0\"} 5000000000\n"));
    BOOST_TEST(has(body, "\nh_sum 1000001000\n"));
}

BOOST_AUTO_TEST_CASE(exemplars_lead_to_a_trace_of_their_bucket_in_openmetrics_only) {
    World world;
    auto maild = world.connect();
    maild->begin(7, "SMTP.Conn", "192.0.2.1:99", 0);
    maild->trace_event({.trace = 7, .kind = wire::TraceEventKind::end}, 20 * ms);
    maild->histogram(
        {.name = trace_latency_family,
         .kind = Kind::histogram,
         .label_name = "family",
         .bounds = {0.005, 0.01, 0.05, 0.1, 0.3, 1, 10},
         .sum_unit = 1e-9},
        "SMTP.Conn",
        {0, 0, 1, 0, 0, 0, 0, 0, 20 * ms}
    );
    const std::string body = metrics(world);
    const std::string line = "quipu_emitter_trace_seconds_bucket{family=\"SMTP.Conn\",le=\"0.05\"} 1 # {trace_id=\"";
    const std::size_t at = body.find(line);
    BOOST_REQUIRE(at != std::string::npos);
    TraceRef ref;
    BOOST_REQUIRE(parse(std::string_view(body).substr(at + line.size(), 32), ref));
    BOOST_REQUIRE(world.state.traces.find(ref));
    BOOST_TEST(world.state.traces.find(ref)->title == "192.0.2.1:99");
    BOOST_TEST(body.substr(at + line.size() + 32, 8) == "\"} 0.02 ");
    BOOST_TEST(body.find(" # {", at + line.size()) == std::string::npos);
    BOOST_TEST(!has(metrics(world, ""), " # {"));
}

BOOST_AUTO_TEST_CASE(units_stand_where_the_name_ends_in_them) {
    World world;
    auto maild = world.connect();
    maild->define({.name = "wait_seconds", .kind = Kind::gauge, .unit = "seconds"});
    maild->define({.name = "waitTime", .kind = Kind::gauge, .unit = "seconds"});
    maild->define({.name = "bytes", .kind = Kind::gauge, .unit = "bytes"});
    const std::string body = metrics(world);
    BOOST_TEST(has(body, "# UNIT wait_seconds seconds\n"));
    BOOST_TEST(!has(body, "# UNIT waitTime"));
    BOOST_TEST(!has(body, "# UNIT bytes"));
    BOOST_TEST(!has(metrics(world, ""), "# UNIT"));
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_kept_are_told_in_the_help) {
    World world;
    auto maild = world.connect();
    maild->counter("m\u00E9trica", 7, "mails");
    BOOST_TEST(has(
        metrics(world, ""), "# HELP m_trica_total mails [m\u00E9trica]\n# TYPE m_trica_total counter\nm_trica_total 7\n"
    ));
}

BOOST_AUTO_TEST_CASE(hostile_words_break_neither_format) {
    World world;
    auto maild = world.connect();
    const std::string evil = std::string(hostile) + "\n# EOF\nx 1\r\n\"} 9\n";
    maild->counters(evil, evil, {{evil, 1}, {"\\", 2}}, evil);
    maild->define({.name = "u" + evil, .kind = Kind::gauge, .help = "\n", .unit = evil});
    maild->text("t" + evil, evil);
    maild->histogram(
        {.name = "h" + evil, .kind = Kind::histogram, .unit = evil, .label_name = evil, .bounds = {1}}, evil, {1, 2, 3}
    );
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(texts_are_info_metrics_in_both_formats) {
    World world;
    auto maild = world.connect();
    maild->text("chasquid/version", "1.11 \"x\"");
    maild->define({.name = "unset", .kind = Kind::text});
    BOOST_TEST(
        has(metrics(world), "# TYPE chasquid_version info\nchasquid_version_info{version=\"1.11 \\\"x\\\"\"} 1\n")
    );
    BOOST_TEST(has(
        metrics(world, ""), "# TYPE chasquid_version_info gauge\nchasquid_version_info{version=\"1.11 \\\"x\\\"\"} 1\n"
    ));
    BOOST_TEST(!has(metrics(world), "unset_info"));
    check_both_formats(world);
}

BOOST_AUTO_TEST_CASE(gzip_is_used_once_and_only_where_accepted) {
    World world;
    const auto get = [&world](std::string_view encoding, Method method = Method::get) {
        return world.get(Request{.method = method, .target = "/metrics", .accept_encoding = encoding});
    };
    const Response plain = get("");
    for (const std::string_view encoding : {"", "identity", "gzip;q=0", "br"}) {
        const Response response = get(encoding);
        BOOST_TEST(header(response, "Content-Encoding") == nullptr);
        BOOST_TEST(response.body == plain.body);
        BOOST_TEST(header_text(response, "Vary") == "Accept, Accept-Encoding");
    }
    const Response packed = get("gzip");
    BOOST_TEST(header_text(packed, "Content-Encoding") == "gzip");
    BOOST_TEST(header_text(packed, "Vary") == "Accept, Accept-Encoding");
    BOOST_TEST(packed.body.starts_with("\x1F\x8B"));
    BOOST_TEST(!has(std::string_view(packed.body).substr(2), "\x1F\x8B\x08"));
    BOOST_TEST(packed.body.size() < plain.body.size() / 2);
    BOOST_TEST((get("gzip", Method::head).headers == packed.headers));
}

BOOST_AUTO_TEST_SUITE_END()
