// Text of any kind becomes valid and harmless in the form in which it is written, and reads back as what it was.
#include "daemon/pages/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <cmath>
#include <cstring>
#include <string>

#include "daemon/net/log.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/when.hpp"
#include "proto/masking.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/valid.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

bool has_hidden(std::string_view text, Lines lines) {
    for (std::size_t at = 0; at < text.size();) {
        const Rune rune = rune_at(text, at);
        const bool is_line = lines == Lines::kept && (rune.code == '\n' || rune.code == '\t');
        if (is_hidden(rune.code) && !is_line) return true;
        at += rune.length;
    }
    return false;
}

void check_characters(std::string_view text, const std::string& repaired) {
    check(is_utf8(repaired), "a repaired text that is not UTF-8", repaired);
    check(is_utf8(text) == (text == repaired), "a sound text that was repaired", repaired);
    for (const Lines lines : {Lines::flat, Lines::kept}) {
        const std::string shown = visible(text, lines);
        check(is_utf8(shown) && !has_hidden(shown, lines), "a hidden character that is not shown", shown);
    }
    for (const std::size_t limit : {std::size_t{0}, std::size_t{3}, std::size_t{16}, text.size()}) {
        const std::string cut = shortened(repaired, limit);
        check(cut.size() <= limit + 3 && is_utf8(cut), "a cut that is wrong", cut);
    }
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
            out += text[i] == 'n' ? '\n' : text[i];
        } else {
            out += text[i];
        }
    }
    return out;
}

void check_escaping(std::string_view text, const std::string& repaired) {
    std::string json;
    append_json_string(json, text);
    check_json(json);
    const auto parsed = boost::json::parse(json);
    check(std::string_view(parsed.as_string().data(), parsed.as_string().size()) == repaired, "JSON of another text");
    check(json.find_first_of("<>&") == std::string::npos, "JSON that is HTML", json);

    std::string html;
    append_html(html, text);
    check(html.find_first_of("<>\"'") == std::string::npos, "HTML that is markup", html);
    check(is_utf8(html) && !has_hidden(html, Lines::kept), "HTML with a hidden character", html);

    std::string label;
    append_label_value(label, text);
    check(label.find('\n') == std::string::npos && unescaped(label) == repaired, "a label of another text", label);
    std::string help;
    append_help(help, text, true);
    check(help.find('\n') == std::string::npos && is_utf8(help), "a help of two lines", help);

    std::string go;
    append_go_quoted(go, text);
    check(go.size() >= 2 && !has_hidden(go, Lines::flat) && is_utf8(go), "a Go string that is not printable", go);

    std::string percent = "/";
    append_percent_encoded(percent, text);
    Target target;
    const bool has_nul = text.find('\0') != std::string_view::npos;
    check(parse_target(percent, target) != has_nul, "a path that does not decode", percent);
    check(has_nul || target.path.substr(1) == text, "a path of another text", percent);
    const std::string line = in_quotes(text);
    for (const char c : line) check(c >= 0x20 && c < 0x7f, "a log line that is not printable", line);
    check(line.size() <= 1024, "a log line that is too long", line);
}

void check_numbers(std::string_view text) {
    std::int64_t number = 0;
    std::memcpy(&number, text.data(), std::min(text.size(), sizeof number));
    double real = 0;
    std::memcpy(&real, &number, sizeof real);
    if (std::isfinite(real)) {
        std::string digits;
        append_finite(digits, real);
        check(std::strtod(digits.c_str(), nullptr) == real, "a number that reads back as another", digits);
    }
    for (const int digits : {0, 6, 9}) (void)date_time(number, digits), (void)time_of_day(number, digits);
    const std::string parts[] = {
        iso_time(number),
        go_time(number),
        duration_text(number),
        seconds_text(number),
        age_text(number, 1'795'572'250'937'945'941),
        grouped(static_cast<std::uint64_t>(number)),
        bytes_text(static_cast<std::uint64_t>(number))};
    for (const std::string& part : parts) check(!part.empty() && is_utf8(part), "a time that is no text", part);
    std::int64_t parsed = 0;
    if (parse_duration(text, parsed)) check(parsed >= 0, "a negative duration", text);
    std::string out;
    JsonWriter json(out);
    json.open_object().key("n").integer(number).key("r").number(real).key(text).text(text).close_object();
    check_json(out);
}

// Masking works on lines and words; it must never make a text longer without bound.
void check_masking(std::string_view text) {
    const std::string config = masked_config(text);
    check(config.size() <= text.size() * 10 + 16, "a masked text that grows");
    const bool has_secret = config.find(masked) != std::string::npos;
    const bool has_it_still = masked_config(config).find(masked) != std::string::npos;
    check(!has_secret || has_it_still, "a masked text that is masked no more", config);
    (void)is_secret_key(text);
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    check(masked_cmdline(words).size() == words.size(), "arguments that vanish");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(Bytes(data, size));
    std::string repaired;
    append_repaired(repaired, text);
    check_characters(text, repaired);
    check_escaping(text, repaired);
    check_numbers(text);
    check_masking(text);
    const std::string_view half = text.substr(text.size() / 2);
    check(contains_folded(text, half), "a text that does not hold its own end");
    return 0;
}
