#include <algorithm>
#include <exception>
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "daemon/profile/profile.hpp"
#include "daemon/profile/profile_fields.hpp"

namespace quipu {

namespace {

namespace field = profile_field;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

// A field is known by its number and its wire type together; of another type it is unknown, and skipped.
template <typename Field>
constexpr std::uint32_t varint(Field field) {
    return protozero::tag_and_type(static_cast<std::uint32_t>(field), pbf_wire_type::varint);
}

template <typename Field>
constexpr std::uint32_t bytes(Field field) {
    return protozero::tag_and_type(static_cast<std::uint32_t>(field), pbf_wire_type::length_delimited);
}

// What is wrong with it does not matter: a profile is read whole or not at all.
struct Refused : std::exception {};

void demand(bool is_so) {
    if (!is_so) throw Refused{};
}

// From ids in the file, any 64 bits, to positions. Sorted and not hashed: a peer chooses the ids.
class Ids {
public:
    void add(std::uint64_t id) {
        demand(id != 0);
        all_.push_back(Entry{id, static_cast<std::uint32_t>(all_.size())});
    }

    void settle() {
        std::sort(all_.begin(), all_.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
        const auto is_same = [](const Entry& a, const Entry& b) { return a.id == b.id; };
        demand(std::adjacent_find(all_.begin(), all_.end(), is_same) == all_.end());
    }

    [[nodiscard]] std::uint32_t index(std::uint64_t id) const {
        // Writers number from 1, without gaps.
        if (id - 1 < all_.size() && all_[id - 1].id == id) return all_[id - 1].index;
        const auto it =
            std::lower_bound(all_.begin(), all_.end(), id, [](const Entry& a, std::uint64_t b) { return a.id < b; });
        demand(it != all_.end() && it->id == id);
        return it->index;
    }

    [[nodiscard]] std::uint32_t index_or_none(std::uint64_t id) const { return id == 0 ? no_index : index(id); }

private:
    struct Entry {
        std::uint64_t id;
        std::uint32_t index;
    };

    std::vector<Entry> all_;
};

// References as they stand in the file, until every record is there.
struct RawSample {
    std::vector<std::uint64_t> locations;
};

struct RawLocation {
    std::uint64_t mapping = 0;
    std::vector<std::uint64_t> functions;  // one a line
};

class Reader {
public:
    explicit Reader(const ProfileLimits& limits) : limits_(limits) { profile_.strings.clear(); }

    ProfileData read(std::string_view input) {
        demand(input.size() <= limits_.bytes);
        pbf_reader root(input.data(), input.size());
        while (root.next()) read_record(root);
        resolve();
        return std::move(profile_);
    }

private:
    void read_record(pbf_reader& root);
    void read_sample(pbf_reader in);
    void read_mapping(pbf_reader in);
    void read_location(pbf_reader in);
    void read_line(pbf_reader in, ProfileLocation& location, RawLocation& raw);
    void read_function(pbf_reader in);
    void resolve();

    static ProfileValueType read_type(pbf_reader in);
    static ProfileLabel read_label(pbf_reader in);

    template <typename Value, typename Take>
    void read_numbers(pbf_reader& in, Take take) {
        if (in.wire_type() == pbf_wire_type::varint) {
            count_frame();
            take(static_cast<Value>(in.get_uint64()));
            return;
        }
        for (const std::uint64_t value : in.get_packed_uint64()) {
            count_frame();
            take(static_cast<Value>(value));
        }
    }

    void count_frame() { demand(++frames_ <= limits_.frames); }

    static StringId string_id(std::uint64_t id) {
        demand(id < std::numeric_limits<StringId>::max());
        return static_cast<StringId>(id);
    }

    void check(StringId id) const { demand(id < profile_.strings.size()); }

