#include "tests/fuzz/valid.hpp"

#include <algorithm>
#include <boost/json/src.hpp>  // the parser, without a library to link
#include <set>
#include <string>

#include "daemon/pages/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace quipu::fuzz {

namespace {

bool is_name(std::string_view text) {
    const auto is_in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_in_name);
}

// From behind "<": the tag's name and attributes up to ">". Returns what follows.
std::string_view check_tag(std::string_view rest) {
    if (rest.starts_with("!DOCTYPE html>") || rest.starts_with("!doctype html>")) return rest.substr(14);
    if (rest.starts_with('/')) rest.remove_prefix(1);
    std::size_t end = std::min(rest.find_first_of(" \n/>"), rest.size());
    const std::string_view tag = rest.substr(0, end);
    check(is_name(tag), "a tag without a name", rest.substr(0, 80));
    const std::string_view whole = rest;
    bool has_source = false;
    rest.remove_prefix(end);
    for (;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \n/"), rest.size()));
        check(!rest.empty(), "a tag that does not end", whole.substr(0, 80));
        if (rest.front() == '>') break;
        end = std::min(rest.find_first_of("= \n/>"), rest.size());
        const std::string_view name = rest.substr(0, end);
        check(is_name(name), "an attribute without a name", whole.substr(0, 120));
        check(!name.starts_with("on") && name != "style", "an inline handler or style", whole.substr(0, 120));
        has_source = has_source || name == "src";
        rest.remove_prefix(end);
        if (!rest.starts_with('=')) continue;
        check(rest.size() > 1 && rest[1] == '"', "an attribute without quotes", whole.substr(0, 120));
        const std::size_t quote = rest.find('"', 2);
        check(quote != std::string_view::npos, "an attribute that does not end", whole.substr(0, 120));
        const std::string_view value = rest.substr(2, quote - 2);
        check(value.find('<') == std::string_view::npos, "an attribute with a bare <", value);
        check(!value.starts_with("javascript:"), "a script as a link", value);
        rest.remove_prefix(quote + 1);
    }
    check(tag != "script" || has_source || whole.data()[-1] == '/', "an inline script", whole.substr(0, 120));
    return rest.substr(1);
}

// "name", or a name with labels in braces. Returns what follows; empty: it does not parse.
std::string_view check_sample_name(std::string_view line) {
    std::size_t at = 0;
    const auto is_in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    while (at < line.size() && is_in_name(line[at])) ++at;
    check(at > 0 && std::isdigit(static_cast<unsigned char>(line[0])) == 0, "a sample without a name", line);
    if (line.substr(at).starts_with('{')) {
        do {
            ++at;
            const std::size_t begin = at;
            while (at < line.size() && is_in_name(line[at])) ++at;
            check(at > begin && line.substr(at).starts_with("=\""), "a label without a name", line);
            for (at += 2; at < line.size() && line[at] != '"'; ++at) {
                if (line[at] != '\\') continue;
                ++at;
                check(at < line.size() && (line[at] == '\\' || line[at] == '"' || line[at] == 'n'), "an escape", line);
            }
            check(at < line.size(), "a label that does not end", line);
            ++at;
        } while (line.substr(at).starts_with(','));
        check(line.substr(at).starts_with('}'), "labels that do not end", line);
        ++at;
    }
    return line.substr(at);
}

void check_sample(std::string_view line, bool is_openmetrics, std::set<std::string_view>& samples) {
    const std::string_view rest = check_sample_name(line);
    const std::string_view name = line.substr(0, line.size() - rest.size());
    check(samples.insert(name).second, "a sample twice", line);
    check(rest.starts_with(' '), "a sample without a value", line);
    std::string_view value = rest.substr(1);
    if (const std::size_t exemplar = value.find(" # "); exemplar != std::string_view::npos) {
        check(is_openmetrics, "an exemplar in the older format", line);
        value = value.substr(0, exemplar);
    }
    const std::string digits(value);
    char* end = nullptr;
    if (value == "NaN" || value == "+Inf" || value == "-Inf") return;
    (void)std::strtod(digits.c_str(), &end);
    check(!digits.empty() && *end == '\0' && digits.find_first_of("nNiI") == std::string::npos, "a value", line);
}

}  // namespace

void check_json(std::string_view body) {
    check(is_utf8(body), "JSON that is not UTF-8", body);
    check(body.find("\\x") == std::string_view::npos, "JSON with the bytes \\x", body);
    boost::json::error_code error;
    boost::json::parse_options options;
    options.max_depth = 64;
    (void)boost::json::parse(boost::json::string_view(body.data(), body.size()), error, {}, options);
    check(!error, "JSON that does not parse", body);
}

