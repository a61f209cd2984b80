#include "daemon/disk/journal_entry.hpp"

#include <algorithm>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace quipu {

namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

// Field numbers, only ever added to: a quipud that was updated finds the journal of the one before.
enum Entry : protozero::pbf_tag_type { entry_family = 1, entry_retired, entry_instance, entry_forgotten, entry_name };

enum FamilyTag : protozero::pbf_tag_type { name = 1, kind, help, unit, label_name, merge, bounds, sum_unit };

enum CountTag : protozero::pbf_tag_type { count_family = 1, count_label, count_cell, count_value };

enum InstanceTag : protozero::pbf_tag_type {
    id = 1,
    program,
    version,
    hostname,
    start_wall_ns,
    pid,
    said_pid,
    uid,
    gid,
    is_ended,
    how,
    connected_wall_ns,
    heard_wall_ns,
    life_wall_ns,
    connections,
    instance_count
};

// Each family's name once, then by its number: rows outnumber families by far.
class Names {
public:
    explicit Names(pbf_writer& entry) : entry_(entry) {}

    std::uint32_t number_of(const std::string& family) {
        const auto [it, is_new] = numbers_.try_emplace(family, static_cast<std::uint32_t>(numbers_.size()));
        if (is_new) entry_.add_string(entry_name, family);
        return it->second;
    }

private:
    pbf_writer& entry_;
    std::map<std::string_view, std::uint32_t> numbers_;
};

void encode(pbf_writer out, const DurableFamily& row) {
    out.add_string(name, row.name);
    out.add_uint32(kind, static_cast<std::uint32_t>(row.kind));
    out.add_string(help, row.help);
    out.add_string(unit, row.unit);
    out.add_string(label_name, row.label_name);
    out.add_uint32(merge, static_cast<std::uint32_t>(row.merge));
    out.add_packed_double(bounds, row.bounds.begin(), row.bounds.end());
    out.add_double(sum_unit, row.sum_unit);
}

void encode(pbf_writer out, const DurableCount& row, std::uint32_t family) {
    out.add_uint32(count_family, family);
    if (!row.label.empty()) out.add_string(count_label, row.label);
    if (row.cell != 0) out.add_uint32(count_cell, row.cell);
    out.add_uint64(count_value, row.value);
}

void encode(pbf_writer out, const DurableInstance& row, const std::vector<std::uint32_t>& families) {
    out.add_bytes(id, row.instance);
    out.add_string(program, row.program);
    out.add_string(version, row.version);
    out.add_string(hostname, row.hostname);
    out.add_int64(start_wall_ns, row.start_wall_ns);
    out.add_int32(pid, row.pid);
    out.add_uint32(said_pid, row.said_pid);
    out.add_uint32(uid, row.uid);
    out.add_uint32(gid, row.gid);
    out.add_bool(is_ended, row.is_ended);
    out.add_string(how, row.how);
    out.add_int64(connected_wall_ns, row.connected_wall_ns);
    out.add_int64(heard_wall_ns, row.heard_wall_ns);
    out.add_int64(life_wall_ns, row.life_wall_ns);
    out.add_uint32(connections, row.connections);
    for (std::size_t i = 0; i < row.counts.size(); ++i) {
        encode(pbf_writer(out, instance_count), row.counts[i], families[i]);
    }
}

// --- Decoding: may throw protozero::exception ----------------------------------------------------------------------

// Of a newer quipud, where it is out of range: as no family, whose counts are left out in turn.
bool decode(pbf_reader in, DurableFamily& row) {
    std::uint32_t its_kind = 0;
    std::uint32_t its_merge = 0;
    while (in.next()) {
        switch (in.tag()) {
            case name: row.name = in.get_string(); break;
            case kind: its_kind = in.get_uint32(); break;
            case help: row.help = in.get_string(); break;
            case unit: row.unit = in.get_string(); break;
            case label_name: row.label_name = in.get_string(); break;
            case merge: its_merge = in.get_uint32(); break;
            case bounds:
                for (const double bound : in.get_packed_double()) row.bounds.push_back(bound);
                break;
            case sum_unit: row.sum_unit = in.get_double(); break;
            default: in.skip();
        }
    }
    row.kind = static_cast<wire::Kind>(its_kind);
    row.merge = static_cast<wire::Merge>(its_merge);
    return its_kind <= 3 && its_merge <= 3;
}