    const ProfileLimits& limits_;
    ProfileData profile_;
    std::size_t frames_ = 0;
    std::vector<RawSample> raw_samples_;
    std::vector<RawLocation> raw_locations_;
    Ids mapping_ids_;
    Ids location_ids_;
    Ids function_ids_;
};

ProfileValueType Reader::read_type(pbf_reader in) {
    ProfileValueType type;
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Type::type): type.type = string_id(in.get_uint64()); continue;
            case varint(field::Type::unit): type.unit = string_id(in.get_uint64()); continue;
        }
        in.skip();
    }
    return type;
}

ProfileLabel Reader::read_label(pbf_reader in) {
    ProfileLabel label;
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Label::key): label.key = string_id(in.get_uint64()); continue;
            case varint(field::Label::str): label.text = string_id(in.get_uint64()); continue;
            case varint(field::Label::num): label.number = in.get_int64(); continue;
            case varint(field::Label::num_unit): label.unit = string_id(in.get_uint64()); continue;
        }
        in.skip();
    }
    return label;
}

void Reader::read_record(pbf_reader& root) {
    switch (root.tag_and_type()) {
        case bytes(field::Root::sample_type):
            demand(profile_.sample_types.size() < limits_.sample_types);
            profile_.sample_types.push_back(read_type(root.get_message()));
            return;
        case bytes(field::Root::sample): read_sample(root.get_message()); return;
        case bytes(field::Root::mapping): read_mapping(root.get_message()); return;
        case bytes(field::Root::location): read_location(root.get_message()); return;
        case bytes(field::Root::function): read_function(root.get_message()); return;
        case bytes(field::Root::string_table): {
            demand(profile_.strings.size() < limits_.strings);
            const auto view = root.get_view();
            profile_.strings.emplace_back(view.data(), view.size());
            return;
        }
        case varint(field::Root::time_nanos): profile_.time_ns = root.get_int64(); return;
        case varint(field::Root::duration_nanos): profile_.duration_ns = root.get_int64(); return;
        case bytes(field::Root::period_type): profile_.period_type = read_type(root.get_message()); return;
        case varint(field::Root::period): profile_.period = root.get_int64(); return;
        case varint(field::Root::comment):
        case bytes(field::Root::comment):
            read_numbers<std::uint64_t>(root, [this](std::uint64_t id) { profile_.comments.push_back(string_id(id)); });
            return;
        case varint(field::Root::default_sample_type):
            profile_.default_sample_type = string_id(root.get_uint64());
            return;
    }
    root.skip();
}

void Reader::read_sample(pbf_reader in) {
    demand(profile_.samples.size() < limits_.samples);
    ProfileSample& sample = profile_.samples.emplace_back();
    RawSample& raw = raw_samples_.emplace_back();
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Sample::location_id):
            case bytes(field::Sample::location_id):
                read_numbers<std::uint64_t>(in, [&raw](std::uint64_t id) { raw.locations.push_back(id); });
                continue;
            case varint(field::Sample::value):
            case bytes(field::Sample::value):
                read_numbers<std::int64_t>(in, [&sample](std::int64_t value) { sample.values.push_back(value); });
                continue;
            case bytes(field::Sample::label):
                count_frame();
                sample.labels.push_back(read_label(in.get_message()));
                continue;
        }
        in.skip();
    }
}

void Reader::read_mapping(pbf_reader in) {
    demand(profile_.mappings.size() < limits_.mappings);
    ProfileMapping& mapping = profile_.mappings.emplace_back();
    std::uint64_t id = 0;
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Mapping::id): id = in.get_uint64(); continue;
            case varint(field::Mapping::memory_start): mapping.start = in.get_uint64(); continue;
            case varint(field::Mapping::memory_limit): mapping.limit = in.get_uint64(); continue;
            case varint(field::Mapping::file_offset): mapping.file_offset = in.get_uint64(); continue;
            case varint(field::Mapping::filename): mapping.file = string_id(in.get_uint64()); continue;
            case varint(field::Mapping::build_id): mapping.build_id = string_id(in.get_uint64()); continue;
            case varint(field::Mapping::has_functions): mapping.has_functions = in.get_uint64() != 0; continue;
            case varint(field::Mapping::has_filenames): mapping.has_filenames = in.get_uint64() != 0; continue;
            case varint(field::Mapping::has_line_numbers): mapping.has_line_numbers = in.get_uint64() != 0; continue;
            case varint(field::Mapping::has_inline_frames): mapping.has_inline_frames = in.get_uint64() != 0; continue;
        }
        in.skip();
    }
    mapping_ids_.add(id);
}

