#include "proto/mappings.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>

#include "proto/limits.hpp"

namespace quipu {

namespace {

struct Image {
    std::uint64_t start = 0;
    std::uint64_t limit = 0;
    std::string build_id;
};

struct Loaded {
    std::uint64_t loads = 0;
    std::uint64_t unloads = 0;
    std::vector<Image> images;
};

std::string to_hex(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += digits[bytes[i] >> 4U];
        out += digits[bytes[i] & 15U];
    }
    return out;
}

constexpr std::size_t aligned(std::size_t size, std::size_t to) {
    return (size + to - 1) / to * to;
}

// The build id among the notes of one segment, in memory.
std::string build_id_in(const unsigned char* notes, std::size_t size, std::size_t alignment) {
    constexpr std::size_t max_id_bytes = 64;
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        std::memcpy(&note, notes, sizeof note);
        const std::size_t name = sizeof note;
        const std::size_t content = aligned(name + note.n_namesz, alignment);
        const std::size_t next = aligned(content + note.n_descsz, alignment);
        if (note.n_namesz > size || note.n_descsz > size || content + note.n_descsz > size) return {};
        const bool is_gnu = note.n_namesz == sizeof ELF_NOTE_GNU && std::memcmp(notes + name, ELF_NOTE_GNU, 4) == 0;
        if (is_gnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= max_id_bytes) {
            return to_hex(notes + content, note.n_descsz);
        }
        if (next >= size) return {};
        notes += next;
        size -= next;
    }
    return {};
}

int add_image(dl_phdr_info* info, std::size_t /*size*/, void* to) {
    auto& loaded = *static_cast<Loaded*>(to);
    loaded.loads = info->dlpi_adds;
    loaded.unloads = info->dlpi_subs;
    Image image;
    image.start = ~std::uint64_t{0};
    for (std::size_t i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& part = info->dlpi_phdr[i];
        const std::uint64_t address = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD) {
            image.start = std::min(image.start, address);
            image.limit = std::max(image.limit, address + part.p_memsz);
        } else if (part.p_type == PT_NOTE && image.build_id.empty()) {
            const auto* notes = reinterpret_cast<const unsigned char*>(address);  // NOLINT(performance-no-int-to-ptr)
            image.build_id = build_id_in(notes, part.p_memsz, part.p_align == 8 ? 8 : 4);
        }
    }
    if (image.start < image.limit) loaded.images.push_back(std::move(image));
    return 0;
}

int look_at_counts(dl_phdr_info* info, std::size_t /*size*/, void* to) {
    auto& loaded = *static_cast<Loaded*>(to);
    loaded.loads = info->dlpi_adds;
    loaded.unloads = info->dlpi_subs;
    return 1;  // that is all
}

std::uint64_t hex_number(std::string_view text) {
    std::uint64_t value = 0;
    for (const char c : text) {
        const bool is_digit = c >= '0' && c <= '9';
        value = value * 16 + static_cast<std::uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
    }
    return value;
}

// "START-LIMIT PERMISSIONS OFFSET DEVICE INODE   NAME"; the kernel writes a newline in a name as \012.
bool parse_line(std::string_view line, LoadedCode& out) {
    const auto next = [&line] {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string_view word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        return word;
    };
    const std::string_view range = next();
    const std::string_view permissions = next();
    const std::string_view offset = next();
    next();
    next();
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos || permissions.size() < 3 || permissions[2] != 'x') return false;
    out.start = hex_number(range.substr(0, dash));
    out.limit = hex_number(range.substr(dash + 1));
    out.file_offset = hex_number(offset);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    out.filename = line.substr(0, limits::max_text_bytes);
    return out.start < out.limit;
}

}  // namespace

void Mappings::refresh() {
    Loaded loaded;
    dl_iterate_phdr(look_at_counts, &loaded);
    if (!now_.empty() && loaded.loads == loads_ && loaded.unloads == unloads_) return;
    dl_iterate_phdr(add_image, &loaded);
    loads_ = loaded.loads;
    unloads_ = loaded.unloads;
    now_.clear();
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        LoadedCode code;
        if (!parse_line(line, code)) continue;
        const auto is_inside = [&code](const Image& image) {
            return code.start < image.limit && image.start < code.limit;
        };
        const auto image = std::find_if(loaded.images.begin(), loaded.images.end(), is_inside);
        if (image != loaded.images.end()) code.build_id = image->build_id;
        const std::uint32_t number = number_of(code);
        if (number != none) now_.push_back(number);
    }
}

std::uint32_t Mappings::number_of(const LoadedCode& code) {
    const auto is_same = [&code](const LoadedCode& other) {
        return other.start == code.start && other.limit == code.limit && other.file_offset == code.file_offset &&
               other.filename == code.filename && other.build_id == code.build_id;
    };
    const auto known = std::find_if(all_.begin(), all_.end(), is_same);
    if (known != all_.end()) return static_cast<std::uint32_t>(known - all_.begin());
    if (all_.size() >= limits::max_report_mappings) return none;
    all_.push_back(code);
    return static_cast<std::uint32_t>(all_.size() - 1);
}

std::uint32_t Mappings::find(std::uint64_t address) const {
    const auto begins_behind = [this](std::uint64_t value, std::uint32_t number) { return value < all_[number].start; };
    const auto behind = std::upper_bound(now_.begin(), now_.end(), address, begins_behind);
    if (behind == now_.begin()) return none;
    const std::uint32_t number = *(behind - 1);
    return address < all_[number].limit ? number : none;
}

}  // namespace quipu