DurableCount decode_count(pbf_reader in, const std::vector<std::string>& names) {
    DurableCount row;
    std::uint32_t family = 0;
    while (in.next()) {
        switch (in.tag()) {
            case count_family: family = in.get_uint32(); break;
            case count_label: row.label = in.get_string(); break;
            case count_cell: row.cell = in.get_uint32(); break;
            case count_value: row.value = in.get_uint64(); break;
            default: in.skip();
        }
    }
    if (family < names.size()) row.family = names[family];
    return row;
}

DurableInstance decode_instance(pbf_reader in, const std::vector<std::string>& names) {
    constexpr std::size_t usual_count_bytes = 16;
    DurableInstance row;
    row.counts.reserve(in.length() / usual_count_bytes);
    while (in.next()) {
        switch (in.tag()) {
            case id: row.instance = in.get_bytes(); break;
            case program: row.program = in.get_string(); break;
            case version: row.version = in.get_string(); break;
            case hostname: row.hostname = in.get_string(); break;
            case start_wall_ns: row.start_wall_ns = in.get_int64(); break;
            case pid: row.pid = in.get_int32(); break;
            case said_pid: row.said_pid = in.get_uint32(); break;
            case uid: row.uid = in.get_uint32(); break;
            case gid: row.gid = in.get_uint32(); break;
            case is_ended: row.is_ended = in.get_uint64() != 0; break;
            case how: row.how = in.get_string(); break;
            case connected_wall_ns: row.connected_wall_ns = in.get_int64(); break;
            case heard_wall_ns: row.heard_wall_ns = in.get_int64(); break;
            case life_wall_ns: row.life_wall_ns = in.get_int64(); break;
            case connections: row.connections = in.get_uint32(); break;
            case instance_count: row.counts.push_back(decode_count(in.get_message(), names)); break;
            default: in.skip();
        }
    }
    return row;
}

void decode(pbf_reader in, Changes& out) {
    std::vector<std::string> names;
    while (in.next()) {
        switch (in.tag()) {
            case entry_family: {
                DurableFamily row;
                if (decode(in.get_message(), row)) out.families.push_back(std::move(row));
                break;
            }
            case entry_name: names.push_back(in.get_string()); break;
            case entry_retired: out.retired.push_back(decode_count(in.get_message(), names)); break;
            case entry_instance: out.instances.push_back(decode_instance(in.get_message(), names)); break;
            case entry_forgotten: out.forgotten_instances.push_back(in.get_bytes()); break;
            default: in.skip();
        }
    }
}

}  // namespace

std::string encode_entry(const Changes& changes) {
    std::string bytes;
    pbf_writer entry(bytes);
    Names names(entry);
    for (const DurableFamily& row : changes.families) encode(pbf_writer(entry, entry_family), row);
    for (const std::string& instance : changes.forgotten_instances) entry.add_bytes(entry_forgotten, instance);
    for (const DurableCount& row : changes.retired) {
        const std::uint32_t family = names.number_of(row.family);
        encode(pbf_writer(entry, entry_retired), row, family);
    }
    for (const DurableInstance& row : changes.instances) {
        std::vector<std::uint32_t> families;
        families.reserve(row.counts.size());
        for (const DurableCount& count : row.counts) families.push_back(names.number_of(count.family));
        encode(pbf_writer(entry, entry_instance), row, families);
    }
    return bytes;
}

bool decode_entry(std::string_view bytes, Changes& out) {
    try {
        decode(pbf_reader(bytes.data(), bytes.size()), out);
    } catch (const protozero::exception&) {
        return false;
    }
    return std::all_of(out.instances.begin(), out.instances.end(), [](const auto& row) {
        return row.instance.size() == 16;
    });
}

}  // namespace quipu
