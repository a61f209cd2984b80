// One line of chasquid's log, and what it says of a trace. Pure; takes any bytes.
//
//     2026-11-25 02:03:51.794140 . conn.go:178        SMTP.Conn 127.0.0.1:57500: Connected, mode: SMTP
//     time (may be missing)      | source             family    title            event
//                              level
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay {

struct LogLine {
    std::optional<std::int64_t> time_ns;  // as it stands there, as if it were UTC
    std::string_view level;               // one character
    std::string_view source;              // "conn.go:178"
    std::string_view text;                // quoted as Go does it, without the quotes; blanks before it mean something
};

// Views into the line. Nothing: another form.
std::optional<LogLine> parse_log_line(std::string_view line);

struct TraceLine {
    std::string family;  // "SMTP.Conn"
    std::string title;   // "127.0.0.1:57500"
    std::string event;   // without "error: " before it
    bool is_error = false;
};

// Nothing: the line is of no trace, such as what chasquid tells at its start.
std::optional<TraceLine> parse_trace_line(std::string_view text);

// Log lines are stamped in the local time of who wrote them, whatever zone that is. They are read as they are written,
// so what is between their time and now, in whole quarters of an hour, is the zone.
class LogClock {
public:
    std::chrono::system_clock::time_point wall_time(std::int64_t time_ns, std::chrono::system_clock::time_point now);

private:
    std::int64_t offset_ns_ = 0;
};

}  // namespace relay
