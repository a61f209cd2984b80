#include <protozero/pbf_writer.hpp>

#include "daemon/profile/profile.hpp"
#include "daemon/profile/profile_fields.hpp"

namespace quipu {

namespace {

using protozero::pbf_tag_type;
namespace field = profile_field;

template <typename Field>
constexpr pbf_tag_type tag(Field field) {
    return static_cast<pbf_tag_type>(field);
}

template <typename Field>
void put(protozero::pbf_writer& out, Field field, std::uint64_t value) {
    if (value != 0) out.add_uint64(tag(field), value);
}

template <typename Field>
void put_signed(protozero::pbf_writer& out, Field field, std::int64_t value) {
    if (value != 0) out.add_int64(tag(field), value);
}

// Positions count from 0, ids from 1; none is 0.
std::uint64_t id_of(std::uint32_t index) {
    return index == no_index ? 0 : std::uint64_t{index} + 1;
}

// An empty message counts too, but a nested writer takes back what it wrote nothing into.
void put_empty(protozero::pbf_writer& out, pbf_tag_type where) {
    out.add_message(where, "", 0);
}

void put_type(protozero::pbf_writer& root, field::Root where, const ProfileValueType& type) {
    if (type.type == 0 && type.unit == 0) return put_empty(root, tag(where));
    protozero::pbf_writer out(root, tag(where));
    put(out, field::Type::type, type.type);
    put(out, field::Type::unit, type.unit);
}

void put_sample(protozero::pbf_writer& root, const ProfileSample& sample) {
    protozero::pbf_writer out(root, tag(field::Root::sample));
    {
        protozero::packed_field_uint64 ids(out, tag(field::Sample::location_id));
        for (const std::uint32_t location : sample.locations) ids.add_element(id_of(location));
    }
    out.add_packed_int64(tag(field::Sample::value), sample.values.begin(), sample.values.end());
    for (const ProfileLabel& label : sample.labels) {
        protozero::pbf_writer inner(out, tag(field::Sample::label));
        put(inner, field::Label::key, label.key);
        put(inner, field::Label::str, label.text);
        put_signed(inner, field::Label::num, label.number);
        put(inner, field::Label::num_unit, label.unit);
    }
}

void put_mapping(protozero::pbf_writer& root, const ProfileMapping& mapping, std::uint64_t id) {
    protozero::pbf_writer out(root, tag(field::Root::mapping));
    put(out, field::Mapping::id, id);
    put(out, field::Mapping::memory_start, mapping.start);
    put(out, field::Mapping::memory_limit, mapping.limit);
    put(out, field::Mapping::file_offset, mapping.file_offset);
    put(out, field::Mapping::filename, mapping.file);
    put(out, field::Mapping::build_id, mapping.build_id);
    put(out, field::Mapping::has_functions, mapping.has_functions);
    put(out, field::Mapping::has_filenames, mapping.has_filenames);
    put(out, field::Mapping::has_line_numbers, mapping.has_line_numbers);
    put(out, field::Mapping::has_inline_frames, mapping.has_inline_frames);
}

void put_location(protozero::pbf_writer& root, const ProfileLocation& location, std::uint64_t id) {
    protozero::pbf_writer out(root, tag(field::Root::location));
    put(out, field::Location::id, id);
    put(out, field::Location::mapping_id, id_of(location.mapping));
    put(out, field::Location::address, location.address);
    for (const ProfileLine& line : location.lines) {
        if (line.function == no_index && line.line == 0) {
            put_empty(out, tag(field::Location::line));
            continue;
        }
        protozero::pbf_writer inner(out, tag(field::Location::line));
        put(inner, field::Line::function_id, id_of(line.function));
        put_signed(inner, field::Line::line, line.line);
    }
}

void put_function(protozero::pbf_writer& root, const ProfileFunction& function, std::uint64_t id) {
    protozero::pbf_writer out(root, tag(field::Root::function));
    put(out, field::Function::id, id);
    put(out, field::Function::name, function.name);
    put(out, field::Function::system_name, function.system_name);
    put(out, field::Function::filename, function.file);
    put_signed(out, field::Function::start_line, function.start_line);
}

}  // namespace

std::string write_profile(const ProfileData& profile) {
    std::string bytes;
    protozero::pbf_writer out(bytes);
    for (const ProfileValueType& type : profile.sample_types) put_type(out, field::Root::sample_type, type);
    for (const ProfileSample& sample : profile.samples) put_sample(out, sample);
    for (std::size_t i = 0; i < profile.mappings.size(); ++i) put_mapping(out, profile.mappings[i], i + 1);
    for (std::size_t i = 0; i < profile.locations.size(); ++i) put_location(out, profile.locations[i], i + 1);
    for (std::size_t i = 0; i < profile.functions.size(); ++i) put_function(out, profile.functions[i], i + 1);
    for (const std::string& text : profile.strings) out.add_string(tag(field::Root::string_table), text);
    put_signed(out, field::Root::time_nanos, profile.time_ns);
    put_signed(out, field::Root::duration_nanos, profile.duration_ns);
    if (profile.period_type.type != 0) put_type(out, field::Root::period_type, profile.period_type);
    put_signed(out, field::Root::period, profile.period);
    out.add_packed_int64(tag(field::Root::comment), profile.comments.begin(), profile.comments.end());
    put(out, field::Root::default_sample_type, profile.default_sample_type);
    return bytes;
}

Interner::Interner(ProfileData& profile) : profile_(profile) {
    if (profile_.strings.empty()) profile_.strings.emplace_back();
    known_.reserve(profile_.strings.size());
    for (std::size_t i = 0; i < profile_.strings.size(); ++i) {
        known_.try_emplace(profile_.strings[i], static_cast<StringId>(i));
    }
}

StringId Interner::operator()(std::string_view text) {
    const auto [it, is_new] = known_.try_emplace(std::string(text), static_cast<StringId>(profile_.strings.size()));
    if (is_new) profile_.strings.emplace_back(text);
    return it->second;
}

std::size_t shown_sample_type(const ProfileData& profile) {
    for (std::size_t i = 0; i < profile.sample_types.size(); ++i) {
        const bool is_named = profile.default_sample_type != 0;
        if (is_named && profile.sample_types[i].type == profile.default_sample_type) return i;
    }
    return profile.sample_types.size() - 1;
}

}  // namespace quipu
