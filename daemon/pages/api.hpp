// What the pages under /api/v1/ share: how they name series and write values, and how they say no.
// What they answer is documented where users read it: web/api.txt, served at /api/v1/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/pages/json.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

// A family with more labels is left out where everything is shown at once.
inline constexpr std::size_t api_few_labels = 64;
// Values that are shown at once, where nothing narrower is asked for.
inline constexpr std::size_t api_most_values = 2000;

inline constexpr std::string_view json_type = "application/json; charset=utf-8";

std::string_view kind_word(Kind kind);

// Names and labels as JSON carries them: what is not UTF-8 is replaced, and found again by that.
const Family* find_family(const State& state, std::string_view name);
const Series* find_series(const Family& family, std::string_view label);

// The latest value: a count (text beyond 2^53), a number, a text; a histogram's count and sum. null: not known.
void write_value(JsonWriter& json, const Family& family, const Series& series);

// Families of mail daemons with few labels, in order, until there are api_most_values values. false: some were left
// out.
bool shown_at_once(const State& state, std::vector<const Family*>& out);

// Of the traces that are open, the one that began first. One that goes on as long as its process says nothing of how
// slow anything is: families none of whose traces has ever ended come late, listeners last. null: none is open.
const TraceRecord* slowest_open(const State& state);
inline constexpr std::string_view listener_ending = ".Listen";

// The trace that is open longest, and how many are; the same for /api/v1/now and the stream.
void write_traces(JsonWriter& json, const State& state, Now now);

// 400, "what 'VALUE' wanted": the value is shortened, or left out where it has odd characters.
Response refuse_value(std::string_view what, std::string_view value, std::string_view wanted);

// A whole number of seconds; fractions are cut off.
std::optional<std::int64_t> parse_seconds(std::string_view text);
std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t least, std::int64_t most);

}  // namespace quipu
