// The functions of an ELF file's symbol tables.
#pragma once

#include <gelf.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

class ElfSymbols {
public:
    // All of .symtab and .dynsym. `elf` must outlive it.
    explicit ElfSymbols(Elf* elf);

    // Empty: no function is there.
    [[nodiscard]] std::string_view at(std::uint64_t address) const;

private:
    struct Symbol {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
        int rank = 0;  // of those at one address the least is shown
        std::string_view name;
    };

    void take_table(Elf* elf, Elf_Scn* section, const GElf_Shdr& header);

    std::vector<Symbol> symbols_;  // by address, then rank
};

}  // namespace quipu
