// gzip for bodies (RFC 1952).
#pragma once

#include <string>
#include <string_view>

namespace quipu {

// Bodies beyond this are only wrapped, not squeezed: the one thread that serves must not stall for them, and who
// scrapes that much is near.
inline constexpr std::size_t max_squeezed_bytes = 2 * 1024 * 1024;

std::string gzip(std::string_view body);

}  // namespace quipu
