#include "daemon/profile/elf_file.hpp"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "daemon/profile/elf_dwarf.hpp"
#include "daemon/profile/elf_symbols.hpp"

namespace quipu {

namespace {

constexpr std::uint64_t page = 4096;  // the least; larger pages only make fewer mappings fit

std::string hex(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 15];
    }
    return out;
}

std::string build_id_of(Elf* elf) {
    const void* id = nullptr;
    const ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
    return size > 0 ? hex(static_cast<const unsigned char*>(id), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

struct ElfFile::Inside {
    int fd = -1;
    Elf* elf = nullptr;
    Dwarf* dwarf = nullptr;
    bool is_dwarf_tried = false;
    std::string build_id;
    std::unique_ptr<ElfSymbols> symbols;
    std::unique_ptr<ElfDwarf> units;

    ~Inside() {
        units.reset();
        symbols.reset();
        if (dwarf) dwarf_end(dwarf);
        if (elf) elf_end(elf);
        if (fd >= 0) ::close(fd);
    }
};

ElfFile::ElfFile() : inside_(std::make_unique<Inside>()) {}

ElfFile::~ElfFile() = default;

std::unique_ptr<ElfFile> ElfFile::open(const std::string& path) {
    if (elf_version(EV_CURRENT) == EV_NONE) return nullptr;
    auto file = std::make_unique<ElfFile>();
    Inside& inside = *file->inside_;
    // A peer may name a pipe or a device: neither wait for one nor read it.
    inside.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status = {};
    if (inside.fd < 0 || ::fstat(inside.fd, &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
    inside.elf = elf_begin(inside.fd, ELF_C_READ_MMAP, nullptr);
    if (!inside.elf || elf_kind(inside.elf) != ELF_K_ELF) return nullptr;
    inside.build_id = build_id_of(inside.elf);
    return file;
}

const std::string& ElfFile::build_id() const {
    return inside_->build_id;
}

std::optional<std::uint64_t> ElfFile::address_of_offset(std::uint64_t offset) const {
    std::size_t count = 0;
    if (elf_getphdrnum(inside_->elf, &count) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (!gelf_getphdr(inside_->elf, static_cast<int>(i), &header) || header.p_type != PT_LOAD) continue;
        if (offset >= header.p_offset && offset - header.p_offset < header.p_filesz) {
            return offset - header.p_offset + header.p_vaddr;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> ElfFile::address_in_code(std::uint64_t into_mapping, std::uint64_t mapping_size) const {
    std::optional<std::uint64_t> start;
    std::size_t count = 0;
    if (elf_getphdrnum(inside_->elf, &count) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (!gelf_getphdr(inside_->elf, static_cast<int>(i), &header)) continue;
        if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
        if (start) return std::nullopt;  // which of them?
        const std::uint64_t begin = header.p_vaddr / page * page;
        const std::uint64_t end = (header.p_vaddr + header.p_memsz + page - 1) / page * page;
        if (end - begin != mapping_size) return std::nullopt;
        start = begin;
    }
    if (!start) return std::nullopt;
    return *start + into_mapping;
}

std::vector<SourceFrame> ElfFile::frames_at(std::uint64_t address) {
    Inside& inside = *inside_;
    if (!std::exchange(inside.is_dwarf_tried, true)) {
        inside.dwarf = dwarf_begin_elf(inside.elf, DWARF_C_READ, nullptr);
        if (inside.dwarf) inside.units = std::make_unique<ElfDwarf>(inside.dwarf);
    }
    return inside.units ? inside.units->frames_at(address) : std::vector<SourceFrame>{};
}

std::string ElfFile::symbol_at(std::uint64_t address) {
    Inside& inside = *inside_;
    if (!inside.symbols) inside.symbols = std::make_unique<ElfSymbols>(inside.elf);
    return std::string(inside.symbols->at(address));
}

}  // namespace quipu
