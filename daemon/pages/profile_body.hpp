// Responses made of profiles, on the worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/pages/page.hpp"
#include "daemon/profile/profile.hpp"

namespace quipu {

// What a daemon sent as a profile, gzipped or not, with names for its addresses; nothing: it is no profile.proto.
std::optional<ProfileData> named_profile(std::string_view body, std::int32_t pid, const JobTools& tools);

// profile.proto, gzipped, under that file name, as pprof wants it.
Response profile_file(const ProfileData& profile, std::string_view name);

Response plain_text(std::string text);

// Bytes that a daemon made for tools, as they are: under that file name, or as text where they look like it.
Response unchanged(std::string body, std::string_view name);

// Of bytes in whatever form the daemon has: profile.proto gets names where it lacks some, everything else goes through
// as it is, with the content type that it looks like.
PageJob profile_job(std::string body, std::int32_t pid, std::string name, bool is_text_wanted);

// A response that is whole already, from the worker.
PageJob::Render rendered(Response response);

}  // namespace quipu
