// Points in time and durations as text, in UTC. Times are nanoseconds since 1970.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

// "2026-11-25 02:04:10.937945"; digits of the fraction from 0 to 9, cut and not rounded.
std::string date_time(std::int64_t wall_ns, int digits);
// "02:04:10.937945"
std::string time_of_day(std::int64_t wall_ns, int digits);
// "2026-11-25T02:04:10.937945941Z"
std::string iso_time(std::int64_t wall_ns);
// As HTTP writes it (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_time(std::int64_t wall_ns);
// As Go prints a time: "2026-11-25 02:04:10.9379 +0000 UTC", without zeros at the end of the fraction.
std::string go_time(std::int64_t wall_ns);

// For people, two to three digits: "0", "450 us", "12.3 ms", "1.23 s", "2 h 13 min", "3 d 4 h". Negative ones count as
// 0.
std::string duration_text(std::int64_t ns);
// "1.234567", as chasquid's pages show durations and what has passed between events.
std::string seconds_text(std::int64_t ns);
// "3 s ago", "in 5 min", "now".
std::string age_text(std::int64_t wall_ns, std::int64_t now_wall_ns);

// "100ms", "1.5s", "1h30m", or a bare number of seconds, as Go's durations and people's habits. Not negative.
bool parse_duration(std::string_view text, std::int64_t& ns);

}  // namespace quipu
