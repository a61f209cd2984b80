// The profiles under /debug/pprof/ that tools know.
#pragma once

#include <span>
#include <string_view>

namespace quipu {

struct ProfileKind {
    std::string_view name;   // the last part of the path
    std::string_view topic;  // what the daemon is asked; empty: quipud knows it from Hello
    std::string_view what;   // in sentences: "offers no heap profile"
    std::string_view about;  // one line for the index
};

std::span<const ProfileKind> profile_kinds();
// Null: there is none.
const ProfileKind* find_profile_kind(std::string_view name);

}  // namespace quipu
