#include "expvar.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

#include "go_text.hpp"

namespace relay {

namespace {

namespace json = boost::json;

// Moves over blanks.
void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// The string at the front, quotes included, without looking at its escapes; empty: there is none.
std::string_view take_string(std::string_view& text) {
    if (text.empty() || text.front() != '"') return {};
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"') {
            const std::string_view whole = text.substr(0, i + 1);
            text.remove_prefix(i + 1);
            return whole;
        }
    }
    return {};
}

// The value at the front, up to the comma or brace behind it; whether it is one is seen later. Empty: there is none.
std::string_view take_value(std::string_view& text) {
    const std::string_view all = text;
    int depth = 0;
    while (!text.empty()) {
        const char c = text.front();
        if (c == '"') {
            if (take_string(text).empty()) return {};
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}')) break;
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        text.remove_prefix(1);
    }
    std::string_view value = all.substr(0, all.size() - text.size());
    value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    return value;
}

// Old versions of expvar write the keys of maps as Go strings, whose escapes JSON does not all know. Of a JSON text,
// with every string as JSON has it.
std::string with_json_strings(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text.front() != '"') {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        const std::string_view whole = take_string(text);
        if (whole.empty()) return {};
        out += json::serialize(json::string(go_unquoted(whole.substr(1, whole.size() - 2))));
    }
    return out;
}

json::value parse_value(std::string_view text, json::error_code& ec) {
    json::parse_options options;
    options.max_depth = 32;
    options.allow_invalid_utf8 = true;  // as texts and labels it is carried as it is
    json::value value = json::parse({text.data(), text.size()}, ec, {}, options);
    if (!ec) return value;
    const std::string mended = with_json_strings(text);
    return json::parse(mended, ec, {}, options);
}

std::optional<std::uint64_t> as_count(const json::value& value) {
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    return std::nullopt;
}

std::string text_of(json::string_view text) {
    return {text.data(), text.size()};
}

// An object of numbers, or false.
bool read_map(const json::object& object, Variable& out) {
    bool are_counts = true;
    for (const auto& [key, value] : object) {
        if (!value.is_number()) return false;
        are_counts = are_counts && as_count(value);
    }
    out.kind = are_counts ? ValueKind::counts : ValueKind::numbers;
    for (const auto& [key, value] : object) {
        if (are_counts) {
            out.counts.emplace_back(text_of(key), *as_count(value));
        } else {
            out.numbers.emplace_back(text_of(key), value.to_number<double>());
        }
    }
    return true;
}

bool read_variable(std::string_view text, Variable& out) {
    json::error_code ec;
    const json::value value = parse_value(text, ec);
    if (ec) return false;
    if (const auto count = as_count(value)) {
        out.kind = ValueKind::count;
        out.count = *count;
        out.number = static_cast<double>(*count);
    } else if (value.is_number()) {
        out.kind = ValueKind::number;
        out.number = value.to_number<double>();
    } else if (value.is_string()) {
        out.kind = ValueKind::text;
        out.text = text_of(value.get_string());
    } else if (!value.is_object() || !read_map(value.get_object(), out)) {
        out.kind = ValueKind::document;
        out.text = text;
    }
    return true;
}

bool read_cmdline(std::string_view text, std::vector<std::string>& out) {
    json::error_code ec;
    const json::value value = parse_value(text, ec);
    if (ec || !value.is_array()) return false;
    for (const json::value& one : value.get_array()) {
        if (!one.is_string()) return false;
        out.push_back(text_of(one.get_string()));
    }
    return true;
}

}  // namespace

bool parse_expvar(std::string_view page, Snapshot& out, std::vector<std::string>& left_out, std::string& why) {
    out = {};
    why = "is no page of variables in JSON, as Go's expvar prints it";
    skip_blanks(page);
    if (page.empty() || page.front() != '{') return false;
    page.remove_prefix(1);
    skip_blanks(page);
    bool is_over = page.starts_with('}');
    while (!is_over) {
        skip_blanks(page);
        const std::string_view quoted = take_string(page);
        skip_blanks(page);
        if (quoted.empty() || page.empty() || page.front() != ':') return false;
        page.remove_prefix(1);
        skip_blanks(page);
        const std::string_view value = take_value(page);
        if (value.empty() || page.empty()) return false;
        is_over = page.front() == '}';
        page.remove_prefix(1);
        std::string name = go_unquoted(quoted.substr(1, quoted.size() - 2));
        if (out.variables.size() >= max_variables) {
            why = "has more than " + std::to_string(max_variables) + " variables";
            return false;
        }
        Variable variable;
        const bool is_cmdline = name == "cmdline";
        const bool is_good = is_cmdline ? read_cmdline(value, out.cmdline) : read_variable(value, variable);
        if (!is_good) {
            left_out.push_back(std::move(name));
        } else if (!is_cmdline) {
            variable.name = std::move(name);
            out.variables.push_back(std::move(variable));
        }
    }
    return true;
}

}  // namespace relay
