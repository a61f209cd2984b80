#include "daemon/profile/elf_symbols.hpp"

#include <algorithm>
#include <tuple>

namespace quipu {

namespace {

// More than the largest programs have.
constexpr std::size_t max_symbols = 8'000'000;

// Sized before unsized, global before weak before local, plain names before those with underscores in front.
int rank_of(const GElf_Sym& symbol, std::string_view name) {
    int rank = symbol.st_size == 0 ? 100 : 0;
    if (GELF_ST_BIND(symbol.st_info) == STB_WEAK) rank += 10;
    if (GELF_ST_BIND(symbol.st_info) == STB_LOCAL) rank += 20;
    const auto underscores = static_cast<int>(std::min(name.find_first_not_of('_'), name.size()));
    return rank + std::min(underscores, 9);
}

}  // namespace

ElfSymbols::ElfSymbols(Elf* elf) {
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf, section)) != nullptr) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header)) continue;
        if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) take_table(elf, section, header);
    }
    std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
        return std::tie(a.address, a.rank, a.name) < std::tie(b.address, b.rank, b.name);
    });
    const auto is_same = [](const Symbol& a, const Symbol& b) { return a.address == b.address; };
    symbols_.erase(std::unique(symbols_.begin(), symbols_.end(), is_same), symbols_.end());
}

void ElfSymbols::take_table(Elf* elf, Elf_Scn* section, const GElf_Shdr& header) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (!data || header.sh_entsize == 0) return;
    const std::size_t count = header.sh_size / header.sh_entsize;
    for (std::size_t i = 0; i < count && symbols_.size() < max_symbols; ++i) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, static_cast<int>(i), &symbol)) break;
        const int type = GELF_ST_TYPE(symbol.st_info);
        const bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
        // Assembler code such as _start has no type, but a size or at least a global name.
        const bool is_code = type == STT_NOTYPE && GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
        if ((!is_function && !is_code) || symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
        const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (!name || *name == '\0') continue;
        symbols_.push_back({symbol.st_value, symbol.st_size, rank_of(symbol, name), name});
    }
}

std::string_view ElfSymbols::at(std::uint64_t address) const {
    // The nearest one that holds the address; an unsized one holds what follows, up to the next symbol.
    constexpr int max_steps = 16;
    auto it = std::upper_bound(symbols_.begin(), symbols_.end(), address, [](std::uint64_t a, const Symbol& symbol) {
        return a < symbol.address;
    });
    for (int step = 0; step < max_steps && it != symbols_.begin(); ++step) {
        --it;
        const bool is_nearest = step == 0;
        if (address - it->address < it->size || (it->size == 0 && is_nearest)) return it->name;
    }
    return {};
}

}  // namespace quipu
