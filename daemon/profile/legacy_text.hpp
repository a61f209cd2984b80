// Profiles as the text that Go's debug=1 gives, which people read and pprof reads too.
#pragma once

#include <string>
#include <string_view>

#include "daemon/profile/profile.hpp"

namespace quipu {

// "goroutine profile: total 12", then each stack with its count, the most frequent first, its addresses, functions,
// files and lines; mappings at the end. `name`: one word. Names may hold any bytes: escape for where it is shown.
std::string legacy_text(const ProfileData& profile, std::string_view name, std::size_t value);

std::string hex_address(std::uint64_t address);  // "0x7f12"

}  // namespace quipu
