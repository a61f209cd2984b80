// The text of a trace event, as printf() makes it. What mail daemons mostly write (%s, %.*s, %d, %u, %x, %c, with l, ll
// and z) is formatted here, in a tenth of the time that vsnprintf takes; whatever else stands in a format goes there.
// The bytes are the same either way.
#pragma once

#include <array>
#include <cstdarg>
#include <string_view>

#include "proto/limits.hpp"

namespace quipu {

// What fits into one event; longer texts end in "...".
using EventText = std::array<char, limits::max_event_bytes + 1>;

// As a parameter, a va_list is a pointer on some machines and a copy on others; this is one list on all.
struct EventArguments {
    std::va_list list;
};

// As vsnprintf; the usual conversions without it and to the same effect. Both ways walk the arguments, so there are two
// lists of the same ones, each started by the caller: a copy would cost a quarter of the formatting.
// The view is of the beginning of `text`. Where vsnprintf refuses the format it is that: a broken one still tells
// where.
std::string_view format_event(
    EventText& text, const char* format, EventArguments& args, EventArguments& again
) noexcept;

// A text that goes on beyond `text`, which it fills but for the last byte: all of it, ending in the mark.
std::string_view cut_event(EventText& text) noexcept;

}  // namespace quipu
