#include "daemon/options.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <vector>

#include "tests/support/net_fixture.hpp"

BOOST_AUTO_TEST_SUITE(daemon_options)

using namespace quipu;
using quipu::test::TempDir;

namespace {

Options parse(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"quipud"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return parse_options(static_cast<int>(argv.size()), argv.data());
}

const FlagText& flag(const Options& options, std::string_view name) {
    for (const FlagText& each : options.flags) {
        if (each.name == name) return each;
    }
    BOOST_FAIL("no such flag");
    return options.flags[0];
}

std::string write_file(const TempDir& dir, std::string_view text) {
    std::ofstream(dir.file("quipud.conf")) << text;
    return dir.file("quipud.conf");
}

// What the UsageError says.
std::string complaint(const std::vector<std::string>& arguments) {
    try {
        (void)parse(arguments);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "no complaint";
}

}  // namespace

BOOST_AUTO_TEST_CASE(pages_to_switch_off_must_exist) {
    const std::vector<std::string> wanted = {"config", "traces"};
    BOOST_TEST((parse({"--disable=config, traces"}).disabled_pages == wanted));
    BOOST_TEST(parse({}).disabled_pages.empty());
    const std::string said = complaint({"--disable=config,pages"});
    BOOST_TEST(said.find("'pages', which is no page; pages are index, traces, ") != std::string::npos, said);
    BOOST_TEST(said.find("metrics") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(traces_go_to_a_collector_only_where_one_is_named) {
    BOOST_TEST(!parse({}).server.otlp_endpoint.has_value());
    const Options options = parse({"--otlp_endpoint=http://collector", "--otlp_batch_ms=200"});
    BOOST_REQUIRE(options.server.otlp_endpoint.has_value());
    BOOST_TEST(options.server.otlp_endpoint->target == "/v1/traces");
    BOOST_TEST(options.server.otlp_limits.batch_delay_ns == 200'000'000);
    BOOST_TEST(complaint({"--otlp_endpoint=collector:4318"}).starts_with("--otlp_endpoint: the URL begins with neither")
    );
    BOOST_TEST(complaint({"--otlp_endpoint=http://anna:geheim@collector"}).find("geheim") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(host_names_are_plain) {
    const std::vector<std::string> wanted = {"mx.example.org", "quipu"};
    BOOST_TEST((parse({"--allowed_hosts=mx.example.org.,quipu"}).allowed_hosts == wanted));
    for (const char* wrong : {"mx.example.org:1099", "https://mx", "*", "[::1]", "."}) {
        BOOST_TEST(complaint({std::string("--allowed_hosts=") + wrong}).find("plain name") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(addresses_that_others_reach_need_tls_and_passwords) {
    const std::string said = complaint({"--monitoring_address=0.0.0.0:1099"});
    for (const char* flag : {"monitoring_address", "tls_certificate", "tls_private_key", "password_file"}) {
        BOOST_TEST(said.find(flag) != std::string::npos, said);
    }
    BOOST_TEST(complaint({"--monitoring_address=0.0.0.0:1099", "--password_file=/p"}) != "no complaint");
    BOOST_TEST(complaint({"--monitoring_address=127.0.0.1:1099", "--tls_certificate=/c"}) != "no complaint");
    const Options options =
        parse({"--monitoring_address=[::]:1099", "--tls_certificate=/c", "--tls_private_key=/k", "--password_file=/p"});
    BOOST_TEST(options.server.access.certificate == "/c");
    BOOST_TEST(options.server.access.private_key == "/k");
    BOOST_TEST(options.server.access.passwords == "/p");
}

BOOST_AUTO_TEST_CASE(defaults_are_as_documented) {
    const Options options = parse({});
    BOOST_TEST(std::holds_alternative<std::monostate>(options.server.monitoring));
    BOOST_TEST(options.server.ingest.path == "/run/quipu/ingest.sock");
    BOOST_TEST(options.server.ingest.mode == 0660u);
    BOOST_TEST(options.server.ingest_users.empty());
    BOOST_TEST(options.server.state_dir == "");
    BOOST_TEST(options.log_level == "info");
    BOOST_TEST(!flag(options, "log_level").is_set);
    BOOST_TEST(flag(options, "log_level").value == "info");
}

// The table's fallbacks and the structs' own defaults are the same numbers.
BOOST_AUTO_TEST_CASE(fallbacks_agree_with_the_limits) {
    const Options options = parse({});
    const Limits limits;
    BOOST_TEST(options.limits.emitters.connected == limits.emitters.connected);
    BOOST_TEST(options.limits.emitters.lost_grace_ns == limits.emitters.lost_grace_ns);
    BOOST_TEST(options.limits.metrics.families == limits.metrics.families);
    BOOST_TEST(options.limits.metrics.series == limits.metrics.series);
    BOOST_TEST(options.limits.metrics.labels_per_family == limits.metrics.labels_per_family);
    BOOST_TEST(options.limits.traces.active == limits.traces.active);
    BOOST_TEST(options.limits.traces.events_per_trace == limits.traces.events_per_trace);
    BOOST_TEST(options.limits.traces.total_bytes == limits.traces.total_bytes);
    BOOST_TEST(options.limits.traces.kept_per_bucket == limits.traces.kept_per_bucket);
    BOOST_TEST(options.limits.traces.kept_errors == limits.traces.kept_errors);
    BOOST_TEST(options.limits.queries.answer_bytes == limits.queries.answer_bytes);
    BOOST_TEST(options.limits.queries.total_answer_bytes == limits.queries.total_answer_bytes);
    BOOST_TEST(options.limits.flush_interval_ms == limits.flush_interval_ms);
    BOOST_TEST(options.server.http_limits.connections == HttpLimits{}.connections);
}

BOOST_AUTO_TEST_CASE(flags_are_taken_with_equals_or_apart) {
    const Options options = parse(
        {"--monitoring_address=unix:/run/h",
         "--monitoring_mode=0600",
         "--ingest_users",
         "0, 12",
         "--ingest_socket=/s",
         "--allowed_hosts=mx.example,mx"}
    );
    const auto& address = std::get<UnixAddress>(options.server.monitoring);
    BOOST_TEST(address.path == "/run/h");
    BOOST_TEST(address.mode == 0600u);
    BOOST_TEST((options.server.ingest_users == std::set<uid_t>{0, 12}));
    BOOST_TEST(options.allowed_hosts.size() == 2u);
    BOOST_TEST(flag(options, "ingest_socket").is_set);
    BOOST_TEST(flag(options, "ingest_socket").value == "/s");
    BOOST_TEST(flag(parse({"--state_dir=", "--max_emitters=3"}), "state_dir").is_set);
    BOOST_TEST((parse({"--ingest_users=root"}).server.ingest_users == std::set<uid_t>{0}));
}

BOOST_AUTO_TEST_CASE(the_file_is_read_and_the_command_line_wins) {
    const TempDir dir;
    const std::string path =
        write_file(dir, "# a comment\n\nlog_level = debug  # another\nmax_emitters=3\nstate_dir =\n");
    const Options options = parse({"--config=" + path, "--max_emitters=4"});
    BOOST_TEST(options.log_level == "debug");
    BOOST_TEST(options.limits.emitters.connected == 4u);
    BOOST_TEST(flag(options, "log_level").is_set);
    BOOST_TEST(flag(options, "config").value == path);
}

BOOST_AUTO_TEST_CASE(help_and_version_win_over_the_rest) {
    BOOST_TEST(parse({"--help"}).is_help);
    BOOST_TEST(parse({"--version", "--max_emitters=x"}).is_version);
    for (const FlagText& each : parse({}).flags) {
        BOOST_TEST(help_text().find("\n  --" + each.name + "=") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_one_sentence_with_the_value) {
    const std::vector<std::pair<std::vector<std::string>, std::string_view>> cases = {
        {{"--no_such_flag=1"}, "no_such_flag"},
        {{"--log=debug"}, "log"},  // no guessing
        {{"stray"}, "unexpected argument 'stray'"},
        {{"--log_level=loud"}, "--log_level: 'loud' is none of"},
        {{"--log_level"}, "'--log_level' must have one value"},
        {{"--help=yes"}, "'--help' must have one value"},
        {{"--%canonical_option%x"}, "there is no flag '--%canonical_option%x'"},
        {{"--%canonical_option%="}, "'--%canonical_option%'"},
        {{"--log_level=info", "--log_level=debug"}, "--log_level is given twice"},
        {{"--max_emitters=0"}, "--max_emitters: '0' is not a number from 1 to 4096"},
        {{"--max_emitters=5x"}, "'5x'"},
        {{"--max_emitters=-1"}, "'-1'"},
        {{"--max_emitters="}, "''"},
        {{"--trace_bytes=99999999999999999999"}, "'99999999999999999999'"},
        {{"--ingest_mode=0888"}, "--ingest_mode: '0888' is not a mode in octal"},
        {{"--ingest_mode=4755"}, "'4755'"},
        {{"--ingest_users=no-such-user-here"}, "'no-such-user-here'"},
        {{"--monitoring_address=0.0.0.0:1099"}, "monitoring_address 0.0.0.0 can be reached by others"},
        {{"--monitoring_address=1099"}, "'1099' is not HOST:PORT or unix:PATH"},
    };
    for (const auto& [arguments, words] : cases) {
        BOOST_TEST_CONTEXT(arguments[0]) {
            const std::string said = complaint(arguments);
            BOOST_TEST_INFO(said);
            BOOST_TEST(said.find(words) != std::string::npos);
            BOOST_TEST(said.find('\n') == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_file_is_named_with_its_line) {
    const TempDir dir;
    const std::vector<std::pair<std::string_view, std::string_view>> cases = {
        {"log_level = info\nno_such_key = 1\n", ":2: there is no flag 'no_such_key'"},
        {"\n\nmax_emitters = many\n", ":3: max_emitters: 'many' is not a number"},
        {"just words\n", ":1: "},
        {"[section]\nlog_level = info\n", ":1: there are no sections"},
        {"log_level = info\nlog_level = debug\n", ":2: log_level is given twice"},
        {"config = other.conf\n", ":1: there is no flag 'config'"},
    };
    for (const auto& [text, words] : cases) {
        BOOST_TEST_CONTEXT(text) {
            const std::string path = write_file(dir, text);
            const std::string said = complaint({"--config=" + path});
            BOOST_TEST_INFO(said);
            BOOST_TEST(said.starts_with(path + std::string(words)));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_no_usage_error) {
    const TempDir dir;
    BOOST_CHECK_THROW(parse({"--config=" + dir.file("missing")}), StartError);
    BOOST_CHECK_THROW(parse({"--config=" + dir.path()}), StartError);
}

BOOST_AUTO_TEST_SUITE_END()
