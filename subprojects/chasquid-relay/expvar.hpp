// A page of Go's expvar, taken apart. Pure; takes any bytes, within bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay {

enum class ValueKind : std::uint8_t {
    count,   // a whole number from 0 to 2^64 - 1
    number,  // any other
    text,
    counts,    // an object of whole numbers; an empty one, too
    numbers,   // an object of numbers
    document,  // anything else, as JSON
};

struct Variable {
    std::string name;
    ValueKind kind = ValueKind::document;
    std::uint64_t count = 0;
    double number = 0;
    std::string text;  // of a document: its JSON
    std::vector<std::pair<std::string, std::uint64_t>> counts;
    std::vector<std::pair<std::string, double>> numbers;

    [[nodiscard]] bool is_number() const { return kind == ValueKind::count || kind == ValueKind::number; }
};

struct Snapshot {
    std::vector<std::string> cmdline;
    std::vector<Variable> variables;
};

inline constexpr std::size_t max_variables = 10'000;

// false: the page is not one of expvar, `why` says so in half a sentence ("is no JSON object"). Where a variable alone
// is wrong, it is left out and its name added to `left_out`.
bool parse_expvar(std::string_view page, Snapshot& out, std::vector<std::string>& left_out, std::string& why);

}  // namespace relay
