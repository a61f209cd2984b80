// gzip for bodies (RFC 1952).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

// Bodies beyond this are only wrapped, not squeezed: the one thread that serves must not stall for them, and who
// scrapes that much is near.
inline constexpr std::size_t max_squeezed_bytes = 2 * 1024 * 1024;

std::string gzip(std::string_view body);

// The same on a worker, where it may take its time: always squeezed.
std::string gzip_whole(std::string_view body);

// For what is made once and sent often: as small as it gets.
std::string gzip_small(std::string_view body);

bool is_gzip(std::string_view bytes);

// Nothing: it is damaged, not whole, or becomes longer than `most`: a peer's few bytes may unfold to gigabytes.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace quipu
