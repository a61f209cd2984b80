#include "proto/pprof.hpp"

#include <map>
#include <protozero/pbf_writer.hpp>
#include <string_view>

namespace quipu {

namespace {

using Writer = protozero::pbf_writer;

// Field numbers of profile.proto.
enum class ProfileField : protozero::pbf_tag_type {
    sample_type = 1,
    sample = 2,
    mapping = 3,
    location = 4,
    function = 5,
    string_table = 6,
    time_nanos = 9,
    duration_nanos = 10,
    period_type = 11,
    period = 12,
    comment = 13,
    default_sample_type = 14,
};

constexpr protozero::pbf_tag_type tag(ProfileField field) {
    return static_cast<protozero::pbf_tag_type>(field);
}

class ProfileWriter {
public:
    ProfileWriter(const StackTable& table, const std::vector<LoadedCode>& code, const CpuProfileFacts& facts)
        : table_(table), code_(code), facts_(facts), w_(out_) {
        text("");  // the format's rule
    }

    std::string write() {
        value_type(ProfileField::sample_type, "samples", "count");
        value_type(ProfileField::sample_type, "cpu", "nanoseconds");
        for (const auto& [entry, count] : table_.entries()) {
            std::vector<std::uint64_t> ids;
            ids.reserve(entry.frames.size());
            for (const std::uint32_t frame : entry.frames) ids.push_back(frame + 1U);
            sample(ids, count, table_.threads()[entry.thread]);
        }
        for (std::size_t i = 0; i < table_.locations().size(); ++i) location(i + 1, table_.locations()[i]);
        std::uint64_t next_location = table_.locations().size() + 1;
        if (table_.others() > 0) pseudo(next_location++, 1, "(other stacks)", table_.others());
        if (facts_.lost_samples > 0) pseudo(next_location++, 2, "(lost samples)", facts_.lost_samples);
        for (std::size_t i = 0; i < code_.size(); ++i) mapping(i + 1, code_[i]);
        w_.add_int64(tag(ProfileField::time_nanos), static_cast<std::int64_t>(facts_.begin_wall_ns));
        w_.add_int64(tag(ProfileField::duration_nanos), static_cast<std::int64_t>(facts_.duration_ns));
        value_type(ProfileField::period_type, "cpu", "nanoseconds");
        w_.add_int64(tag(ProfileField::period), static_cast<std::int64_t>(facts_.period_ns));
        for (const std::string& comment : facts_.comments) w_.add_int64(tag(ProfileField::comment), text(comment));
        w_.add_int64(tag(ProfileField::default_sample_type), text("cpu"));
        for (const std::string& line : texts_) w_.add_string(tag(ProfileField::string_table), line);
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

    void value_type(ProfileField field, std::string_view type, std::string_view unit) {
        const std::int64_t type_number = text(type), unit_number = text(unit);
        Writer nested(w_, tag(field));
        nested.add_int64(1, type_number);
        nested.add_int64(2, unit_number);
    }

    void sample(const std::vector<std::uint64_t>& locations, std::uint64_t count, std::string_view thread) {
        const std::int64_t key = text("thread"), value = text(thread);
        const std::int64_t values[] = {
            static_cast<std::int64_t>(count), static_cast<std::int64_t>(count * facts_.period_ns)};
        Writer nested(w_, tag(ProfileField::sample));
        nested.add_packed_uint64(1, locations.begin(), locations.end());
        nested.add_packed_int64(2, std::begin(values), std::end(values));
        if (thread.empty()) return;
        Writer label(nested, 3);
        label.add_int64(1, key);
        label.add_int64(2, value);
    }

    void location(std::uint64_t id, const StackTable::Location& where) {
        Writer nested(w_, tag(ProfileField::location));
        nested.add_uint64(1, id);
        if (where.mapping != StackTable::no_mapping) nested.add_uint64(2, where.mapping + 1U);
        nested.add_uint64(3, where.address);
    }

    // A sample in a place that is none.
    void pseudo(std::uint64_t location_id, std::uint64_t function_id, std::string_view name, std::uint64_t count) {
        const std::int64_t name_number = text(name);
        {
            Writer function(w_, tag(ProfileField::function));
            function.add_uint64(1, function_id);
            function.add_int64(2, name_number);
            function.add_int64(3, name_number);
        }
        {
            Writer nested(w_, tag(ProfileField::location));
            nested.add_uint64(1, location_id);
            Writer line(nested, 4);
            line.add_uint64(1, function_id);
        }
        sample({location_id}, count, "");
    }

    void mapping(std::uint64_t id, const LoadedCode& code) {
        const std::int64_t filename = text(code.filename), build_id = text(code.build_id);
        Writer nested(w_, tag(ProfileField::mapping));
        nested.add_uint64(1, id);
        nested.add_uint64(2, code.start);
        nested.add_uint64(3, code.limit);
        nested.add_uint64(4, code.file_offset);
        nested.add_int64(5, filename);
        nested.add_int64(6, build_id);
    }

    const StackTable& table_;
    const std::vector<LoadedCode>& code_;
    const CpuProfileFacts& facts_;
    std::string out_;
    Writer w_;
    std::vector<std::string> texts_;
    std::map<std::string, std::int64_t, std::less<>> text_numbers_;
};

}  // namespace

std::string write_cpu_profile(
    const StackTable& table, const std::vector<LoadedCode>& code, const CpuProfileFacts& facts
) {
    return ProfileWriter(table, code, facts).write();
}

}  // namespace quipu
