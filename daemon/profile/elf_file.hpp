// One ELF file: what stands at an address, from its symbol tables and its DWARF, by elfutils.
//
// Files come from wherever a peer said; elfutils is not proof against every made-up file, and looking up takes as long
// as it takes. So this runs in a process of its own (symbol_child), never in quipud itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quipu {

// One function at an address. An address in inlined code has several: the innermost first.
struct SourceFrame {
    std::string system_name;  // as the linker knows it: mangled
    std::string file;         // absolute where the compiler said so; empty: not known
    std::int64_t line = 0;    // 0: not known
    std::int64_t start_line = 0;
};

class ElfFile {
public:
    // Null: not a regular file that can be read, or no ELF.
    static std::unique_ptr<ElfFile> open(const std::string& path);

    ElfFile();
    ~ElfFile();
    ElfFile(const ElfFile&) = delete;
    ElfFile& operator=(const ElfFile&) = delete;

    // Hex, lower case; empty: it has none.
    [[nodiscard]] const std::string& build_id() const;

    // The address, as the file's symbols count them, of the byte at that offset of the file; nothing: it is not loaded.
    [[nodiscard]] std::optional<std::uint64_t> address_of_offset(std::uint64_t offset) const;

    // Of a file of symbols alone, whose offsets say nothing: the same for a mapping of the file it was made from,
    // where that mapping is its one executable part.
    [[nodiscard]] std::optional<std::uint64_t> address_in_code(std::uint64_t into_mapping, std::uint64_t mapping_size)
        const;

    // By debug information. Empty: it has none of that address.
    [[nodiscard]] std::vector<SourceFrame> frames_at(std::uint64_t address);

    // By .symtab, else .dynsym. Empty: no function is there.
    [[nodiscard]] std::string symbol_at(std::uint64_t address);

private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace quipu
