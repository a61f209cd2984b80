// How Go programs write text and time. Pure; takes any bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay {

// What stands between the quotes of Go's %q, as it was; an escape that is none stays as it is.
std::string go_unquoted(std::string_view inner);

// "2026-11-25 02:03:52.420798099 +0000 UTC m=+1.730156004": nanoseconds since 1970. The zone's name and what follows
// are not looked at. Nothing: another form.
std::optional<std::int64_t> go_time_ns(std::string_view text);

// "2026-11-25 02:03:50.721152", the time of a log line, in whatever zone its writer was: as if it were UTC.
std::optional<std::int64_t> plain_time_ns(std::string_view text);

}  // namespace relay
