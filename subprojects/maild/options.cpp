#include "options.hpp"

#include "smtp_parse.hpp"

#include <unistd.h>

#include <algorithm>

namespace maild {

namespace {

using mailside::FlagValues;
using mailside::refuse;

constexpr mailside::FlagRow rows[] = {
    {"smtp_address", "127.0.0.1:2525", "ADDRESS:PORT to listen on; port 0 takes a free one"},
    {"hostname", "", "name in greetings and the local domain, beside localhost; default: this machine's"},
    {"maildir", "/var/lib/maild/mail", "folder of the users' Maildirs, each made with its first mail"},
    {"queue_dir", "/var/lib/maild/queue", "folder of the queue, one file an item"},
    {"ingest_socket", "/run/quipu/ingest.sock", "where quipud listens; it may be absent"},
    {"courier", "loop", "who pushes to quipud: the event loop costs least; a thread also shows what maild hangs in"},
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
    {"alias",
     "",
     "NAME=ADDRESS or NAME=|COMMAND ARGS: where mail for NAME goes; repeatable. The command is run without a "
     "shell and reads the mail on stdin; exit status 75 asks for another attempt",
     true},
};

// A name that is safe as a folder: what --users lists are the only folders that mail is ever delivered to.
bool is_user_name(std::string_view name) {
    return !name.empty() && name.size() <= max_local_part_bytes && name.front() != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

std::vector<std::string> user_names(const FlagValues& values) {
    std::vector<std::string> users;
    std::string_view rest = values.text("users");
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

Options convert(FlagValues& values) {
    if (values.text("hostname").empty()) values.set_default("hostname", machine_name());
    Options o;
    o.smtp_address = values.host_port("smtp_address", 0);
    o.hostname = lower(values.text("hostname"));
    if (!is_domain(o.hostname)) refuse("hostname", o.hostname, "is not a domain name");
    o.maildir = values.text("maildir");
    o.queue_dir = values.text("queue_dir");
    if (o.maildir.empty() || o.queue_dir.empty()) throw UsageError("--maildir and --queue_dir must name a folder");
    o.ingest_socket = values.socket_path("ingest_socket");
    const std::string courier = values.text("courier");
    if (courier != "loop" && courier != "thread") refuse("courier", courier, "is neither loop nor thread");
    o.has_courier_thread = courier == "thread";
    if (!values.text("smarthost").empty()) o.smarthost = values.host_port("smarthost", 1);
    o.tls_certificate = values.text("tls_certificate");
    o.tls_private_key = values.text("tls_private_key");
    if (o.tls_certificate.empty() != o.tls_private_key.empty()) {
        throw UsageError("--tls_certificate and --tls_private_key must be given together");
    }
    o.users = user_names(values);
    for (const std::string& alias : values.all("alias")) o.aliases.push_back(parse_alias(alias));
    o.max_data_bytes = values.number("max_data_size_mb", 1024) * 1024 * 1024;
    o.max_connections = values.number("max_connections", 10'000);
    o.max_recipients = values.number("max_recipients", 1000);
    o.max_errors = values.number("max_errors", 1'000'000);
    o.max_queue_items = values.number("max_queue_items", 1'000'000);
    o.command_timeout = values.duration("command_timeout");
    o.pipe_timeout = values.duration("pipe_timeout");
    o.give_up_after = values.duration("give_up_after");
    o.retry_base = values.duration("retry_base");
    o.masked_flags = values.names_of_flags("mask");
    o.count_log = values.text("count_log");
    o.flags = values.flags();
    o.config_text = values.config_text();
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
    constexpr mailside::ProgramText program{"maild", MAILD_VERSION, "a small mail daemon watched by quipud", rows};
    std::optional<FlagValues> values = mailside::parse_flags(program, argc, argv);
    if (!values) return std::nullopt;
    return convert(*values);
}

}  // namespace maild