void Reader::read_line(pbf_reader in, ProfileLocation& location, RawLocation& raw) {
    count_frame();
    ProfileLine& line = location.lines.emplace_back();
    std::uint64_t& function = raw.functions.emplace_back(0);
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Line::function_id): function = in.get_uint64(); continue;
            case varint(field::Line::line): line.line = in.get_int64(); continue;
        }
        in.skip();
    }
}

void Reader::read_location(pbf_reader in) {
    demand(profile_.locations.size() < limits_.locations);
    ProfileLocation& location = profile_.locations.emplace_back();
    RawLocation& raw = raw_locations_.emplace_back();
    std::uint64_t id = 0;
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Location::id): id = in.get_uint64(); continue;
            case varint(field::Location::mapping_id): raw.mapping = in.get_uint64(); continue;
            case varint(field::Location::address): location.address = in.get_uint64(); continue;
            case bytes(field::Location::line): read_line(in.get_message(), location, raw); continue;
        }
        in.skip();
    }
    location_ids_.add(id);
}

void Reader::read_function(pbf_reader in) {
    demand(profile_.functions.size() < limits_.functions);
    ProfileFunction& function = profile_.functions.emplace_back();
    std::uint64_t id = 0;
    while (in.next()) {
        switch (in.tag_and_type()) {
            case varint(field::Function::id): id = in.get_uint64(); continue;
            case varint(field::Function::name): function.name = string_id(in.get_uint64()); continue;
            case varint(field::Function::system_name): function.system_name = string_id(in.get_uint64()); continue;
            case varint(field::Function::filename): function.file = string_id(in.get_uint64()); continue;
            case varint(field::Function::start_line): function.start_line = in.get_int64(); continue;
        }
        in.skip();
    }
    function_ids_.add(id);
}

void Reader::resolve() {
    ProfileData& p = profile_;
    demand(!p.sample_types.empty() && !p.strings.empty() && p.strings.front().empty());
    mapping_ids_.settle();
    location_ids_.settle();
    function_ids_.settle();
    for (const ProfileValueType& type : p.sample_types) check(type.type), check(type.unit);
    for (const ProfileMapping& mapping : p.mappings) check(mapping.file), check(mapping.build_id);
    for (const ProfileFunction& f : p.functions) check(f.name), check(f.system_name), check(f.file);
    for (const StringId comment : p.comments) check(comment);
    check(p.period_type.type), check(p.period_type.unit), check(p.default_sample_type);
    for (std::size_t i = 0; i < p.samples.size(); ++i) {
        demand(p.samples[i].values.size() == p.sample_types.size());
        p.samples[i].locations.reserve(raw_samples_[i].locations.size());
        for (const std::uint64_t id : raw_samples_[i].locations) {
            p.samples[i].locations.push_back(location_ids_.index(id));
        }
        for (const ProfileLabel& label : p.samples[i].labels) check(label.key), check(label.text), check(label.unit);
    }
    for (std::size_t i = 0; i < p.locations.size(); ++i) {
        p.locations[i].mapping = mapping_ids_.index_or_none(raw_locations_[i].mapping);
        for (std::size_t j = 0; j < p.locations[i].lines.size(); ++j) {
            p.locations[i].lines[j].function = function_ids_.index_or_none(raw_locations_[i].functions[j]);
        }
    }
}

}  // namespace

std::optional<ProfileData> read_profile(std::string_view input, const ProfileLimits& limits) {
    try {
        return Reader(limits).read(input);
    } catch (const Refused&) {
    } catch (const protozero::exception&) {
    }
    return std::nullopt;
}

}  // namespace quipu
