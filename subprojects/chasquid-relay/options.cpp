#include "options.hpp"

#include <mailside/flags.hpp>

namespace relay {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view journal_prefix = "journal:";

constexpr mailside::FlagRow rows[] = {
    {"chasquid",
     "http://127.0.0.1:1099",
     "chasquid's monitoring_address: http://HOST:PORT, https://HOST:PORT or unix:PATH"},
    {"log",
     "",
     "chasquid's log, of which traces are rebuilt: the file that its -logfile names, or journal:UNIT; empty: no "
     "traces"},
    {"ingest_socket", "/run/quipu/ingest.sock", "where quipud listens; it may be absent"},
    {"interval", "1s", "how often chasquid's variables are read"},
    {"tls_ca", "", "PEM file with the authorities whose certificates are good for https; empty: the system's"},
};

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv) {
    constexpr mailside::ProgramText program{
        "chasquid-relay", RELAY_VERSION, "tells quipud of a chasquid that knows nothing of it", rows};
    const std::optional<mailside::FlagValues> values = mailside::parse_flags(program, argc, argv);
    if (!values) return std::nullopt;
    Options o;
    o.chasquid = parse_target("chasquid", values->text("chasquid"));
    const std::string& log = values->text("log");
    if (log.starts_with(journal_prefix)) {
        o.journal = log.substr(journal_prefix.size());
        const bool is_unit = !o.journal.empty() && !o.journal.starts_with('-');
        if (!is_unit) mailside::refuse("log", log, "names no unit, as journal:chasquid.service does");
    } else {
        o.log = log;
    }
    o.ingest_socket = values->socket_path("ingest_socket");
    o.interval = values->duration("interval");
    if (o.interval < 100ms) mailside::refuse("interval", values->text("interval"), "is shorter than 100ms");
    o.tls_ca = values->text("tls_ca");
    o.flags = values->flags();
    o.config_text = values->config_text();
    return o;
}

}  // namespace relay
