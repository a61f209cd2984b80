#include "log_line.hpp"

#include <algorithm>
#include <array>

#include "go_text.hpp"

namespace relay {

namespace {

constexpr std::size_t time_bytes = 26;     // "2026-11-25 02:03:51.794140"
constexpr std::size_t source_column = 18;  // sources are filled up with blanks to that
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t zone_step_ns = 15 * 60 * second_ns;
constexpr std::int64_t tolerance_ns = 120 * second_ns;

// Families with no dot in them.
constexpr std::array<std::string_view, 4> single_words = {"Authentication", "DKIM", "DNS", "SPF"};

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_word_character(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

// "SMTP.Conn", "Queue.SendLoop": words with dots between them, the first one capital.
bool is_family(std::string_view word) {
    if (std::find(single_words.begin(), single_words.end(), word) != single_words.end()) return true;
    constexpr std::size_t max_bytes = 60;
    if (word.empty() || word.size() > max_bytes || word[0] < 'A' || word[0] > 'Z' || word.back() == '.') return false;
    std::size_t dots = 0;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] == '.' && word[i + 1] == '.') return false;
        if (word[i] == '.')
            ++dots;
        else if (!is_word_character(word[i]))
            return false;
    }
    return dots > 0;
}

// "conn.go:178"
bool is_source(std::string_view word) {
    const std::size_t colon = word.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == word.size()) return false;
    return word.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
    LogLine out;
    if (line.size() > time_bytes && line[time_bytes] == ' ') {
        out.time_ns = plain_time_ns(line.substr(0, time_bytes));
        if (out.time_ns) line.remove_prefix(time_bytes + 1);
    }
    // The level is one character, which need not be ASCII.
    constexpr std::size_t max_level_bytes = 4;
    const std::size_t blank = line.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank > max_level_bytes) return std::nullopt;
    out.level = line.substr(0, blank);
    line.remove_prefix(blank + 1);
    out.source = line.substr(0, line.find(' '));
    if (!is_source(out.source)) return std::nullopt;
    line.remove_prefix(std::min(std::max(out.source.size(), source_column) + 1, line.size()));
    out.text = line;
    return out;
}

std::optional<TraceLine> parse_trace_line(std::string_view text) {
    const std::string_view family = text.substr(0, text.find(' '));
    if (!is_family(family) || family.size() == text.size()) return std::nullopt;
    text.remove_prefix(family.size() + 1);
    const std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    TraceLine out;
    out.family = family;
    out.title = go_unquoted(text.substr(0, colon));
    text.remove_prefix(colon + 2);
    constexpr std::string_view error = "error: ";
    out.is_error = text.starts_with(error);
    if (out.is_error) text.remove_prefix(error.size());
    out.event = go_unquoted(text);
    if (out.event.ends_with('\n')) out.event.pop_back();
    return out;
}

std::chrono::system_clock::time_point LogClock::wall_time(
    std::int64_t time_ns, std::chrono::system_clock::time_point now
) {
    const std::int64_t now_ns = now.time_since_epoch() / std::chrono::nanoseconds(1);
    const auto distance = [](std::int64_t a, std::int64_t b) { return a < b ? b - a : a - b; };
    if (distance(time_ns + offset_ns_, now_ns) > tolerance_ns) {
        const std::int64_t apart = now_ns - time_ns;
        const std::int64_t half = apart < 0 ? -zone_step_ns / 2 : zone_step_ns / 2;
        const std::int64_t offset = (apart + half) / zone_step_ns * zone_step_ns;
        constexpr std::int64_t widest_ns = 15 * 3600 * second_ns;
        const bool is_zone = distance(offset, 0) <= widest_ns && distance(time_ns + offset, now_ns) <= tolerance_ns;
        if (is_zone) offset_ns_ = offset;
    }
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(time_ns + offset_ns_));
}

}  // namespace relay
