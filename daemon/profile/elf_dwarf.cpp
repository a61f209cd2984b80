#include "daemon/profile/elf_dwarf.hpp"

#include <dwarf.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace quipu {

namespace {

constexpr int max_namespace_depth = 64;
constexpr std::size_t max_inline_depth = 64;
constexpr int max_ranges_per_die = 65'536;

std::string clean_path(const char* path) {
    return path ? std::filesystem::path(path).lexically_normal().string() : std::string();
}

std::string name_of(Dwarf_Die* function) {
    Dwarf_Attribute attribute;
    for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
        if (!dwarf_attr_integrate(function, name, &attribute)) continue;
        if (const char* text = dwarf_formstring(&attribute)) return text;
    }
    const char* plain = dwarf_diename(function);
    return plain ? plain : "";
}

std::int64_t number_of(Dwarf_Die* die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &value) != 0) return 0;
    return static_cast<std::int64_t>(value);
}

// The function and what is inlined in it at the address, outermost first.
std::vector<Dwarf_Die> inline_chain(Dwarf_Die function, std::uint64_t address) {
    std::vector<Dwarf_Die> chain = {function};
    Dwarf_Die scope = function;
    for (std::size_t depth = 0; depth < 4 * max_inline_depth && chain.size() < max_inline_depth; ++depth) {
        Dwarf_Die child;
        bool is_found = false;
        if (dwarf_child(&scope, &child) != 0) break;
        do {
            const int tag = dwarf_tag(&child);
            if (tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine) continue;
            is_found = dwarf_haspc(&child, address) > 0;
        } while (!is_found && dwarf_siblingof(&child, &child) == 0);
        if (!is_found) break;
        if (dwarf_tag(&child) == DW_TAG_inlined_subroutine) chain.push_back(child);
        scope = child;
    }
    return chain;
}

}  // namespace

ElfDwarf::ElfDwarf(Dwarf* dwarf) : dwarf_(dwarf) {
    Dwarf_CU* unit = nullptr;
    Dwarf_Die die;
    while (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) add_ranges(&die, units_);
    std::sort(units_.begin(), units_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

void ElfDwarf::add_ranges(Dwarf_Die* die, Ranges& ranges) {
    Dwarf_Addr base = 0;
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    std::ptrdiff_t next = 0;
    for (int i = 0; i < max_ranges_per_die && (next = dwarf_ranges(die, next, &base, &begin, &end)) > 0; ++i) {
        // What the linker left out stands at 0.
        if (begin != 0 && begin < end) ranges.push_back({begin, end, dwarf_dieoffset(die)});
    }
}

void ElfDwarf::add_functions(Dwarf_Die* parent, Ranges& ranges, int depth) {
    Dwarf_Die child;
    if (depth > max_namespace_depth || dwarf_child(parent, &child) != 0) return;
    do {
        switch (dwarf_tag(&child)) {
            case DW_TAG_subprogram: add_ranges(&child, ranges); break;
            case DW_TAG_namespace:
            case DW_TAG_module:
            case DW_TAG_class_type:
            case DW_TAG_structure_type: add_functions(&child, ranges, depth + 1); break;
            default: break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

const ElfDwarf::Range* ElfDwarf::find(const Ranges& ranges, std::uint64_t address) {
    constexpr int max_steps = 16;
    auto it = std::upper_bound(ranges.begin(), ranges.end(), address, [](std::uint64_t a, const Range& range) {
        return a < range.begin;
    });
    for (int step = 0; step < max_steps && it != ranges.begin(); ++step) {
        --it;
        if (address < it->end) return &*it;
    }
    return nullptr;
}

const ElfDwarf::Ranges& ElfDwarf::functions_of(Dwarf_Die* unit, Dwarf_Off offset) {
    const auto [it, is_new] = functions_.try_emplace(offset);
    if (is_new) {
        add_functions(unit, it->second, 0);
        std::sort(it->second.begin(), it->second.end(), [](const Range& a, const Range& b) {
            return a.begin < b.begin;
        });
    }
    return it->second;
}

std::vector<SourceFrame> ElfDwarf::frames_at(std::uint64_t address) {
    const Range* in_unit = find(units_, address);
    Dwarf_Die unit;
    if (!in_unit || !dwarf_offdie(dwarf_, in_unit->die, &unit)) return {};
    const Range* in_function = find(functions_of(&unit, in_unit->die), address);
    Dwarf_Die function;
    if (!in_function || !dwarf_offdie(dwarf_, in_function->die, &function)) return {};
    std::vector<Dwarf_Die> chain = inline_chain(function, address);

    std::string file;
    std::int64_t line = 0;
    if (Dwarf_Line* row = dwarf_getsrc_die(&unit, address)) {
        int number = 0;
        if (dwarf_lineno(row, &number) == 0) line = number;
        file = clean_path(dwarf_linesrc(row, nullptr, nullptr));
    }
    Dwarf_Files* files = nullptr;
    std::size_t file_count = 0;
    (void)dwarf_getsrcfiles(&unit, &files, &file_count);
    std::vector<SourceFrame> frames;
    for (auto die = chain.rbegin(); die != chain.rend(); ++die) {
        frames.push_back({name_of(&*die), file, line, number_of(&*die, DW_AT_decl_line)});
        // Where it was inlined is where its caller stands.
        line = number_of(&*die, DW_AT_call_line);
        const auto call_file = static_cast<std::size_t>(number_of(&*die, DW_AT_call_file));
        const bool is_known = files && call_file < file_count;
        file = is_known ? clean_path(dwarf_filesrc(files, call_file, nullptr, nullptr)) : std::string();
    }
    return frames;
}

}  // namespace quipu
