// A profile as the flame page shows it, made on the worker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/pages/render.hpp"
#include "daemon/profile/profile.hpp"
#include "daemon/profile/stacks.hpp"

namespace quipu {

struct FlameView {
    std::string unit;   // "nanoseconds", "count"
    std::string total;  // for people: "1.23 s", "12"
    std::int64_t total_value = 0;
    std::size_t stacks = 0;
    std::vector<TopRow> top;    // as many as the table shows
    std::size_t functions = 0;  // of the whole profile
    std::string tree_json;      // for flame.js
    std::size_t left_out = 0;   // of the tree
    std::string pprof_link;     // data: URLs, so that it is this profile that is saved; empty: it is too large
    std::string folded_link;
    std::vector<std::string> notes;  // the profile's comments
};

// `value`: position of the sample type.
FlameView make_flame(const ProfileData& profile, std::size_t value);

void set_flame(View& view, const FlameView& flame);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace quipu
