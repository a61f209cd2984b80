#include "proto/pprof.hpp"

#include <map>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <utility>

namespace quipu {

namespace {

using Writer = protozero::pbf_writer;

// Field numbers of profile.proto's Profile.
constexpr protozero::pbf_tag_type sample_type_tag = 1, sample_tag = 2, mapping_tag = 3, location_tag = 4,
                                  function_tag = 5, string_tag = 6, time_tag = 9, duration_tag = 10,
                                  period_type_tag = 11, period_tag = 12, comment_tag = 13, default_type_tag = 14;

class ProfileWriter {
public:
    ProfileWriter() : w_(out_) {
        text("");  // the format's rule
    }

    std::string write(const Profile& profile, const std::vector<LoadedCode>& code) {
        for (const Profile::Type& type : profile.sample_types) value_type(sample_type_tag, type);
        for (const Profile::Sample& each : profile.samples) sample(each);
        for (std::size_t i = 0; i < code.size(); ++i) mapping(i + 1, code[i]);
        std::uint64_t next_function = 1;
        for (std::size_t i = 0; i < profile.locations.size(); ++i) {
            const Profile::Location& where = profile.locations[i];
            const std::uint64_t function_id = where.function.empty() ? 0 : next_function++;
            location(i + 1, where, function_id);
            if (function_id != 0) function(function_id, where.function);
        }
        w_.add_int64(time_tag, static_cast<std::int64_t>(profile.begin_wall_ns));
        w_.add_int64(duration_tag, static_cast<std::int64_t>(profile.duration_ns));
        value_type(period_type_tag, profile.period_type);
        w_.add_int64(period_tag, static_cast<std::int64_t>(profile.period));
        for (const std::string& comment : profile.comments) w_.add_int64(comment_tag, text(comment));
        w_.add_int64(default_type_tag, text(profile.default_sample_type));
        for (const std::string& line : texts_) w_.add_string(string_tag, line);
        return std::move(out_);
    }

private:
    std::int64_t text(std::string_view value) {
        const auto known = text_numbers_.find(value);
        if (known != text_numbers_.end()) return known->second;
        const auto number = static_cast<std::int64_t>(texts_.size());
        texts_.emplace_back(value);
        text_numbers_.emplace(value, number);
        return number;
    }

    void value_type(protozero::pbf_tag_type tag, const Profile::Type& type) {
        const std::int64_t type_number = text(type.type), unit_number = text(type.unit);
        Writer nested(w_, tag);
        nested.add_int64(1, type_number);
        nested.add_int64(2, unit_number);
    }

    void sample(const Profile::Sample& each) {
        const std::int64_t key = text("thread"), value = text(each.thread);
        std::vector<std::uint64_t> ids;
        ids.reserve(each.frames.size());
        for (const std::uint32_t frame : each.frames) ids.push_back(frame + std::uint64_t{1});
        Writer nested(w_, sample_tag);
        nested.add_packed_uint64(1, ids.begin(), ids.end());
        nested.add_packed_int64(2, each.values.begin(), each.values.end());
        if (each.thread.empty()) return;
        Writer label(nested, 3);
        label.add_int64(1, key);
        label.add_int64(2, value);
    }

    void location(std::uint64_t id, const Profile::Location& where, std::uint64_t function_id) {
        Writer nested(w_, location_tag);
        nested.add_uint64(1, id);
        if (where.mapping != Mappings::none) nested.add_uint64(2, where.mapping + std::uint64_t{1});
        nested.add_uint64(3, where.address);
        if (function_id == 0) return;
        Writer line(nested, 4);
        line.add_uint64(1, function_id);
    }

    void function(std::uint64_t id, std::string_view name) {
        const std::int64_t number = text(name);
        Writer nested(w_, function_tag);
        nested.add_uint64(1, id);
        nested.add_int64(2, number);
        nested.add_int64(3, number);
    }

    void mapping(std::uint64_t id, const LoadedCode& code) {
        const std::int64_t filename = text(code.filename), build_id = text(code.build_id);
        Writer nested(w_, mapping_tag);
        nested.add_uint64(1, id);
        nested.add_uint64(2, code.start);
        nested.add_uint64(3, code.limit);
        nested.add_uint64(4, code.file_offset);
        nested.add_int64(5, filename);
        nested.add_int64(6, build_id);
    }

    std::string out_;
    Writer w_;
    std::vector<std::string> texts_;
    std::map<std::string, std::int64_t, std::less<>> text_numbers_;
};

}  // namespace

std::string write_profile(const Profile& profile, const std::vector<LoadedCode>& code) {
    return ProfileWriter().write(profile, code);
}

Profile cpu_profile_of(const StackTable& table, std::uint64_t period_ns, std::uint64_t lost_samples) {
    Profile profile;
    profile.sample_types = {{"samples", "count"}, {"cpu", "nanoseconds"}};
    profile.default_sample_type = "cpu";
    profile.period_type = {"cpu", "nanoseconds"};
    profile.period = period_ns;
    const auto values = [period_ns](std::uint64_t count) {
        return std::vector<std::int64_t>{
            static_cast<std::int64_t>(count), static_cast<std::int64_t>(count * period_ns)};
    };
    for (const StackTable::Location& location : table.locations()) {
        profile.locations.push_back({location.mapping, location.address});
    }
    for (const auto& [entry, count] : table.entries()) {
        profile.samples.push_back({entry.frames, values(count), table.threads()[entry.thread]});
    }
    const auto add_placeless = [&](const char* name, std::uint64_t count) {
        if (count == 0) return;
        profile.samples.push_back({{static_cast<std::uint32_t>(profile.locations.size())}, values(count)});
        profile.locations.push_back({Mappings::none, 0, name});
    };
    add_placeless("(other stacks)", table.others());
    add_placeless("(lost samples)", lost_samples);
    return profile;
}

}  // namespace quipu
