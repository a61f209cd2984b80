#include "options.hpp"

#include "smtp_parse.hpp"

#include <boost/program_options.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iostream>

namespace maild {

namespace {

namespace po = boost::program_options;
using std::chrono::milliseconds;

constexpr std::size_t max_socket_path_bytes = 107;  // sun_path, with its NUL

struct Row {
    const char* name;
    const char* value;  // by default
    const char* help;
};

constexpr Row rows[] = {
    {"smtp_address", "127.0.0.1:2525", "ADDRESS:PORT to listen on; port 0 takes a free one"},
    {"hostname", "", "name in greetings and the local domain, beside localhost; default: this machine's"},
    {"maildir", "/var/lib/maild/mail", "folder of the users' Maildirs, each made with its first mail"},
    {"queue_dir", "/var/lib/maild/queue", "folder of the queue, one file an item"},
    {"ingest_socket", "/run/quipu/ingest.sock", "where quipud listens; it may be absent"},
    {"smarthost", "", "HOST:PORT that takes mail for other domains; empty: none is relayed"},
    {"tls_certificate", "", "PEM file with the certificate chain; enables STARTTLS"},
    {"tls_private_key", "", "PEM file with the private key"},
    {"users", "user,postmaster", "local users, separated by commas"},
    {"max_data_size_mb", "50", "largest message, in MiB"},
    {"max_connections", "100", "SMTP clients at once"},
    {"max_recipients", "100", "recipients of one message"},
    {"max_errors", "10", "refused commands before a client is cut off"},
    {"max_queue_items", "10000", "items in the queue before new mail is put off"},
    {"command_timeout", "5m", "how long a client may take for a command or a piece of data"},
    {"pipe_timeout", "2m", "how long an alias's command may run"},
    {"give_up_after", "20h", "age of a message that cannot be delivered at which its sender is told"},
    {"retry_base", "1m", "wait before the second attempt; doubles with each, up to 1 h"},
    {"mask", "", "flags whose values quipud must not be shown, beside passwords, separated by commas"},
    {"count_log", "", "for tests: append each count, and each push of them, to this file"},
};

using Values = std::vector<std::pair<std::string, std::string>>;

const std::string& value_of(const Values& values, std::string_view name) {
    return std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == name; })->second;
}

[[noreturn]] void refuse(const std::string& name, const std::string& value, const std::string& why) {
    throw UsageError("--" + name + " '" + printable(value) + "' " + why);
}

std::size_t number(const Values& values, const std::string& name, std::size_t max) {
    const std::string& text = value_of(values, name);
    std::size_t number = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || stop != text.data() + text.size() || number == 0 || number > max) {
        refuse(name, text, "is not a whole number from 1 to " + std::to_string(max));
    }
    return number;
}

milliseconds duration(const Values& values, const std::string& name) {
    const std::string& text = value_of(values, name);
    std::int64_t number = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
    const std::int64_t factor = unit == "ms"  ? 1
                                : unit == "s" ? 1000
                                : unit == "m" ? 60'000
                                : unit == "h" ? 3'600'000
                                              : 0;
    constexpr milliseconds max = std::chrono::hours(24 * 365);
    if (ec != std::errc{} || factor == 0 || number <= 0 || number > max.count() / factor) {
        refuse(name, text, "is not a duration such as 500ms, 30s, 5m or 20h");
    }
    return milliseconds(number * factor);
}

HostPort host_port(const Values& values, const std::string& name, unsigned min_port) {
    const std::string& text = value_of(values, name);
    const std::size_t colon = text.rfind(':');
    unsigned port = 65536;
    if (colon != std::string::npos) {
        const char* end = text.data() + text.size();
        const auto [stop, ec] = std::from_chars(text.data() + colon + 1, end, port);
        if (ec != std::errc{} || stop != end) port = 65536;
    }
    std::string host = text.substr(0, std::min(colon, text.size()));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty() || port < min_port || port > 65535) refuse(name, text, "is not HOST:PORT");
    return {host, static_cast<std::uint16_t>(port)};
}

