#include "daemon/options.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>

namespace quipu {

namespace {

namespace po = boost::program_options;

// A value as given, and where: "--max_emitters" or "quipud.conf:12: max_emitters".
struct Given {
    std::string value;
    std::string where;
    bool is_set = false;
};

[[noreturn]] void refuse(const Given& given, const std::string& wanted) {
    throw UsageError(given.where + ": '" + given.value + "' " + wanted);
}

template <typename Number>
Number number(const Given& given, Number least, Number most) {
    Number value{};
    const char* const end = given.value.data() + given.value.size();
    const auto [stop, error] = std::from_chars(given.value.data(), end, value);
    if (error != std::errc{} || stop != end || value < least || value > most) {
        refuse(given, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
}

mode_t mode(const Given& given) {
    unsigned value = 0;
    const char* const end = given.value.data() + given.value.size();
    const auto [stop, error] = std::from_chars(given.value.data(), end, value, 8);
    if (error != std::errc{} || stop != end || value > 0777) refuse(given, "is not a mode in octal, such as 0660");
    return value;
}

std::vector<std::string> comma_list(const std::string& text) {
    std::vector<std::string> items;
    std::istringstream stream(text);
    for (std::string item; std::getline(stream, item, ',');) {
        item.erase(0, item.find_first_not_of(' '));
        item.erase(item.find_last_not_of(' ') + 1);
        if (!item.empty()) items.push_back(item);
    }
    return items;
}

uid_t user_id(const Given& given, const std::string& user) {
    uid_t id = 0;
    const char* const end = user.data() + user.size();
    const auto [stop, error] = std::from_chars(user.data(), end, id);
    if (error == std::errc{} && stop == end) return id;
    std::vector<char> buffer(16384);
    struct passwd entry = {};
    struct passwd* found = nullptr;
    (void)::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (!found) refuse(given, "names '" + user + "', which is no user here");
    return found->pw_uid;
}

void take_monitoring_address(Options& options, const Given& given) {
    try {
        options.server.monitoring = parse_http_address(given.value);
    } catch (const std::invalid_argument& wrong) {
        throw UsageError(given.where + ": " + wrong.what());
    }
}

void take_otlp_endpoint(Options& options, const Given& given) {
    if (given.value.empty()) return;
    try {
        options.server.otlp_endpoint = parse_otlp_endpoint(given.value);
    } catch (const std::invalid_argument& wrong) {
        throw UsageError(given.where + ": " + wrong.what());
    }
}

// As guard.hpp compares them: without a port, without the root's dot.
void take_allowed_hosts(Options& options, const Given& given) {
    for (std::string& name : comma_list(given.value)) {
        if (name.ends_with('.')) name.pop_back();
        const bool is_name = !name.empty() && name.find_first_of("*:/@[] \t") == std::string::npos;
        if (!is_name) refuse(given, "holds '" + name + "', which is not a host's plain name, such as mx.example.org");
        options.allowed_hosts.push_back(std::move(name));
    }
}

void take_disabled_pages(Options& options, const Given& given) {
    options.disabled_pages = comma_list(given.value);
    const std::vector<std::string_view> names = page_names();
    std::string known;
    for (const std::string_view name : names) known.append(known.empty() ? "" : ", ").append(name);
    for (const std::string& name : options.disabled_pages) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        refuse(given, "names '" + name + "', which is no page; pages are " + known);
    }
}

void take_log_level(Options& options, const Given& given) {
    constexpr std::array levels = {"trace", "debug", "info", "warning", "error", "critical", "off"};
    for (const char* level : levels) {
        if (given.value == level) options.log_level = level;
    }
    if (options.log_level.empty()) refuse(given, "is none of trace, debug, info, warning, error, critical, off");
}

UnixAddress* monitoring_socket(Options& options) {
    return std::get_if<UnixAddress>(&options.server.monitoring);
}

// --- The table ------------------------------------------------------------------------------------------------------

struct Flag {
    const char* name;
    const char* placeholder;
    const char* fallback;
    const char* help;
    void (*take)(Options&, const Given&);
};

// Taken in this order. Every value, given or fallback, goes through `take`.
constexpr Flag table[] = {
    {"config",
     "FILE",
     "",
     "read flags from FILE too: lines of \"name = value\", # begins a comment",
     [](Options&, const Given&) {}},
    {"monitoring_address",
     "ADDRESS",
     "",
     "serve pages on 127.0.0.1:1099, [::1]:1099 or unix:PATH, on others only with TLS and passwords; empty: nowhere",
     take_monitoring_address},
    {"monitoring_mode",
     "MODE",
     "0660",
     "permissions of the socket file, where monitoring_address is unix:PATH",
     [](Options& o, const Given& g) {
         const mode_t value = mode(g);
         if (UnixAddress* socket = monitoring_socket(o)) socket->mode = value;
     }},
    {"monitoring_group",
     "GROUP",
     "",
     "group of that socket file; empty: quipud's own",
     [](Options& o, const Given& g) {
         if (UnixAddress* socket = monitoring_socket(o)) socket->group = g.value;
     }},
    {"tls_certificate",
     "FILE",
     "",
     "serve pages over TLS with this certificate (PEM, its chain behind it); read again on SIGHUP",
     [](Options& o, const Given& g) { o.server.access.certificate = g.value; }},
    {"tls_private_key",
     "FILE",
     "",
     "the private key to it (PEM, no passphrase, mode 0640 or narrower); read again on SIGHUP",
     [](Options& o, const Given& g) { o.server.access.private_key = g.value; }},
    {"password_file",
     "FILE",
     "",
     "ask for user and password: lines user:hash as of mkpasswd (mode 0640 or narrower); read again on SIGHUP",
     [](Options& o, const Given& g) { o.server.access.passwords = g.value; }},
    {"allowed_hosts",
     "NAMES",
     "",
     "names beside addresses and localhost that a request's Host may have, by comma",
     take_allowed_hosts},
    {"disable",
     "PAGES",
     "",
     "pages to switch off with all that is below them, by comma: vars, metrics, traces, queue, flags, config, ...",
     take_disabled_pages},
    {"ingest_socket",
     "PATH",
     "/run/quipu/ingest.sock",
     "the Unix socket on which mail daemons push",
     [](Options& o, const Given& g) { o.server.ingest.path = g.value; }},
    {"ingest_mode",
     "MODE",
     "0660",
     "permissions of the ingest socket",
     [](Options& o, const Given& g) { o.server.ingest.mode = mode(g); }},
    {"ingest_group",
     "GROUP",
     "",
     "group of the ingest socket, so the group that may push; empty: quipud's own",
     [](Options& o, const Given& g) { o.server.ingest.group = g.value; }},
    {"ingest_users",
     "USERS",
     "",
     "users, by name or number and comma, who alone may push; empty: all whom the socket's mode and group let in",
     [](Options& o, const Given& g) {
         for (const std::string& user : comma_list(g.value)) o.server.ingest_users.insert(user_id(g, user));
     }},
    {"state_dir",
     "DIR",
     "",
     "keep totals there over restarts; empty: in memory only",
     [](Options& o, const Given& g) { o.server.state_dir = g.value; }},
    {"log_level", "LEVEL", "info", "trace, debug, info, warning, error, critical or off", take_log_level},
    {"flush_interval_ms",
     "MS",
     "100",
     "how often mail daemons push",
     [](Options& o, const Given& g) { o.limits.flush_interval_ms = number(g, 10U, 60000U); }},
    {"max_emitters",
     "N",
     "64",
     "mail daemon processes connected at a time",
     [](Options& o, const Given& g) { o.limits.emitters.connected = number(g, 1U, 4096U); }},
    {"max_http_connections",
     "N",
     "256",
     "HTTP connections at a time",
     [](Options& o, const Given& g) { o.server.http_limits.connections = number(g, 1U, 65536U); }},
    {"max_families",
     "N",
     "8192",
     "variables",
     [](Options& o, const Given& g) { o.limits.metrics.families = number(g, 1U, 1000000U); }},
    {"max_series",
     "N",
     "262144",
     "series of all variables together",
     [](Options& o, const Given& g) { o.limits.metrics.series = number(g, 1U, 16000000U); }},
    {"max_labels",
     "N",
     "131072",
     "label values of one variable; more are counted under (other)",
     [](Options& o, const Given& g) { o.limits.metrics.labels_per_family = number(g, 1U, 16000000U); }},
    {"max_active_traces",
     "N",
     "20000",
     "open traces",
     [](Options& o, const Given& g) { o.limits.traces.active = number(g, 1U, 1000000U); }},
    {"trace_events",
     "N",
     "150",
     "events kept of one trace: its first third and its last two thirds",
     [](Options& o, const Given& g) { o.limits.traces.events_per_trace = number(g, 3U, 100000U); }},
    {"trace_bytes",
     "BYTES",
     "67108864",
     "memory for all traces",
     [](Options& o, const Given& g) {
         o.limits.traces.total_bytes = number<std::size_t>(g, 1024 * 1024, std::size_t{64} << 30);
     }},
    {"trace_disk_bytes",
     "BYTES",
     "16777216",
     "traces in the state file; the oldest of more are kept in memory only",
     [](Options& o, const Given& g) {
         o.limits.traces.stored_bytes = number<std::size_t>(g, 0, std::size_t{64} << 30);
     }},
    {"traces_per_bucket",
     "N",
     "10",
     "traces kept in each latency bucket, and errors, of a family",
     [](Options& o, const Given& g) {
         o.limits.traces.kept_per_bucket = number(g, 1U, 10000U);
         o.limits.traces.kept_errors = o.limits.traces.kept_per_bucket;
     }},
    {"max_orphaned_traces",
     "N",
     "1000",
     "traces kept that were open when their mail daemon ended",
     [](Options& o, const Given& g) { o.limits.traces.kept_orphans = number(g, 0U, 1000000U); }},
    {"max_trace_families",
     "N",
     "200",
     "families of traces; more go into the family (other)",
     [](Options& o, const Given& g) { o.limits.traces.families = number(g, 1U, 100000U); }},
    {"max_trace_children",
     "N",
     "100",
     "child traces shown in one trace; more stand alone",
     [](Options& o, const Given& g) { o.limits.traces.children_per_trace = number(g, 1U, 100000U); }},
    {"trace_event_bytes",
     "BYTES",
     "4096",
     "text kept of one trace event; more is cut",
     [](Options& o, const Given& g) { o.limits.traces.event_bytes = number(g, 16U, 4096U); }},
    {"trace_events_per_second",
     "N",
     "200000",
     "trace events a second before mail daemons are asked for fewer",
     [](Options& o, const Given& g) {
         o.limits.sampler.events_per_second = number<std::uint64_t>(g, 1, 1'000'000'000);
     }},
    {"trace_slow_ms",
     "MS",
     "1000",
     "a trace that takes longer is sent even where fewer are asked for",
     [](Options& o, const Given& g) {
         o.limits.sampler.always_above_ns = number<std::uint64_t>(g, 1, 86'400'000) * 1'000'000;
     }},
    {"otlp_endpoint",
     "URL",
     "",
     "send ended traces to this OpenTelemetry collector: http(s)://HOST:4318, /v1/traces is added; empty: nowhere",
     take_otlp_endpoint},
    {"otlp_queue_bytes",
     "BYTES",
     "16777216",
     "traces that wait for the collector; the oldest of more are dropped",
     [](Options& o, const Given& g) {
         o.server.otlp_limits.queue_bytes = number<std::size_t>(g, 1024 * 1024, std::size_t{64} << 30);
     }},
    {"otlp_batch_ms",
     "MS",
     "5000",
     "how long a trace waits for others to be sent with",
     [](Options& o, const Given& g) {
         o.server.otlp_limits.batch_delay_ns = number<std::int64_t>(g, 1, 3'600'000) * 1'000'000;
     }},
    {"history_series",
     "N",
     "1000",
     "series that history is kept of, for charts; 0: of none",
     [](Options& o, const Given& g) { o.limits.history.series = number(g, 0U, 10000U); }},
    {"max_streams",
     "N",
     "64",
     "followers of a live tail at a time",
     [](Options& o, const Given& g) { o.server.http_limits.streams = number(g, 0U, 65536U); }},
    {"answer_bytes",
     "BYTES",
     "134217728",
     "one answer of a mail daemon's: its queue, a profile",
     [](Options& o, const Given& g) {
         o.limits.queries.answer_bytes = number<std::size_t>(g, 1024, std::size_t{4} << 30);
         o.limits.queries.total_answer_bytes = 2 * o.limits.queries.answer_bytes;
     }},
    {"pprof_max_seconds",
     "SECONDS",
     "300",
     "the longest CPU profile that a page may ask a mail daemon for",
     [](Options& o, const Given& g) { o.limits.pprof_max_seconds = number(g, 1U, 86400U); }},
    {"debug_dirs",
     "DIRS",
     "/usr/lib/debug",
     "where debug information lies, in .build-id/xx/yyyy.debug, by comma: for names in profiles",
     [](Options& o, const Given& g) { o.server.debug_dirs = comma_list(g.value); }},
    {"lost_grace_s",
     "SECONDS",
     "60",
     "when a mail daemon that vanished counts as ended, where its process is not seen",
     [](Options& o, const Given& g) {
         o.limits.emitters.lost_grace_ns = number<std::int64_t>(g, 1, 86400) * 1'000'000'000;
     }},
};

// --- Reading --------------------------------------------------------------------------------------------------------

using GivenByName = std::map<std::string, Given>;

po::options_description descriptions(bool is_command_line) {
    po::options_description all;
    for (const Flag& flag : table) {
        if (is_command_line || std::strcmp(flag.name, "config") != 0) {
            all.add_options()(flag.name, po::value<std::string>());
        }
    }
    if (is_command_line) all.add_options()("help", "")("version", "");
    return all;
}

void read_command_line(int argc, const char* const* argv, Options& options, GivenByName& given) {
    namespace style = po::command_line_style;
    const int how = style::allow_long | style::long_allow_adjacent | style::long_allow_next;
    const po::options_description all = descriptions(true);
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        words.emplace_back(argv[i]);
        // "--name=": an empty value, which Boost takes only as a word of its own.
        if (words.back().size() < 4 || !words.back().starts_with("--") || !words.back().ends_with('=')) continue;
        words.back().pop_back();
        words.emplace_back();
    }
    try {
        const auto parsed = po::command_line_parser(words).options(all).style(how).run();
        for (const po::option& option : parsed.options) {
            if (option.position_key >= 0) throw UsageError("unexpected argument '" + option.value.at(0) + "'");
            if (option.string_key == "help")
                options.is_help = true;
            else if (option.string_key == "version")
                options.is_version = true;
            else if (given.contains(option.string_key))
                throw UsageError("--" + option.string_key + " is given twice");
            else
                given[option.string_key] = {option.value.at(0), "--" + option.string_key, true};
        }
    } catch (const po::unknown_option& unknown) {
        throw UsageError("there is no flag '" + unknown.get_option_name() + "'");
    } catch (const po::error_with_option_name& wrong) {
        // Not what(): it puts words into words, and never ends where one of them is %canonical_option%.
        throw UsageError("'" + wrong.get_option_name() + "' must have one value, as in --flag=value");
    } catch (const po::error& wrong) {
        throw UsageError(wrong.what());
    }
}

// Line by line, so that complaints can name the line.
void read_file(const std::string& path, GivenByName& given) {
    std::ifstream file(path);
    if (!file) throw StartError("cannot read " + path + ": " + std::generic_category().message(errno));
    const po::options_description all = descriptions(false);
    GivenByName in_file;
    int line_number = 0;
    for (std::string line; std::getline(file, line);) {
        const std::string where = path + ":" + std::to_string(++line_number) + ": ";
        std::istringstream one_line(line);
        try {
            if (line.find_first_not_of(" \t") != std::string::npos && line[line.find_first_not_of(" \t")] == '[') {
                throw UsageError(where + "there are no sections: '" + line + "'");
            }
            for (const po::option& option : po::parse_config_file(one_line, all).options) {
                if (in_file.contains(option.string_key))
                    throw UsageError(where + option.string_key + " is given twice");
                in_file[option.string_key] = {option.value.at(0), where + option.string_key, true};
            }
        } catch (const po::unknown_option& unknown) {
            throw UsageError(where + "there is no flag '" + unknown.get_option_name() + "'");
        } catch (const po::error&) {
            throw UsageError(where + "this is neither FLAG = VALUE nor a comment: '" + line + "'");
        }
    }
    if (file.bad()) throw StartError("cannot read " + path + ": " + std::generic_category().message(errno));
    given.merge(in_file);  // what the command line gave stays
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
    Options options;
    options.cmdline.assign(argv, argv + argc);
    GivenByName given;
    read_command_line(argc, argv, options, given);
    if (options.is_help || options.is_version) return options;
    if (given.contains("config")) read_file(given["config"].value, given);
    for (const Flag& flag : table) {
        const auto [it, is_fallback] = given.try_emplace(flag.name, Given{flag.fallback, flag.name, false});
        flag.take(options, it->second);
        options.flags.push_back({flag.name, it->second.value, !is_fallback});
    }
    if (const std::string problem = exposure_problem(options.server); !problem.empty()) throw UsageError(problem);
    return options;
}

std::string help_text() {
    std::string text =
        "quipud keeps and shows what mail daemons push to it.\n"
        "\n"
        "Usage: quipud [--FLAG=VALUE ...]\n"
        "\n";
    for (const Flag& flag : table) {
        text += std::string("  --") + flag.name + "=" + flag.placeholder;
        if (*flag.fallback != '\0') text += std::string("  (default ") + flag.fallback + ")";
        text += std::string("\n        ") + flag.help + "\n";
    }
    text += "  --help\n        print this and exit\n  --version\n        print the version and exit\n";
    return text;
}

}  // namespace quipu