void check_html(std::string_view body) {
    check(is_utf8(body), "HTML that is not UTF-8", body);
    for (std::size_t at = 0; at < body.size();) {
        const Rune rune = rune_at(body, at);
        const bool is_plain = rune.code == '\n' || rune.code == '\t' || !is_hidden(rune.code);
        check(is_plain, "a hidden character in HTML", body.substr(at, 80));
        at += rune.length;
    }
    while (!body.empty()) {
        const std::size_t at = std::min(body.find('<'), body.size());
        check(body.substr(0, at).find('>') == std::string_view::npos, "a bare > in HTML", body.substr(0, at));
        body.remove_prefix(at);
        if (!body.empty()) body = check_tag(body.substr(1));
    }
}

void check_metrics(std::string_view body, bool is_openmetrics) {
    check(is_utf8(body), "metrics that are not UTF-8", body);
    check(body.ends_with(is_openmetrics ? "# EOF\n" : "\n"), "metrics without an end", body);
    std::set<std::string_view> families;
    std::set<std::string_view> comments;
    std::set<std::string_view> samples;
    std::string_view family;
    while (!body.empty()) {
        const std::size_t end = body.find('\n');
        const std::string_view line = body.substr(0, end);
        body.remove_prefix(end + 1);
        check(!line.empty(), "a blank line in metrics");
        if (line == "# EOF") {
            check(is_openmetrics && body.empty(), "an EOF in the middle");
        } else if (line.starts_with("# ")) {
            const std::string_view word = line.substr(2, 5);
            check(word == "HELP " || word == "TYPE " || word == "UNIT ", "an unknown comment", line);
            const std::size_t blank = line.find(' ', 7);
            check(blank != std::string_view::npos && blank + 1 < line.size(), "a comment without text", line);
            const std::string_view name = line.substr(7, blank - 7);
            check(comments.insert(line.substr(0, blank)).second, "a comment twice", line);
            check(name == family || families.insert(name).second, "a family in two pieces", line);
            family = name;
        } else {
            check(line.starts_with(family), "a sample outside its family", line);
            check_sample(line, is_openmetrics, samples);
        }
    }
}

void check_event_stream(std::string_view body) {
    check(is_utf8(body), "a stream that is not UTF-8", body);
    check(body.empty() || body.ends_with("\n\n"), "an event that does not end", body);
    while (!body.empty()) {
        const std::size_t end = body.find('\n');
        const std::string_view line = body.substr(0, end);
        body.remove_prefix(end + 1);
        check(line.find('\r') == std::string_view::npos, "a line end inside a line", line);
        if (line.starts_with("data: ")) check_json(line.substr(6));
        const bool is_known = line.empty() || line.starts_with("data: ") || line.starts_with("id: ") ||
                              line.starts_with("event: ") || line.starts_with("retry: ") || line.starts_with(':');
        check(is_known, "a line that is no field", line);
    }
}

Response whole(Finished finished, const State& state, const Request& request, Now now) {
    if (auto* response = std::get_if<Response>(&finished)) return std::move(*response);
    PageWork& page = *std::get<std::unique_ptr<PageWork>>(finished);
    std::optional<Response> response;
    while (!response) response = page.head(state, request, now);
    while (page.more(state, response->body)) continue;
    return std::move(*response);
}

Response whole(PageResult result, const State& state, const Request& request, Now now) {
    if (auto* response = std::get_if<Response>(&result)) return std::move(*response);
    return whole(Finished(std::get<std::unique_ptr<PageWork>>(std::move(result))), state, request, now);
}

void check_response(const Response& response) {
    check(response.status >= 200 && response.status < 600, "a status");
    bool is_gzip = false;
    for (const auto& [name, value] : response.headers) {
        check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a split header", value);
        is_gzip = is_gzip || name == "Content-Encoding";
    }
    if (is_gzip) return;
    const std::string_view type = response.content_type;
    if (type.starts_with("application/json")) return check_json(response.body);
    if (type.starts_with("application/openmetrics-text")) return check_metrics(response.body, true);
    if (type.starts_with("text/plain; version=0.0.4")) return check_metrics(response.body, false);
    if (type.starts_with("text/html")) return check_html(response.body);
    if (type.starts_with("text/event-stream")) return check_event_stream(response.body);
    check(is_utf8(response.body), "a body that is not UTF-8", response.body);
}

}  // namespace quipu::fuzz
