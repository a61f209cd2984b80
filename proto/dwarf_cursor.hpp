// Reads the encodings of DWARF through CheckedMemory. The first failure sticks; what is read after it is 0.
#pragma once

#include <cstdint>

#include "proto/checked_memory.hpp"

namespace quipu {

class DwarfCursor {
public:
    // Reads nothing at or behind `end`.
    DwarfCursor(CheckedMemory& memory, std::uint64_t at, std::uint64_t end) : memory_(memory), at_(at), end_(end) {}

    [[nodiscard]] bool is_ok() const { return is_ok_; }

    [[nodiscard]] bool is_at_end() const { return at_ >= end_; }

    [[nodiscard]] std::uint64_t at() const { return at_; }

    void fail() { is_ok_ = false; }

    void seek(std::uint64_t at) { at_ = at; }

    void skip(std::uint64_t bytes) {
        if (bytes > end_ - at_) return fail();
        at_ += bytes;
    }

    template <typename T>
    T get() {
        T value{};
        if (!is_ok_ || at_ > end_ || sizeof(T) > end_ - at_ || !memory_.read(at_, value)) {
            is_ok_ = false;
            return T{};
        }
        at_ += sizeof(T);
        return value;
    }

    std::uint64_t uleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = get<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) return value;
        }
        fail();
        return 0;
    }

    std::int64_t sleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64;) {
            const auto byte = get<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7fU} << shift;
            shift += 7;
            if ((byte & 0x80U) != 0) continue;
            const bool is_negative = (byte & 0x40U) != 0 && shift < 64;
            return static_cast<std::int64_t>(is_negative ? value | ~std::uint64_t{0} << shift : value);
        }
        fail();
        return 0;
    }

    // A pointer in the encodings that linkers use: absolute, or relative to where it stands.
    std::uint64_t pointer(std::uint8_t encoding) {
        constexpr std::uint8_t relative_to_here = 0x10;
        const std::uint64_t here = at_;
        const std::uint64_t value = number(encoding & 0x0fU);
        const unsigned how = encoding & 0xf0U;
        if (how == 0) return value;
        if (how != relative_to_here) fail();
        return value + here;
    }

    std::uint64_t number(unsigned format) {
        switch (format) {
            case 0x0: return get<std::uint64_t>();
            case 0x1: return uleb();
            case 0x2: return get<std::uint16_t>();
            case 0x3: return get<std::uint32_t>();
            case 0x4: return get<std::uint64_t>();
            case 0x9: return static_cast<std::uint64_t>(sleb());
            case 0xa: return static_cast<std::uint64_t>(std::int64_t{get<std::int16_t>()});
            case 0xb: return static_cast<std::uint64_t>(std::int64_t{get<std::int32_t>()});
            case 0xc: return static_cast<std::uint64_t>(get<std::int64_t>());
            default: fail(); return 0;
        }
    }

private:
    CheckedMemory& memory_;
    std::uint64_t at_;
    std::uint64_t end_;
    bool is_ok_ = true;
};

}  // namespace quipu
