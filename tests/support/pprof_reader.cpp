#include "tests/support/pprof_reader.hpp"

#include <protozero/pbf_reader.hpp>

namespace quipu::test {

namespace {

using protozero::pbf_reader;

struct Raw {
    std::vector<std::string> strings;
    std::vector<std::pair<std::int64_t, std::int64_t>> sample_types;
    std::pair<std::int64_t, std::int64_t> period_type{0, 0};
    std::map<std::uint64_t, std::int64_t> functions;                         // name by id
    std::map<std::uint64_t, std::uint64_t> location_functions;               // function by location
    std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> labels;  // by sample
    std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>> mapping_names;
    std::vector<std::int64_t> comments;
};

std::pair<std::int64_t, std::int64_t> read_pair(pbf_reader r) {
    std::pair<std::int64_t, std::int64_t> out{0, 0};
    while (r.next()) {
        if (r.tag() == 1) {
            out.first = r.get_int64();
        } else if (r.tag() == 2) {
            out.second = r.get_int64();
        } else {
            r.skip();
        }
    }
    return out;
}

ReadProfile::Sample read_sample(pbf_reader r, Raw& raw) {
    ReadProfile::Sample out;
    raw.labels.emplace_back();
    while (r.next()) switch (r.tag()) {
            case 1:
                for (const std::uint64_t id : r.get_packed_uint64()) out.locations.push_back(id);
                break;
            case 2:
                for (const std::int64_t value : r.get_packed_int64()) out.values.push_back(value);
                break;
            case 3: raw.labels.back().push_back(read_pair(r.get_message())); break;
            default: r.skip();
        }
    return out;
}

void read_mapping(pbf_reader r, ReadProfile& out, Raw& raw) {
    ReadProfile::Mapping mapping;
    std::uint64_t id = 0;
    std::pair<std::int64_t, std::int64_t> names{0, 0};
    while (r.next()) switch (r.tag()) {
            case 1: id = r.get_uint64(); break;
            case 2: mapping.start = r.get_uint64(); break;
            case 3: mapping.limit = r.get_uint64(); break;
            case 4: mapping.offset = r.get_uint64(); break;
            case 5: names.first = r.get_int64(); break;
            case 6: names.second = r.get_int64(); break;
            default: r.skip();
        }
    out.mappings[id] = mapping;
    raw.mapping_names[id] = names;
}

void read_location(pbf_reader r, ReadProfile& out, Raw& raw) {
    ReadProfile::Location location;
    std::uint64_t id = 0, function = 0;
    while (r.next()) switch (r.tag()) {
            case 1: id = r.get_uint64(); break;
            case 2: location.mapping = r.get_uint64(); break;
            case 3: location.address = r.get_uint64(); break;
            case 4: function = static_cast<std::uint64_t>(read_pair(r.get_message()).first); break;
            default: r.skip();
        }
    out.locations[id] = location;
    if (function != 0) raw.location_functions[id] = function;
}

void read_field(pbf_reader& r, ReadProfile& out, Raw& raw) {
    switch (r.tag()) {
        case 1: raw.sample_types.push_back(read_pair(r.get_message())); break;
        case 2: out.samples.push_back(read_sample(r.get_message(), raw)); break;
        case 3: read_mapping(r.get_message(), out, raw); break;
        case 4: read_location(r.get_message(), out, raw); break;
        case 5: {
            const auto [id, name] = read_pair(r.get_message());
            raw.functions[static_cast<std::uint64_t>(id)] = name;
            break;
        }
        case 6: raw.strings.push_back(r.get_string()); break;
        case 9: out.time_ns = r.get_int64(); break;
        case 10: out.duration_ns = r.get_int64(); break;
        case 11: raw.period_type = read_pair(r.get_message()); break;
        case 12: out.period = r.get_int64(); break;
        case 13: raw.comments.push_back(r.get_int64()); break;
        default: r.skip();
    }
}

}  // namespace

ReadProfile read_profile(std::string_view bytes) {
    ReadProfile out;
    Raw raw;
    pbf_reader r(bytes.data(), bytes.size());
    while (r.next()) read_field(r, out, raw);
    const auto text = [&raw](std::int64_t number) { return raw.strings.at(static_cast<std::size_t>(number)); };
    const auto type = [&text](const auto& pair) { return text(pair.first) + "/" + text(pair.second); };
    for (const auto& each : raw.sample_types) out.sample_types.push_back(type(each));
    out.period_type = type(raw.period_type);
    for (const auto& [id, function] : raw.location_functions) {
        out.locations.at(id).function = text(raw.functions.at(function));
    }
    for (std::size_t i = 0; i < out.samples.size(); ++i) {
        for (const auto& [key, value] : raw.labels[i]) out.samples[i].labels[text(key)] = text(value);
    }
    for (const auto& [id, names] : raw.mapping_names) {
        out.mappings.at(id).filename = text(names.first);
        out.mappings.at(id).build_id = text(names.second);
    }
    for (const std::int64_t comment : raw.comments) out.comments.push_back(text(comment));
    return out;
}

}  // namespace quipu::test
