#include "daemon/profile/thread_profile.hpp"

#include <algorithm>
#include <unordered_map>

#include "daemon/core/now.hpp"

namespace quipu {

namespace {

// Made functions, for stacks that are no addresses.
class Made {
public:
    Made(ProfileData& profile, Interner& intern) : profile_(profile), intern_(intern) {}

    std::uint32_t location(std::string_view name) {
        const StringId text = intern_(name);
        const auto [it, is_new] = known_.try_emplace(text, static_cast<std::uint32_t>(profile_.locations.size()));
        if (!is_new) return it->second;
        ProfileLocation& location = profile_.locations.emplace_back();
        location.lines.push_back({static_cast<std::uint32_t>(profile_.functions.size()), 0});
        profile_.functions.push_back({text, text, 0, 0});
        return it->second;
    }

private:
    ProfileData& profile_;
    Interner& intern_;
    std::unordered_map<StringId, std::uint32_t> known_;
};

void add_mappings(ProfileData& profile, Interner& intern, const wire::ThreadReport& report) {
    for (const wire::Mapping& mapping : report.mappings) {
        ProfileMapping& out = profile.mappings.emplace_back();
        out.start = mapping.memory_start;
        out.limit = mapping.memory_limit;
        out.file_offset = mapping.file_offset;
        out.file = intern(mapping.filename);
        out.build_id = intern(mapping.build_id);
    }
}

}  // namespace

ProfileLocation locate(const ProfileData& profile, std::uint64_t address) {
    ProfileLocation location;
    location.address = address;
    const auto it = std::find_if(profile.mappings.begin(), profile.mappings.end(), [address](const ProfileMapping& m) {
        return m.holds(address);
    });
    if (it != profile.mappings.end()) location.mapping = static_cast<std::uint32_t>(it - profile.mappings.begin());
    return location;
}

ProfileData mappings_profile(const wire::ThreadReport& report) {
    ProfileData profile;
    Interner intern(profile);
    profile.sample_types.emplace_back();
    add_mappings(profile, intern, report);
    return profile;
}

ProfileData thread_profile(const wire::ThreadReport& report) {
    ProfileData profile;
    Interner intern(profile);
    profile.sample_types.push_back({intern("goroutine"), intern("count")});
    profile.period_type = profile.sample_types.front();
    profile.period = 1;
    profile.time_ns = wall_time(report.taken_wall_ns);
    add_mappings(profile, intern, report);
    std::unordered_map<std::uint64_t, std::uint32_t> by_address;
    for (const wire::Thread& thread : report.threads) {
        ProfileSample& sample = profile.samples.emplace_back();
        sample.values = {1};
        sample.labels.push_back({intern("thread"), intern(thread.name), 0, 0});
        sample.labels.push_back({intern("tid"), 0, std::int64_t{thread.tid}, 0});
        sample.labels.push_back({intern("state"), intern(thread.state), 0, 0});
        for (const std::uint64_t address : thread.stack) {
            const auto next = static_cast<std::uint32_t>(profile.locations.size());
            const auto [it, is_new] = by_address.try_emplace(address, next);
            if (is_new) profile.locations.push_back(locate(profile, address));
            sample.locations.push_back(it->second);
        }
    }
    Made made(profile, intern);
    for (const wire::Task& task : report.tasks) {
        ProfileSample& sample = profile.samples.emplace_back();
        sample.values = {1};
        sample.labels.push_back({intern("task"), intern(task.name), 0, 0});
        sample.locations.push_back(made.location(task.waits_for.empty() ? "[runs]" : task.waits_for));
        sample.locations.push_back(made.location(task.group));
    }
    return profile;
}

}  // namespace quipu
