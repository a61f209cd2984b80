#include "daemon/profile/stacks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace quipu {

namespace {

std::int64_t value_of(const ProfileSample& sample, std::size_t value) {
    return std::max<std::int64_t>(sample.values[value], 0);
}

std::string hex(std::uint64_t number) {
    std::array<char, 16> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return "0x" + std::string(digits.data(), end);
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// Names as numbers: a profile has far fewer of them than frames.
class NameTable {
public:
    explicit NameTable(const ProfileData& profile) : profile_(profile) {
        by_location_.resize(profile.locations.size());
        for (std::size_t i = 0; i < profile.locations.size(); ++i) {
            const ProfileLocation& location = profile.locations[i];
            const std::size_t lines = std::max<std::size_t>(location.lines.size(), 1);
            for (std::size_t line = 0; line < lines; ++line) {
                by_location_[i].push_back(number(frame_name(profile, location, line), file_of(location, line)));
            }
        }
    }

    // The leaf first.
    [[nodiscard]] std::vector<std::uint32_t> stack(const ProfileSample& sample) const {
        std::vector<std::uint32_t> stack;
        for (const std::uint32_t location : sample.locations) {
            stack.insert(stack.end(), by_location_[location].begin(), by_location_[location].end());
        }
        return stack;
    }

    std::vector<std::string> names;
    std::vector<StringId> files;  // of the names

private:
    [[nodiscard]] StringId file_of(const ProfileLocation& location, std::size_t line) const {
        if (line >= location.lines.size() || location.lines[line].function == no_index) return 0;
        return profile_.functions[location.lines[line].function].file;
    }

    std::uint32_t number(const std::string& name, StringId file) {
        const auto [it, is_new] = known_.try_emplace(name, static_cast<std::uint32_t>(names.size()));
        if (is_new) {
            names.push_back(name);
            files.push_back(file);
        }
        return it->second;
    }

    const ProfileData& profile_;
    std::unordered_map<std::string, std::uint32_t> known_;
    std::vector<std::vector<std::uint32_t>> by_location_;
};

std::string folded_name(std::string name) {
    std::replace(name.begin(), name.end(), ';', ':');
    return on_one_line(std::move(name));
}

struct BuildNode {
    std::uint32_t name = 0;
    std::uint32_t depth = 0;
    std::int64_t value = 0;
    std::map<std::uint32_t, std::uint32_t> children;  // by name
};

}  // namespace

void add_up(std::int64_t& sum, std::int64_t value) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    sum = value > most - sum ? most : sum + value;
}

std::string on_one_line(std::string name) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    std::replace_if(name.begin(), name.end(), is_control, '?');
    return name;
}

std::string frame_name(const ProfileData& profile, const ProfileLocation& location, std::size_t line) {
    if (line < location.lines.size() && location.lines[line].function != no_index) {
        const std::string& name = profile.text(profile.functions[location.lines[line].function].name);
        if (!name.empty()) return name;
    }
    if (location.mapping == no_index) return hex(location.address);
    const ProfileMapping& mapping = profile.mappings[location.mapping];
    const std::string_view file = base_name(profile.text(mapping.file));
    if (file.empty() || !mapping.holds(location.address)) return hex(location.address);
    return std::string(file) + "+" + hex(location.address - mapping.start + mapping.file_offset);
}

std::int64_t total_of(const ProfileData& profile, std::size_t value) {
    std::int64_t total = 0;
    for (const ProfileSample& sample : profile.samples) add_up(total, value_of(sample, value));
    return total;
}

std::string folded_stacks(const ProfileData& profile, std::size_t value) {
    const NameTable table(profile);
    std::vector<std::string> clean;
    clean.reserve(table.names.size());
    for (const std::string& name : table.names) clean.push_back(folded_name(name));
    std::map<std::string, std::int64_t> stacks;
    for (const ProfileSample& sample : profile.samples) {
        if (value_of(sample, value) == 0) continue;
        const std::vector<std::uint32_t> stack = table.stack(sample);
        std::string line;
        for (auto name = stack.rbegin(); name != stack.rend(); ++name) {
            if (!line.empty()) line += ';';
            line += clean[*name];
        }
        add_up(stacks[line.empty() ? "[no stack]" : line], value_of(sample, value));
    }
    std::string out;
    for (const auto& [stack, count] : stacks) out.append(stack).append(" ").append(std::to_string(count)).append("\n");
    return out;
}

