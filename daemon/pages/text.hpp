// Text for pages: whatever bytes a peer sent become valid and harmless in the form that is written.
//
// Every function here takes any bytes. What is not UTF-8 becomes U+FFFD, one for each wrong byte (as Go does).
// "Hidden" characters are those that change how a page reads without being seen: control characters, bidirectional
// overrides, zero-width characters. Pages for people show them by name; formats for programs carry them unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/core/utf8.hpp"

namespace quipu {

// --- Characters

bool is_hidden(char32_t code);

void append_utf8(std::string& out, char32_t code);
void append_repaired(std::string& out, std::string_view text);

// Hidden characters by name: U+0000 to U+001F and U+007F as control pictures, others as [U+202E].
// Lines: line feed and tab stay as they are.
enum class Lines : std::uint8_t { flat, kept };
void append_visible(std::string& out, std::string_view text, Lines lines);
std::string visible(std::string_view text, Lines lines = Lines::flat);

// At most that many bytes of it, cut between characters and marked with "...".
std::string shortened(std::string_view text, std::size_t max_bytes);

// --- Escaping

// For element content and quoted attributes; hidden characters by name, lines kept.
void append_html(std::string& out, std::string_view text);

// With the quotes. As Go writes it with HTML escaping, except that quote and backslash are \u0022 and \u005c: the
// exporter that people use rewrites the bytes `\x` wherever they stand, so `\\` must never be written.
void append_json_string(std::string& out, std::string_view text);

// With the quotes, as Go's %q.
void append_go_quoted(std::string& out, std::string_view text);

// A label's value in both metric formats, without the quotes: only \\ \" \n.
void append_label_value(std::string& out, std::string_view text);

// A help text: OpenMetrics escapes the quote too, the older format does not know that.
void append_help(std::string& out, std::string_view text, bool is_quote_escaped);

// For a path segment or a query's name or value: everything but letters, digits and -._~ as %XX.
void append_percent_encoded(std::string& out, std::string_view text);

// --- Numbers

void append_integer(std::string& out, std::uint64_t value);
void append_integer(std::string& out, std::int64_t value);

// Shortest text that reads back to the same double, whole numbers up to 2^53 without exponent. Finite ones only.
void append_finite(std::string& out, double value);

// 1234567 as "1 234 567", for people: grouped by a no-break space.
std::string grouped(std::uint64_t value);

// For people, about three digits: "0.0123", "1.5", "42.1", "1 235"; whole numbers in full. "not a number", "infinite".
std::string number_text(double value);

// 1536 as "1.5 KiB".
std::string bytes_text(std::uint64_t bytes);

// --- Search

// ASCII letters match in either case. An empty needle is found everywhere.
bool contains_folded(std::string_view text, std::string_view needle);
bool equals_folded(std::string_view a, std::string_view b);

}  // namespace quipu
