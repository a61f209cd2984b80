#include "daemon/pages/negotiate.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

// Takes the part up to `separator` off the front of `rest`; separators inside quotes do not count.
std::string_view take_part(std::string_view& rest, char separator) {
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < rest.size(); ++at) {
        const char c = rest[at];
        if (is_quoted && c == '\\' && at + 1 < rest.size()) {
            ++at;
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == separator && !is_quoted) {
            break;
        }
    }
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at < rest.size() ? at + 1 : at);
    return trimmed(part);
}

// A range that cannot be read counts as refused.
double parse_quality(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    return is_whole && value >= 0 && value <= 1 ? value : 0;
}

// One element of Accept or Accept-Encoding.
struct Range {
    std::string_view name;
    std::string_view version;  // media types: the parameter of that name
    double quality = 1;
};

Range take_range(std::string_view& header) {
    std::string_view element = take_part(header, ',');
    Range range;
    range.name = take_part(element, ';');
    while (!element.empty()) {
        std::string_view value = take_part(element, ';');
        const std::string_view key = take_part(value, '=');
        if (equals_folded(key, "q")) range.quality = parse_quality(value);
        if (equals_folded(key, "version")) range.version = value;
    }
    if (range.version.size() >= 2 && range.version.front() == '"' && range.version.back() == '"') {
        range.version = range.version.substr(1, range.version.size() - 2);
    }
    return range;
}

struct Liking {
    double html = 0;         // named itself
    double openmetrics = 0;  // named itself
    double text = 0;         // text/plain: named, or else by a wildcard
};

Liking read_accept(std::string_view accept) {
    Liking liking;
    int text_rank = 0;  // 1: */*, 2: text/*, 3: named; the most specific range counts
    const auto like_text = [&](int rank, double quality) {
        if (rank < text_rank) return;
        liking.text = rank == text_rank ? std::max(liking.text, quality) : quality;
        text_rank = rank;
    };
    while (!accept.empty()) {
        const Range range = take_range(accept);
        if (equals_folded(range.name, "text/html")) {
            liking.html = range.quality;
        } else if (equals_folded(range.name, "application/openmetrics-text")) {
            const bool is_ours = range.version.empty() || range.version == "1.0.0";
            if (is_ours) liking.openmetrics = std::max(liking.openmetrics, range.quality);
        } else if (equals_folded(range.name, "text/plain")) {
            like_text(3, range.quality);
        } else if (equals_folded(range.name, "text/*")) {
            like_text(2, range.quality);
        } else if (range.name == "*/*") {
            like_text(1, range.quality);
        }
    }
    return liking;
}

}  // namespace

bool prefers_openmetrics(std::string_view accept) {
    const Liking liking = read_accept(accept);
    return liking.openmetrics > 0 && liking.openmetrics >= liking.text;
}

bool prefers_html(std::string_view accept) {
    const Liking liking = read_accept(accept);
    return liking.html > 0 && liking.html >= liking.text;
}

bool accepts_gzip(std::string_view accept_encoding) {
    double any = 0;
    double named = -1;
    while (!accept_encoding.empty()) {
        const Range range = take_range(accept_encoding);
        if (equals_folded(range.name, "gzip") || equals_folded(range.name, "x-gzip")) named = range.quality;
        if (range.name == "*") any = range.quality;
    }
    return named >= 0 ? named > 0 : any > 0;
}

std::optional<Form> wanted_form(const Request& request, Form otherwise) {
    if (const std::string* format = request.parameter("format"); format && !format->empty()) {
        if (*format == "text") return Form::text;
        if (*format == "html") return Form::html;
        if (*format == "json") return Form::json;
        return std::nullopt;
    }
    return prefers_html(request.accept) ? Form::html : otherwise;
}

}  // namespace quipu
