// A profile, as a mail daemon answers it: any bytes. What is read refers to nothing that is not there, is within the
// limits, and is the same when it has been written and read again.
#include <string>

#include "daemon/profile/profile.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

// Small ones: what is beyond them is to be reached.
constexpr ProfileLimits limits{
    .bytes = 65536,
    .samples = 500,
    .locations = 500,
    .functions = 500,
    .mappings = 50,
    .strings = 1000,
    .frames = 5000,
    .sample_types = 8,
};

void check_text(const ProfileData& profile, StringId id) {
    check(id < profile.strings.size(), "a text that is not there");
}

void check_places(const ProfileData& profile) {
    for (const ProfileFunction& one : profile.functions) {
        for (const StringId id : {one.name, one.system_name, one.file}) check_text(profile, id);
    }
    for (const ProfileMapping& one : profile.mappings) {
        for (const StringId id : {one.file, one.build_id}) check_text(profile, id);
    }
    for (const ProfileLocation& one : profile.locations) {
        check(one.mapping == no_index || one.mapping < profile.mappings.size(), "a mapping that is not there");
        for (const ProfileLine& line : one.lines) {
            check(line.function == no_index || line.function < profile.functions.size(), "no such function");
        }
    }
}

std::size_t check_samples(const ProfileData& profile) {
    std::size_t frames = 0;
    for (const ProfileSample& one : profile.samples) {
        check(one.values.size() == profile.sample_types.size(), "a sample without a value of each type");
        for (const std::uint32_t at : one.locations) check(at < profile.locations.size(), "no such location");
        for (const ProfileLabel& label : one.labels) {
            for (const StringId id : {label.key, label.text, label.unit}) check_text(profile, id);
        }
        frames += one.locations.size() + one.labels.size() + one.values.size();
    }
    for (const ProfileLocation& one : profile.locations) frames += one.lines.size();
    return frames;
}

void check_profile(const ProfileData& profile) {
    check(!profile.strings.empty() && profile.strings[0].empty(), "text 0 is not empty");
    for (const ProfileValueType& type : profile.sample_types) {
        check_text(profile, type.type);
        check_text(profile, type.unit);
    }
    for (const StringId id : profile.comments) check_text(profile, id);
    check_text(profile, profile.period_type.type);
    check_text(profile, profile.period_type.unit);
    check_text(profile, profile.default_sample_type);
    check_places(profile);
    check(check_samples(profile) <= limits.frames, "more frames than the limit");
    check(profile.samples.size() <= limits.samples && profile.locations.size() <= limits.locations, "too many");
    check(profile.functions.size() <= limits.functions && profile.mappings.size() <= limits.mappings, "too many");
    check(profile.strings.size() <= limits.strings, "too many texts");
    if (!profile.sample_types.empty()) check(shown_sample_type(profile) < profile.sample_types.size(), "no such type");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto profile = read_profile(as_text(Bytes(data, size)), limits);
    if (!profile) return 0;
    check_profile(*profile);
    const std::string written = write_profile(*profile);
    const auto again = read_profile(written);
    check(again.has_value(), "what was written cannot be read");
    check(write_profile(*again) == written, "written twice, it is not the same");
    check(again->samples.size() == profile->samples.size(), "other samples");
    return 0;
}
