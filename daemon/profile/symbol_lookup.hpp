// What stands at addresses of one mapping of a process: finds the right files, asks them. Runs in a child process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/profile/elf_file.hpp"

namespace quipu {

// One function at an address.
struct SymbolLine {
    std::string name;         // for people
    std::string system_name;  // as the linker knows it
    std::string file;         // empty: not known
    std::int64_t line = 0;    // 0: not known
    std::int64_t start_line = 0;
};

struct LookUp {
    std::string file;      // as the process names it
    std::string build_id;  // hex; empty: it has none
    std::uint64_t start = 0;
    std::uint64_t limit = 0;
    std::uint64_t file_offset = 0;
    std::vector<std::uint64_t> addresses;  // within [start, limit)
};

struct LookUpResult {
    bool is_file_found = false;                  // where not, another try may be worth it later
    std::vector<std::vector<SymbolLine>> lines;  // one an address, the innermost first; empty: no symbol is known
};

// Where files may be.
struct SymbolPlaces {
    std::vector<std::string> debug_dirs;  // each with .build-id/ in it
    std::int32_t pid = 0;                 // of the process, where it is known to us; 0: not
};

// Only files that have the mapping's build id are asked. A mapping without one is looked up in the file that the kernel
// itself says is mapped, and nowhere else: a name that may be wrong is worse than none.
LookUpResult look_up(const LookUp& what, const SymbolPlaces& places);

// For the way from the child to quipud, which does not trust it. `address_count`: as was asked.
std::string write_result(const LookUpResult& result);
[[nodiscard]] bool read_result(std::string_view bytes, std::size_t address_count, LookUpResult& out);

}  // namespace quipu
