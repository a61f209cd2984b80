// The process behind a command line and a time of start, among those of this machine that /proc shows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace relay {

// 0: none, or several.
std::uint32_t find_process(const std::vector<std::string>& cmdline, std::chrono::system_clock::time_point started);

}  // namespace relay
