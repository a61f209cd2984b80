#include "daemon/profile/legacy_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "daemon/profile/stacks.hpp"

namespace quipu {

namespace {

// Readers of this form take the addresses for return addresses and step back by one. Made stacks have none.
std::string return_address(std::uint64_t address) {
    return hex_address(address == 0 ? 0 : address + 1);
}

void append_location(std::string& out, const ProfileData& profile, const ProfileLocation& location) {
    if (location.lines.empty()) {
        out += "#\t" + hex_address(location.address) + "\t" + on_one_line(frame_name(profile, location, 0)) + "\n";
        return;
    }
    for (std::size_t i = 0; i < location.lines.size(); ++i) {
        out += "#\t" + hex_address(location.address) + "\t" + on_one_line(frame_name(profile, location, i));
        const ProfileLine& line = location.lines[i];
        const std::string& file =
            line.function == no_index ? profile.text(0) : profile.text(profile.functions[line.function].file);
        if (!file.empty()) out += "\t" + on_one_line(file) + ":" + std::to_string(line.line);
        out += "\n";
    }
}

void append_mappings(std::string& out, const ProfileData& profile) {
    if (profile.mappings.empty()) return;
    out += "--- Memory map: ---\n";
    for (const ProfileMapping& mapping : profile.mappings) {
        std::array<char, 96> line;
        const int size = std::snprintf(
            line.data(),
            line.size(),
            "%012llx-%012llx r-xp %08llx 00:00 0 ",
            static_cast<unsigned long long>(mapping.start),
            static_cast<unsigned long long>(mapping.limit),
            static_cast<unsigned long long>(mapping.file_offset)
        );
        out.append(line.data(), static_cast<std::size_t>(size));
        out += on_one_line(profile.text(mapping.file)) + "\n";
    }
}

}  // namespace

std::string hex_address(std::uint64_t address) {
    std::array<char, 20> text;
    const int size = std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(address));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string legacy_text(const ProfileData& profile, std::string_view name, std::size_t value) {
    std::map<std::vector<std::uint32_t>, std::int64_t> stacks;
    for (const ProfileSample& sample : profile.samples) {
        add_up(stacks[sample.locations], std::max<std::int64_t>(sample.values[value], 0));
    }
    std::vector<std::pair<std::int64_t, const std::vector<std::uint32_t>*>> by_count;
    for (const auto& [stack, count] : stacks) by_count.emplace_back(count, &stack);
    std::stable_sort(by_count.begin(), by_count.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::string out(name);
    out += " profile: total " + std::to_string(total_of(profile, value)) + "\n";
    for (const auto& [count, stack] : by_count) {
        out += std::to_string(count) + " @";
        for (const std::uint32_t location : *stack) out += " " + return_address(profile.locations[location].address);
        if (stack->empty()) out += " 0x0";  // readers want at least one
        out += "\n";
        for (const std::uint32_t location : *stack) append_location(out, profile, profile.locations[location]);
        out += "\n";
    }
    append_mappings(out, profile);
    return out;
}

}  // namespace quipu