std::vector<TopRow> top_functions(const ProfileData& profile, std::size_t value) {
    const NameTable table(profile);
    std::vector<TopRow> rows(table.names.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].name = table.names[i];
        rows[i].file = profile.text(table.files[i]);
    }
    std::vector<std::uint32_t> seen;
    for (const ProfileSample& sample : profile.samples) {
        seen = table.stack(sample);
        if (seen.empty()) continue;
        add_up(rows[seen.front()].flat, value_of(sample, value));
        std::sort(seen.begin(), seen.end());
        seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
        for (const std::uint32_t name : seen) add_up(rows[name].cum, value_of(sample, value));
    }
    std::erase_if(rows, [](const TopRow& row) { return row.cum == 0; });
    std::sort(rows.begin(), rows.end(), [](const TopRow& a, const TopRow& b) {
        if (a.flat != b.flat) return a.flat > b.flat;
        return a.cum != b.cum ? a.cum > b.cum : a.name < b.name;
    });
    return rows;
}

namespace {

// The value that a node must have to be shown, so that no more than `most` are.
std::int64_t threshold(const std::vector<BuildNode>& nodes, std::size_t most) {
    if (nodes.size() <= most) return 0;
    std::vector<std::int64_t> values;
    for (const BuildNode& node : nodes) values.push_back(node.value);
    std::nth_element(
        values.begin(), values.begin() + static_cast<std::ptrdiff_t>(most), values.end(), std::greater<>{}
    );
    return values[most] + 1;
}

}  // namespace

FlameTree flame_tree(const ProfileData& profile, std::size_t value, const FlameLimits& limits) {
    const NameTable table(profile);
    FlameTree tree;
    tree.names = table.names;
    const auto all = static_cast<std::uint32_t>(tree.names.size());
    tree.names.emplace_back("all");
    std::vector<BuildNode> nodes = {{all, 0, 0, {}}};
    for (const ProfileSample& sample : profile.samples) {
        const std::int64_t count = value_of(sample, value);
        if (count == 0) continue;
        const std::vector<std::uint32_t> stack = table.stack(sample);
        std::uint32_t at = 0;
        add_up(nodes[0].value, count);
        for (auto name = stack.rbegin(); name != stack.rend() && nodes[at].depth < limits.depth; ++name) {
            const auto [child, is_new] = nodes[at].children.try_emplace(*name, 0);
            if (is_new && nodes.size() >= limits.building) {
                nodes[at].children.erase(child);
                ++tree.left_out;
                break;
            }
            if (is_new) {
                child->second = static_cast<std::uint32_t>(nodes.size());
                nodes.push_back({*name, nodes[at].depth + 1, 0, {}});  // `child` is not used any more
                at = static_cast<std::uint32_t>(nodes.size() - 1);
            } else {
                at = child->second;
            }
            add_up(nodes[at].value, count);
        }
    }
    const std::int64_t least = threshold(nodes, limits.nodes);
    std::vector<std::uint32_t> waiting = {0};
    while (!waiting.empty()) {
        const BuildNode& node = nodes[waiting.back()];
        waiting.pop_back();
        tree.nodes.push_back({node.name, node.value, node.depth});
        std::vector<std::uint32_t> children;
        for (const auto& [name, child] : node.children) {
            if (nodes[child].value >= least) children.push_back(child);
        }
        std::sort(children.begin(), children.end(), [&](std::uint32_t a, std::uint32_t b) {
            return tree.names[nodes[a].name] > tree.names[nodes[b].name];
        });
        waiting.insert(waiting.end(), children.begin(), children.end());
    }
    tree.left_out += nodes.size() - tree.nodes.size();
    return tree;
}

}  // namespace quipu
