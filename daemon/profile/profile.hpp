// A profile as pprof's profile.proto (github.com/google/pprof, proto/profile.proto) has it: samples of stacks, and what
// stands at each address. Values only; reading takes any bytes and never throws.
//
// Texts are numbers of `strings`, as in the file, so that a peer cannot make one text be kept a million times.
// References between records are positions in the vectors; reading checks every one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quipu {

using StringId = std::uint32_t;  // position in ProfileData::strings; 0 is ""

inline constexpr std::uint32_t no_index = 0xFFFFFFFF;

struct ProfileValueType {
    StringId type = 0;  // "samples", "cpu"
    StringId unit = 0;  // "count", "nanoseconds"
};

struct ProfileMapping {
    std::uint64_t start = 0;
    std::uint64_t limit = 0;  // first address after it
    std::uint64_t file_offset = 0;
    StringId file = 0;
    StringId build_id = 0;  // hex
    bool has_functions = false;
    bool has_filenames = false;
    bool has_line_numbers = false;
    bool has_inline_frames = false;

    [[nodiscard]] bool holds(std::uint64_t address) const { return address >= start && address < limit; }
};

struct ProfileFunction {
    StringId name = 0;
    StringId system_name = 0;
    StringId file = 0;
    std::int64_t start_line = 0;
};

struct ProfileLine {
    std::uint32_t function = no_index;
    std::int64_t line = 0;  // 0: not known
};

struct ProfileLocation {
    std::uint32_t mapping = no_index;
    std::uint64_t address = 0;
    std::vector<ProfileLine> lines;  // the innermost inlined one first; empty: no symbol is known
};

struct ProfileLabel {
    StringId key = 0;
    StringId text = 0;
    std::int64_t number = 0;
    StringId unit = 0;
};

struct ProfileSample {
    std::vector<std::uint32_t> locations;  // the leaf first
    std::vector<std::int64_t> values;      // one a sample type
    std::vector<ProfileLabel> labels;
};

// (The emitter half of proto, of which the sampler is linked here too, has a Profile of its own, for writing.)
struct ProfileData {
    std::vector<std::string> strings{""};
    std::vector<ProfileValueType> sample_types;
    std::vector<ProfileSample> samples;
    std::vector<ProfileMapping> mappings;
    std::vector<ProfileLocation> locations;
    std::vector<ProfileFunction> functions;
    std::vector<StringId> comments;
    std::int64_t time_ns = 0;
    std::int64_t duration_ns = 0;
    ProfileValueType period_type;
    std::int64_t period = 0;
    StringId default_sample_type = 0;

    // `id` is one that reading or Interner gave.
    [[nodiscard]] const std::string& text(StringId id) const { return strings[id]; }
};

// Finds or adds texts of a profile that is being made or changed; lives no longer than it.
class Interner {
public:
    explicit Interner(ProfileData& profile);
    StringId operator()(std::string_view text);

private:
    ProfileData& profile_;
    std::unordered_map<std::string, StringId> known_;
};

// Beyond them a profile is refused: what a record takes in memory may be forty times its bytes.
struct ProfileLimits {
    std::size_t bytes = std::size_t{64} * 1024 * 1024;
    std::size_t samples = 500'000;
    std::size_t locations = 500'000;
    std::size_t functions = 500'000;
    std::size_t mappings = 65'536;
    std::size_t strings = 1'000'000;
    std::size_t frames = 16'000'000;  // locations of all samples, lines of all locations, labels and values together
    std::size_t sample_types = 64;
};

// Nothing: it is not a profile, refers to what is not there, or is beyond the limits.
[[nodiscard]] std::optional<ProfileData> read_profile(std::string_view input, const ProfileLimits& limits = {});

// As the protocol has it, not compressed.
std::string write_profile(const ProfileData& profile);

// The position of the sample type that people mean: the default one where it is named, else the last, as pprof does.
// The profile has at least one.
std::size_t shown_sample_type(const ProfileData& profile);

}  // namespace quipu
