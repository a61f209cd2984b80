#include "daemon/pages/when.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct Clock {
    std::chrono::year_month_day date;
    std::int64_t seconds_of_day = 0;
    std::int64_t ns = 0;
};

Clock split(std::int64_t wall_ns) {
    constexpr std::int64_t day = 86400 * second;
    std::int64_t days = wall_ns / day;
    std::int64_t rest = wall_ns % day;
    if (rest < 0) {
        rest += day;
        --days;
    }
    const std::chrono::sys_days date{std::chrono::days{days}};
    return {std::chrono::year_month_day{date}, rest / second, rest % second};
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    std::string digits;
    append_integer(digits, value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

void append_date(std::string& out, const Clock& clock) {
    append_padded(out, static_cast<int>(clock.date.year()), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(clock.date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(clock.date.day()), 2);
}

void append_time(std::string& out, const Clock& clock, int digits) {
    append_padded(out, clock.seconds_of_day / 3600, 2);
    out += ':';
    append_padded(out, clock.seconds_of_day / 60 % 60, 2);
    out += ':';
    append_padded(out, clock.seconds_of_day % 60, 2);
    if (digits <= 0) return;
    std::string fraction;
    append_padded(fraction, clock.ns, 9);
    out += '.';
    out.append(fraction, 0, static_cast<std::size_t>(std::min(digits, 9)));
}

// Three significant digits below 100, none behind the point above.
std::string with_unit(double value, std::string_view unit) {
    const double scale = value < 10 ? 100 : value < 100 ? 10 : 1;
    std::string out;
    append_finite(out, std::round(value * scale) / scale);
    return out.append("\xC2\xA0").append(unit);
}

std::string two_units(
    std::int64_t large, std::string_view large_unit, std::int64_t small, std::string_view small_unit
) {
    std::string out;
    append_integer(out, large);
    out.append("\xC2\xA0").append(large_unit);
    if (small == 0) return out;
    out += ' ';
    append_integer(out, small);
    return out.append("\xC2\xA0").append(small_unit);
}

struct Unit {
    std::string_view name;
    double ns;
};

// Longer names before those that they begin with.
constexpr std::array<Unit, 8> units = {
    {{"ns", 1}, {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};

}  // namespace

std::string date_time(std::int64_t wall_ns, int digits) {
    const Clock clock = split(wall_ns);
    std::string out;
    append_date(out, clock);
    out += ' ';
    append_time(out, clock, digits);
    return out;
}

std::string time_of_day(std::int64_t wall_ns, int digits) {
    std::string out;
    append_time(out, split(wall_ns), digits);
    return out;
}

std::string iso_time(std::int64_t wall_ns) {
    const Clock clock = split(wall_ns);
    std::string out;
    append_date(out, clock);
    out += 'T';
    append_time(out, clock, 9);
    out += 'Z';
    return out;
}

// Not by strftime(), whose tables have gone cold from page to page.
std::string http_time(std::int64_t wall_ns) {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const Clock clock = split(wall_ns);
    const std::chrono::weekday weekday{std::chrono::sys_days{clock.date}};
    std::string out(days.substr(std::size_t{3} * weekday.c_encoding(), 3));
    out += ", ";
    append_padded(out, static_cast<unsigned>(clock.date.day()), 2);
    out += ' ';
    out += months.substr(std::size_t{3} * (static_cast<unsigned>(clock.date.month()) - 1), 3);
    out += ' ';
    append_padded(out, static_cast<int>(clock.date.year()), 4);
    out += ' ';
    append_time(out, clock, 0);
    out += " GMT";
    return out;
}

std::string go_time(std::int64_t wall_ns) {
    std::string out = date_time(wall_ns, 9);
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
    return out.append(" +0000 UTC");
}

std::string duration_text(std::int64_t ns) {
    ns = std::max<std::int64_t>(ns, 0);
    const auto value = static_cast<double>(ns);
    if (ns == 0) return "0";
    if (ns < 1'000) return with_unit(value, "ns");
    if (ns < 1'000'000) return with_unit(value / 1e3, "\xC2\xB5s");
    if (ns < second) return with_unit(value / 1e6, "ms");
    if (ns < 60 * second) return with_unit(value / 1e9, "s");
    const std::int64_t seconds = ns / second;
    if (seconds < 3600) return two_units(seconds / 60, "min", seconds % 60, "s");
    if (seconds < 86400) return two_units(seconds / 3600, "h", seconds / 60 % 60, "min");
    return two_units(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string seconds_text(std::int64_t ns) {
    std::string out = ns < 0 ? "-" : "";
    const std::int64_t micros = ns / 1000 < 0 ? -(ns / 1000) : ns / 1000;
    append_integer(out, micros / 1'000'000);
    out += '.';
    append_padded(out, micros % 1'000'000, 6);
    return out;
}

std::string age_text(std::int64_t wall_ns, std::int64_t now_wall_ns) {
    const bool is_past = wall_ns <= now_wall_ns;
    const auto [earlier, later] = std::minmax(wall_ns, now_wall_ns);
    // Modulo 2^64 it is right for any two; beyond what a duration holds it is "very long".
    const std::uint64_t apart = static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
    constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();
    const auto distance = static_cast<std::int64_t>(std::min(apart, longest));
    if (distance < second) return "now";
    // Whole seconds: an age is read, not measured.
    const std::string text = duration_text(distance / second * second);
    return is_past ? text + " ago" : "in " + text;
}

bool parse_duration(std::string_view text, std::int64_t& ns) {
    if (text.empty()) return false;
    double total = 0;
    while (!text.empty()) {
        double value = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
        if (error != std::errc{} || !(value >= 0)) return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto unit =
            std::find_if(units.begin(), units.end(), [text](const Unit& u) { return text.starts_with(u.name); });
        if (unit != units.end()) {
            text.remove_prefix(unit->name.size());
            total += value * unit->ns;
        } else if (text.empty() && total == 0) {
            total = value * 1e9;
        } else {
            return false;
        }
    }
    constexpr double most = 9e18;
    if (!(total < most)) return false;
    ns = static_cast<std::int64_t>(total);
    return true;
}

}  // namespace quipu
