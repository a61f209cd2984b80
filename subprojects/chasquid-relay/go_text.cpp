#include "go_text.hpp"

#include <charconv>
#include <chrono>

namespace relay {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// Exactly `digits` of them; moves on behind them.
bool take_number(std::string_view& text, std::size_t digits, int& out) {
    if (text.size() < digits) return false;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + digits, out);
    if (ec != std::errc{} || stop != text.data() + digits || out < 0) return false;
    text.remove_prefix(digits);
    return true;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

// ".420798099", any number of digits up to nine, or nothing.
bool take_fraction(std::string_view& text, std::int64_t& ns) {
    ns = 0;
    if (!take(text, '.')) return true;
    std::int64_t unit = second_ns / 10;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
        if (unit == 0) return false;
        ns += unit * (text.front() - '0');
        unit /= 10;
    }
    return unit < second_ns / 10;
}

// Date and time; moves on behind them.
std::optional<std::int64_t> take_date_time(std::string_view& text) {
    namespace chrono = std::chrono;
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    std::int64_t ns = 0;
    const bool is_form = take_number(text, 4, year) && take(text, '-') && take_number(text, 2, month) &&
                         take(text, '-') && take_number(text, 2, day) && take(text, ' ') &&
                         take_number(text, 2, hour) && take(text, ':') && take_number(text, 2, minute) &&
                         take(text, ':') && take_number(text, 2, second) && take_fraction(text, ns);
    const chrono::year_month_day date{
        chrono::year(year), chrono::month(static_cast<unsigned>(month)), chrono::day(static_cast<unsigned>(day))};
    // What 64 bits of nanoseconds can say.
    if (!is_form || !date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    const std::int64_t days = chrono::sys_days(date).time_since_epoch().count();
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * second_ns + ns;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

// \x, \u, \U and their digits, behind the backslash. 0: no such escape; else its length.
std::size_t take_code(std::string_view text, std::string& out) {
    const std::size_t digits = text[0] == 'x' ? 2 : text[0] == 'u' ? 4 : text[0] == 'U' ? 8 : 0;
    if (digits == 0 || text.size() < 1 + digits) return 0;
    std::uint32_t code = 0;
    const char* begin = text.data() + 1;
    const auto [stop, ec] = std::from_chars(begin, begin + digits, code, 16);
    if (ec != std::errc{} || stop != begin + digits || code > 0x10ffff) return 0;
    if (digits == 2) {
        out += static_cast<char>(code);
    } else {
        append_utf8(out, code);
    }
    return 1 + digits;
}

}  // namespace

std::string go_unquoted(std::string_view inner) {
    constexpr std::string_view letters = "abfnrtv\"\\'";
    constexpr std::string_view meant = "\a\b\f\n\r\t\v\"\\'";
    std::string out;
    out.reserve(inner.size());
    while (!inner.empty()) {
        const char c = inner.front();
        inner.remove_prefix(1);
        if (c != '\\' || inner.empty()) {
            out += c;
            continue;
        }
        const std::size_t letter = letters.find(inner.front());
        if (letter != std::string_view::npos) {
            out += meant[letter];
            inner.remove_prefix(1);
        } else if (const std::size_t length = take_code(inner, out); length > 0) {
            inner.remove_prefix(length);
        } else {
            out += c;
        }
    }
    return out;
}

std::optional<std::int64_t> go_time_ns(std::string_view text) {
    const std::optional<std::int64_t> local = take_date_time(text);
    int zone = 0;
    if (!local || !take(text, ' ') || text.empty()) return std::nullopt;
    const bool is_west = text.front() == '-';
    if (!is_west && text.front() != '+') return std::nullopt;
    text.remove_prefix(1);
    if (!take_number(text, 4, zone)) return std::nullopt;
    const std::int64_t offset = (zone / 100 * 60 + zone % 100) * 60 * second_ns;
    return is_west ? *local + offset : *local - offset;
}

std::optional<std::int64_t> plain_time_ns(std::string_view text) {
    const std::optional<std::int64_t> time = take_date_time(text);
    return text.empty() ? time : std::nullopt;
}

}  // namespace relay
