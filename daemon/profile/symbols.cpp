#include "daemon/profile/symbols.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace quipu {

// One mapping's addresses that are to be looked up.
struct Symbols::Task {
    LookUp what;
    std::vector<std::uint32_t> locations;  // of the profile, one an address
    LookUpResult result;
    bool is_answered = false;
};

namespace {

// Puts functions into a profile, each of them once.
class FunctionTable {
public:
    explicit FunctionTable(ProfileData& profile) : profile_(profile), intern_(profile) {}

    void set_lines(ProfileLocation& location, const std::vector<SymbolLine>& lines) {
        if (lines.empty()) return;
        ProfileMapping& mapping = profile_.mappings[location.mapping];
        mapping.has_functions = true;
        for (const SymbolLine& line : lines) {
            mapping.has_filenames = mapping.has_filenames || !line.file.empty();
            mapping.has_line_numbers = mapping.has_line_numbers || line.line != 0;
            location.lines.push_back({function(line), line.line});
        }
        mapping.has_inline_frames = mapping.has_inline_frames || lines.size() > 1;
    }

    StringId text(std::string_view text) { return intern_(text); }

private:
    std::uint32_t function(const SymbolLine& line) {
        const ProfileFunction made = {
            intern_(line.name), intern_(line.system_name), intern_(line.file), line.start_line};
        const auto key = std::make_tuple(made.system_name, made.file, made.start_line);
        const auto [it, is_new] = known_.try_emplace(key, static_cast<std::uint32_t>(profile_.functions.size()));
        if (is_new) profile_.functions.push_back(made);
        return it->second;
    }

    ProfileData& profile_;
    Interner intern_;
    std::map<std::tuple<StringId, StringId, std::int64_t>, std::uint32_t> known_;
};

bool is_wanted(const ProfileData& profile, const ProfileLocation& location) {
    return location.lines.empty() && location.mapping != no_index &&
           profile.mappings[location.mapping].holds(location.address);
}

std::string about_missing(std::size_t nameless, ChildEnd end) {
    const std::string count = std::to_string(nameless);
    const std::string text =
        "quipud: " + count + (nameless == 1 ? " address has no name: " : " addresses have no name: ");
    switch (end) {
        case ChildEnd::done: return text + "no file with the same build id was found, or it names no function there";
        case ChildEnd::late: return text + "looking them up took too long";
        case ChildEnd::failed: return text + "looking them up failed";
        case ChildEnd::cancelled: return text + "looking them up was cancelled";
    }
    return text;
}

}  // namespace

// Empty: without a build id nothing says that it is the same file the next time.
std::string Symbols::key_of(const ProfileData& profile, const ProfileLocation& location) {
    const ProfileMapping& mapping = profile.mappings[location.mapping];
    const std::string& build_id = profile.text(mapping.build_id);
    if (build_id.empty()) return {};
    return build_id + "+" + std::to_string(location.address - mapping.start + mapping.file_offset);
}

void Symbols::add_names(ProfileData& profile, std::int32_t pid, const std::atomic<bool>& is_cancelled) {
    FunctionTable functions(profile);
    std::map<std::uint32_t, Task> by_mapping;
    std::size_t asked = 0;
    std::size_t nameless = 0;
    for (std::uint32_t i = 0; i < profile.locations.size(); ++i) {
        ProfileLocation& location = profile.locations[i];
        if (!is_wanted(profile, location)) continue;
        const auto known = kept_.find(key_of(profile, location));
        if (known != kept_.end()) {
            ++counts_.from_memory;
            functions.set_lines(location, known->second);
            if (location.lines.empty()) ++nameless;
            continue;
        }
        if (asked == limits_.new_addresses) {
            ++nameless;
            continue;
        }
        ++asked;
        Task& task = by_mapping[location.mapping];
        task.what.addresses.push_back(location.address);
        task.locations.push_back(i);
    }
    std::vector<Task> tasks;
    for (auto& [mapping_index, task] : by_mapping) {
        const ProfileMapping& mapping = profile.mappings[mapping_index];
        task.what.file = profile.text(mapping.file);
        task.what.build_id = profile.text(mapping.build_id);
        task.what.start = mapping.start;
        task.what.limit = mapping.limit;
        task.what.file_offset = mapping.file_offset;
        tasks.push_back(std::move(task));
    }
    const ChildEnd end = tasks.empty() ? ChildEnd::done : run(tasks, pid, is_cancelled);
    for (const Task& task : tasks) {
        keep(profile, task);
        for (std::size_t i = 0; i < task.locations.size(); ++i) {
            ProfileLocation& location = profile.locations[task.locations[i]];
            if (task.is_answered) functions.set_lines(location, task.result.lines[i]);
            if (location.lines.empty()) ++nameless;
        }
    }
    counts_.nameless += nameless;
    counts_.named += static_cast<std::uint64_t>(std::count_if(
        profile.locations.begin(),
        profile.locations.end(),
        [](const ProfileLocation& location) { return !location.lines.empty(); }
    ));
    if (nameless > 0) profile.comments.push_back(functions.text(about_missing(nameless, end)));
}

ChildEnd Symbols::run(std::vector<Task>& tasks, std::int32_t pid, const std::atomic<bool>& is_cancelled) {
    const SymbolPlaces places{debug_dirs_, pid};
    std::size_t answered = 0;
    const ChildEnd end = run_in_child(
        [&](ChildOutput& out) {
            for (const Task& task : tasks) out.send(write_result(look_up(task.what, places)));
        },
        [&](std::string_view message) {
            if (answered == tasks.size()) return;
            Task& task = tasks[answered++];
            task.is_answered = read_result(message, task.what.addresses.size(), task.result);
        },
        limits_.child,
        is_cancelled
    );
    if (end == ChildEnd::late) ++counts_.late;
    if (end == ChildEnd::failed) ++counts_.failed;
    return end;
}

// What was not found may be there the next time: somebody installs debug files and looks again.
void Symbols::keep(const ProfileData& profile, const Task& task) {
    if (!task.is_answered || !task.result.is_file_found || task.what.build_id.empty()) return;
    for (std::size_t i = 0; i < task.locations.size(); ++i) {
        if (task.result.lines[i].empty()) continue;
        if (kept_.size() >= limits_.kept_addresses) kept_.clear();
        kept_[key_of(profile, profile.locations[task.locations[i]])] = task.result.lines[i];
    }
}

}  // namespace quipu
