// Profiles made by hand, for tests of what reads and shows them.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/profile/profile.hpp"

namespace quipu::test {

// Stacks of functions, and their values.
class ProfileMaker {
public:
    ProfileMaker() : intern_(profile_) {
        profile_.sample_types = {{intern_("samples"), intern_("count")}, {intern_("cpu"), intern_("nanoseconds")}};
        profile_.period_type = profile_.sample_types[1];
        profile_.period = 10'000'000;
        profile_.duration_ns = 2'000'000'000;
        ProfileMapping& mapping = profile_.mappings.emplace_back();
        mapping.start = 0x1000;
        mapping.limit = 0x9000;
        mapping.file_offset = 0x400;
        mapping.file = intern_("/usr/sbin/maild");
        mapping.build_id = intern_("0123456789abcdef");
    }

    // The leaf first.
    ProfileMaker& stack(const std::vector<std::string_view>& names, std::int64_t count) {
        ProfileSample& sample = profile_.samples.emplace_back();
        sample.values = {count, count * 10'000'000};
        sample.labels.push_back({intern_("thread"), intern_("main"), 0, 0});
        for (const std::string_view name : names) sample.locations.push_back(location(name));
        return *this;
    }

    // A stack of one address without a name.
    ProfileMaker& address(std::uint64_t address, std::int64_t count) {
        ProfileSample& sample = profile_.samples.emplace_back();
        sample.values = {count, count * 10'000'000};
        sample.locations.push_back(static_cast<std::uint32_t>(profile_.locations.size()));
        profile_.locations.push_back({0, address, {}});
        return *this;
    }

    // A location of its own, with the innermost inlined function first.
    std::uint32_t location(const std::vector<std::string_view>& names) {
        const auto index = static_cast<std::uint32_t>(profile_.locations.size());
        ProfileLocation& location = profile_.locations.emplace_back();
        location.mapping = 0;
        location.address = 0x1000 + index * 16;
        for (const std::string_view name : names) {
            location.lines.push_back({static_cast<std::uint32_t>(profile_.functions.size()), 7});
            profile_.functions.push_back({intern_(name), intern_(name), intern_("/src/maild.cpp"), 5});
        }
        return index;
    }

    ProfileData& profile() { return profile_; }

    StringId text(std::string_view text) { return intern_(text); }

private:
    std::uint32_t location(std::string_view name) {
        for (std::uint32_t i = 0; i < profile_.locations.size(); ++i) {
            const ProfileLocation& known = profile_.locations[i];
            const bool is_plain = known.lines.size() == 1;
            if (is_plain && profile_.text(profile_.functions[known.lines[0].function].name) == name) return i;
        }
        return location(std::vector<std::string_view>{name});
    }

    ProfileData profile_;
    Interner intern_;
};

}  // namespace quipu::test
