// Which chasquid it is, from its own front page. Pure; takes any bytes.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay {

struct About {
    std::string version;   // "1.11-2+b2"; empty: not told
    std::string hostname;  // of the operating system
    std::string started;   // as the page writes it; empty: not told
    std::optional<std::chrono::system_clock::time_point> started_at;

    bool operator==(const About&) const = default;
};

About parse_about(std::string_view html);

// The name of one run of chasquid: the same for the same run, whoever makes it and when. `generation` tells apart runs
// that are alike in everything else, such as two starts within a second.
std::array<std::uint8_t, 16> instance_of(
    const About& about, const std::vector<std::string>& cmdline, std::uint32_t generation
);

}  // namespace relay
