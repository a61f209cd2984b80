// Functions, inlined ones too, files and lines from an ELF file's debug information.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/profile/elf_file.hpp"

namespace quipu {

class ElfDwarf {
public:
    // `dwarf` must outlive it.
    explicit ElfDwarf(Dwarf* dwarf);

    // The innermost first; empty: no unit knows the address.
    std::vector<SourceFrame> frames_at(std::uint64_t address);

private:
    // Of a unit, or of a function.
    struct Range {
        std::uint64_t begin;
        std::uint64_t end;
        Dwarf_Off die;
    };

    // By their beginnings. Functions do not overlap, but for broken files: then some name is found, or none.
    using Ranges = std::vector<Range>;

    static void add_ranges(Dwarf_Die* die, Ranges& ranges);
    static void add_functions(Dwarf_Die* parent, Ranges& ranges, int depth);
    static const Range* find(const Ranges& ranges, std::uint64_t address);
    const Ranges& functions_of(Dwarf_Die* unit, Dwarf_Off offset);

    Dwarf* dwarf_;
    Ranges units_;
    std::map<Dwarf_Off, Ranges> functions_;  // of the units that were looked into
};

}  // namespace quipu
