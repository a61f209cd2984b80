#include "daemon/profile/symbol_lookup.hpp"

#include <unistd.h>
#include <climits>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "daemon/profile/names.hpp"
#include "daemon/profile/profile.hpp"

namespace quipu {

namespace {

std::string_view without_deleted(std::string_view file) {
    constexpr std::string_view mark = " (deleted)";
    if (file.ends_with(mark)) file.remove_suffix(mark.size());
    return file;
}

std::string proc(const SymbolPlaces& places, std::string_view rest) {
    return "/proc/" + std::to_string(places.pid) + std::string(rest);
}

std::string map_file(const LookUp& what, const SymbolPlaces& places) {
    std::array<char, 64> name;
    const int size = std::snprintf(
        name.data(),
        name.size(),
        "/map_files/%llx-%llx",
        static_cast<unsigned long long>(what.start),
        static_cast<unsigned long long>(what.limit)
    );
    return proc(places, {name.data(), static_cast<std::size_t>(size)});
}

bool is_executable_of(const LookUp& what, const SymbolPlaces& places) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(proc(places, "/exe").c_str(), target.data(), target.size());
    return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == what.file;
}

// In the order of what is most likely and least work. /proc/PID/root leads into another mount namespace;
// map_files and exe to a file that was replaced since.
std::vector<std::string> image_candidates(const LookUp& what, const SymbolPlaces& places) {
    std::vector<std::string> paths;
    const std::string file(without_deleted(what.file));
    const bool is_path = file.starts_with('/');
    if (what.build_id.empty()) {
        if (places.pid != 0) paths.push_back(map_file(what, places));
        if (places.pid != 0 && is_executable_of(what, places)) paths.push_back(proc(places, "/exe"));
        return paths;
    }
    if (is_path) paths.push_back(file);
    if (places.pid != 0) {
        if (is_path) paths.push_back(proc(places, "/root" + file));
        paths.push_back(map_file(what, places));
        paths.push_back(proc(places, "/exe"));
    }
    return paths;
}

std::vector<std::string> debug_candidates(const LookUp& what, const SymbolPlaces& places) {
    constexpr std::size_t least_digits = 4;
    std::vector<std::string> paths;
    if (what.build_id.size() < least_digits) return paths;
    // A peer's text, and going into a path.
    if (what.build_id.find_first_not_of("0123456789abcdef") != std::string::npos) return paths;
    const std::string in_dir = "/.build-id/" + what.build_id.substr(0, 2) + "/" + what.build_id.substr(2) + ".debug";
    for (const std::string& dir : places.debug_dirs) {
        paths.push_back(dir + in_dir);
        if (places.pid != 0) paths.push_back(proc(places, "/root" + dir + in_dir));
    }
    return paths;
}

std::unique_ptr<ElfFile> first_right(const std::vector<std::string>& paths, const std::string& build_id) {
    for (const std::string& path : paths) {
        std::unique_ptr<ElfFile> file = ElfFile::open(path);
        if (file && file->build_id() == build_id) return file;
    }
    return nullptr;
}

// The mapping's file, and the one that its debug information was put into.
struct Image {
    std::unique_ptr<ElfFile> file;
    std::unique_ptr<ElfFile> debug;

    std::vector<SymbolLine> lines_at(const LookUp& what, std::uint64_t address) const {
        std::optional<std::uint64_t> at;
        if (file) {
            at = file->address_of_offset(address - what.start + what.file_offset);
        } else if (debug) {
            at = debug->address_in_code(address - what.start, what.limit - what.start);
        }
        if (!at) return {};
        std::vector<SourceFrame> frames;
        std::string symbol;
        for (ElfFile* one : {debug.get(), file.get()}) {
            if (one && frames.empty()) frames = one->frames_at(*at);
            if (one && symbol.empty()) symbol = one->symbol_at(*at);
        }
        symbol.resize(std::min(symbol.find('@'), symbol.size()));  // "read@@GLIBC_2.2.5"
        if (frames.empty() && !symbol.empty()) frames.push_back({symbol, {}, 0, 0});
        // The linker's name says more than "operator()" where the compiler gave no linkage name.
        const bool is_plain = !frames.empty() && !frames.back().system_name.starts_with("_Z");
        if (is_plain && symbol.starts_with("_Z")) frames.back().system_name = symbol;
        std::vector<SymbolLine> lines;
        for (SourceFrame& frame : frames) {
            if (frame.system_name.empty()) continue;
            std::string name = readable_function_name(frame.system_name);
            lines.push_back(
                {std::move(name), std::move(frame.system_name), std::move(frame.file), frame.line, frame.start_line}
            );
        }
        return lines;
    }
};

}  // namespace

LookUpResult look_up(const LookUp& what, const SymbolPlaces& places) {
    LookUpResult result;
    result.lines.resize(what.addresses.size());
    Image image;
    image.file = first_right(image_candidates(what, places), what.build_id);
    image.debug = first_right(debug_candidates(what, places), what.build_id);
    result.is_file_found = image.file || image.debug;
    if (!result.is_file_found) return result;
    for (std::size_t i = 0; i < what.addresses.size(); ++i) {
        result.lines[i] = image.lines_at(what, what.addresses[i]);
    }
    return result;
}

// As a profile, because there is a reader for it that takes any bytes: one location an address, and one mapping where
// the file was found.
std::string write_result(const LookUpResult& result) {
    ProfileData profile;
    Interner intern(profile);
    profile.sample_types.emplace_back();
    if (result.is_file_found) profile.mappings.emplace_back();
    for (const std::vector<SymbolLine>& lines : result.lines) {
        ProfileLocation& location = profile.locations.emplace_back();
        for (const SymbolLine& line : lines) {
            location.lines.push_back({static_cast<std::uint32_t>(profile.functions.size()), line.line});
            profile.functions.push_back(
                {intern(line.name), intern(line.system_name), intern(line.file), line.start_line}
            );
        }
    }
    return write_profile(profile);
}

bool read_result(std::string_view bytes, std::size_t address_count, LookUpResult& out) {
    const std::optional<ProfileData> profile = read_profile(bytes);
    if (!profile || profile->locations.size() != address_count) return false;
    out = {};
    out.is_file_found = !profile->mappings.empty();
    for (const ProfileLocation& location : profile->locations) {
        std::vector<SymbolLine>& lines = out.lines.emplace_back();
        for (const ProfileLine& line : location.lines) {
            if (line.function == no_index) return false;
            const ProfileFunction& f = profile->functions[line.function];
            lines.push_back(
                {profile->text(f.name), profile->text(f.system_name), profile->text(f.file), line.line, f.start_line}
            );
        }
    }
    return true;
}

}  // namespace quipu