// A name that is safe as a folder: what --users lists are the only folders that mail is ever delivered to.
bool is_user_name(std::string_view name) {
    return !name.empty() && name.size() <= max_local_part_bytes && name.front() != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

std::vector<std::string> user_names(const Values& values) {
    std::vector<std::string> users;
    std::string_view rest = value_of(values, "users");
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        users.push_back(lower(rest.substr(0, comma)));
        if (!is_user_name(users.back())) {
            refuse("users", users.back(), "is not a user name (letters, digits, '.', '_', '-', no leading dot)");
        }
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return users;
}

std::vector<std::string> listed_flags(const Values& values, const std::string& name) {
    std::vector<std::string> listed;
    std::string_view rest = value_of(values, name);
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view flag = rest.substr(0, comma);
        const bool is_known = flag == "alias" || std::any_of(std::begin(rows), std::end(rows), [&](const Row& row) {
                                  return flag == row.name;
                              });
        if (!is_known) refuse(name, std::string(flag), "is no flag");
        listed.emplace_back(flag);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return listed;
}

Alias parse_alias(const std::string& text) {
    const std::size_t equals = text.find('=');
    Alias alias;
    if (equals != std::string::npos) alias = {lower(text.substr(0, equals)), text.substr(equals + 1)};
    Address address;
    const bool is_name = parse_address(alias.name + "@localhost", address) == PathFault::none;
    const bool is_pipe = alias.target.starts_with('|') && !split_command(alias.target.substr(1)).empty();
    if (!is_name || !(is_pipe || parse_address(alias.target, address) == PathFault::none)) {
        refuse("alias", text, "is neither NAME=|COMMAND nor NAME=ADDRESS");
    }
    return alias;
}

std::string machine_name() {
    char name[256] = "";
    if (::gethostname(name, sizeof(name) - 1) != 0 || !is_domain(name)) return "localhost";
    return name;
}

Options convert(const Values& values, const std::vector<std::string>& aliases) {
    Options o;
    o.smtp_address = host_port(values, "smtp_address", 0);
    o.hostname = lower(value_of(values, "hostname"));
    if (!is_domain(o.hostname)) refuse("hostname", o.hostname, "is not a domain name");
    o.maildir = value_of(values, "maildir");
    o.queue_dir = value_of(values, "queue_dir");
    if (o.maildir.empty() || o.queue_dir.empty()) throw UsageError("--maildir and --queue_dir must name a folder");
    o.ingest_socket = value_of(values, "ingest_socket");
    if (o.ingest_socket.empty() || o.ingest_socket.size() > max_socket_path_bytes) {
        refuse("ingest_socket", o.ingest_socket, "is not a path of 1 to 107 bytes");
    }
    if (!value_of(values, "smarthost").empty()) o.smarthost = host_port(values, "smarthost", 1);
    o.tls_certificate = value_of(values, "tls_certificate");
    o.tls_private_key = value_of(values, "tls_private_key");
    if (o.tls_certificate.empty() != o.tls_private_key.empty()) {
        throw UsageError("--tls_certificate and --tls_private_key must be given together");
    }
    o.users = user_names(values);
    for (const std::string& alias : aliases) o.aliases.push_back(parse_alias(alias));
    o.max_data_bytes = number(values, "max_data_size_mb", 1024) * 1024 * 1024;
    o.max_connections = number(values, "max_connections", 10'000);
    o.max_recipients = number(values, "max_recipients", 1000);
    o.max_errors = number(values, "max_errors", 1'000'000);
    o.max_queue_items = number(values, "max_queue_items", 1'000'000);
    o.command_timeout = duration(values, "command_timeout");
    o.pipe_timeout = duration(values, "pipe_timeout");
    o.give_up_after = duration(values, "give_up_after");
    o.retry_base = duration(values, "retry_base");
    o.masked_flags = listed_flags(values, "mask");
    o.count_log = value_of(values, "count_log");
    return o;
}

}  // namespace

std::vector<std::string> split_command(std::string_view command) {
    std::vector<std::string> words;
    char quote = 0;
    bool in_word = false;
    for (const char c : command) {
        if (quote == 0 && c == ' ') {
            in_word = false;
            continue;
        }
        if (!in_word) words.emplace_back();
        in_word = true;
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else {
            words.back() += c;
        }
    }
    return words;
}

std::optional<Options> parse_options(int argc, const char* const* argv) {
    po::options_description visible("flags");
    auto add = visible.add_options();
    add("help", "print this and exit")("version", "print the version and exit");
    for (const Row& row : rows) add(row.name, po::value<std::string>()->default_value(row.value), row.help);
    add("alias",
        po::value<std::vector<std::string>>()->composing(),
        "NAME=ADDRESS or NAME=|COMMAND ARGS: where mail for NAME goes; repeatable. The command is run without a "
        "shell and reads the mail on stdin; exit status 75 asks for another attempt");
    po::options_description all;
    all.add(visible).add_options()("word", po::value<std::vector<std::string>>());
    po::positional_options_description words;
    words.add("word", -1);
    po::variables_map given;
    try {
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(argc, argv).options(all).positional(words).style(style).run(), given);
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    if (given.contains("help")) {
        std::cout << "maild, a small mail daemon watched by quipud\n\nusage: maild [--FLAG=VALUE ...]\n\n" << visible;
        return std::nullopt;
    }
    if (given.contains("version")) {
        std::cout << "maild " MAILD_VERSION "\n";
        return std::nullopt;
    }
    if (given.contains("word")) {
        throw UsageError("unexpected argument '" + given["word"].as<std::vector<std::string>>().front() + "'");
    }

    Values values;
    std::vector<std::string> aliases;
    std::vector<quipu::Flag> flags;
    for (const Row& row : rows) {
        std::string value = given[row.name].as<std::string>();
        if (row.name == std::string_view("hostname") && value.empty()) value = machine_name();
        flags.push_back({.name = row.name, .value = value, .is_set = !given[row.name].defaulted()});
        values.emplace_back(row.name, std::move(value));
    }
    if (given.contains("alias")) aliases = given["alias"].as<std::vector<std::string>>();
    for (const std::string& alias : aliases) flags.push_back({.name = "alias", .value = alias, .is_set = true});
    Options options = convert(values, aliases);
    for (const quipu::Flag& flag : flags) options.config_text += flag.name + " = " + flag.value + "\n";
    options.flags = std::move(flags);
    return options;
}

}  // namespace maild
