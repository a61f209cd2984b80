// What people look at in a profile: stacks put together by their functions' names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/profile/profile.hpp"

namespace quipu {

// The name that a line of a location has, or what stands for it: "libc.so.6+0x1f2a0" or "0x7f..".
std::string frame_name(const ProfileData& profile, const ProfileLocation& location, std::size_t line);

// Control characters replaced, for forms that have one name a line.
std::string on_one_line(std::string name);

// Not beyond the largest number. `value` is not negative.
void add_up(std::int64_t& sum, std::int64_t value);

// Sum of one value over all samples. Here and below: negative values count as 0, sums end at the largest number.
std::int64_t total_of(const ProfileData& profile, std::size_t value);

// One line a stack, sorted: "main;serve;read 12". Signs that the form itself uses are replaced in names.
std::string folded_stacks(const ProfileData& profile, std::size_t value);

struct TopRow {
    std::string name;
    std::string file;       // empty: not known
    std::int64_t flat = 0;  // in the function itself
    std::int64_t cum = 0;   // in it and all that it calls; recursion counts once
};

// By flat, then cum, the largest first.
std::vector<TopRow> top_functions(const ProfileData& profile, std::size_t value);

struct FlameNode {
    std::uint32_t name = 0;  // in FlameTree::names
    std::int64_t value = 0;  // with all below it
    std::uint32_t depth = 0;
};

// In the order of a walk from the root, callers before callees, siblings by name; depth says where each stands.
struct FlameTree {
    std::vector<std::string> names;
    std::vector<FlameNode> nodes;  // the first is the root, "all"
    std::size_t left_out = 0;      // nodes beyond the limit: the smallest ones
};

struct FlameLimits {
    std::size_t nodes = 20'000;
    std::size_t depth = 512;  // deeper callees are added to their caller
    std::size_t building = 2'000'000;
};

FlameTree flame_tree(const ProfileData& profile, std::size_t value, const FlameLimits& limits = {});

}  // namespace quipu
