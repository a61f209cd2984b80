#include "daemon/pages/flame_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "daemon/pages/gzip.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::size_t top_rows = 100;
constexpr std::size_t max_link_bytes = 4 * 1024 * 1024;

std::string value_text(std::int64_t value, std::string_view unit) {
    if (unit == "nanoseconds") return duration_text(value);
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    return unit == "bytes" ? bytes_text(count) : grouped(count);
}

std::string percent(std::int64_t part, std::int64_t whole) {
    std::array<char, 16> text;
    const double share = whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    const int size = std::snprintf(text.data(), text.size(), "%.1f %%", share);
    return {text.data(), static_cast<std::size_t>(size)};
}

// {"unit":"nanoseconds","names":[...],"nodes":[name,value,depth,...]}: numbers in one list, because there are many.
std::string tree_json(const FlameTree& tree, std::string_view unit) {
    // Only the names that are used: what was cut takes its names along.
    constexpr std::uint32_t unused = 0xFFFFFFFF;
    std::vector<std::uint32_t> numbers(tree.names.size(), unused);
    std::string out;
    JsonWriter json(out);
    json.open_object().key("unit").text(unit).key("names").open_array();
    std::uint32_t next = 0;
    for (const FlameNode& node : tree.nodes) {
        if (numbers[node.name] != unused) continue;
        numbers[node.name] = next++;
        json.text(visible(tree.names[node.name]));
    }
    json.close_array().key("nodes").open_array();
    for (const FlameNode& node : tree.nodes) {
        json.integer(std::uint64_t{numbers[node.name]});
        json.number(static_cast<double>(node.value));
        json.integer(std::uint64_t{node.depth});
    }
    json.close_array().close_object();
    return out;
}

std::string data_link(std::string_view type, std::string_view bytes) {
    if (bytes.size() > max_link_bytes) return {};
    return "data:" + std::string(type) + ";base64," + base64(bytes);
}

}  // namespace

std::string base64(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(bytes.size() - i, 3);
        std::uint32_t word = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            word = word << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) out += j <= have ? letters[word >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

FlameView make_flame(const ProfileData& profile, std::size_t value) {
    FlameView view;
    view.unit = visible(profile.text(profile.sample_types[value].unit));
    view.total_value = total_of(profile, value);
    view.total = value_text(view.total_value, view.unit);
    view.stacks = profile.samples.size();
    view.top = top_functions(profile, value);
    view.functions = view.top.size();
    if (view.top.size() > top_rows) view.top.resize(top_rows);
    const FlameTree tree = flame_tree(profile, value);
    view.left_out = tree.left_out;
    view.tree_json = tree_json(tree, view.unit);
    view.pprof_link = data_link("application/octet-stream", gzip_whole(write_profile(profile)));
    view.folded_link = data_link("text/plain;charset=utf-8", folded_stacks(profile, value));
    for (const StringId comment : profile.comments) view.notes.push_back(profile.text(comment));
    return view;
}

void set_flame(View& view, const FlameView& flame) {
    view.flag("has_profile", true).flag("is_empty", flame.total_value == 0);
    view.set("total", flame.total).number("stacks", flame.stacks).number("functions", flame.functions);
    view.number("shown", flame.top.size()).set("tree", flame.tree_json);
    view.set("left_out", flame.left_out > 0 ? grouped(flame.left_out) : "");
    view.set("pprof_link", flame.pprof_link).set("folded_link", flame.folded_link).list("top");
    for (const std::string& note : flame.notes) view.add("notes", std::move(View().set("note", note)));
    for (const TopRow& top : flame.top) {
        View row;
        row.set("name", top.name).set("file", top.file);
        row.set("flat", value_text(top.flat, flame.unit)).set("flat_share", percent(top.flat, flame.total_value));
        row.set("cum", value_text(top.cum, flame.unit)).set("cum_share", percent(top.cum, flame.total_value));
        view.add("top", std::move(row));
    }
}

}  // namespace quipu
