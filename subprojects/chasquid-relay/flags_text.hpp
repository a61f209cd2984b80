// chasquid's page of flags, taken apart. Pure; takes any bytes.
#pragma once

#include <quipu/emitter.hpp>

#include <string_view>
#include <vector>

namespace relay {

// Lines "-name=value": the set ones first, then, behind an empty line, those that have their defaults. Lines of another
// form are left out; at most 1000 are taken.
std::vector<quipu::Flag> parse_flags_page(std::string_view page);

}  // namespace relay
