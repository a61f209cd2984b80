#include "daemon/core/history_column.hpp"

namespace quipu {

namespace {

constexpr std::uint64_t all_points = (std::uint64_t{1} << block_points) - 1;

enum Flag : std::uint8_t { is_real = 1, holds_gaps = 2, holds_changes = 4, is_raw = 8, known_flags = 15 };

void append_fixed(std::string& out, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

bool read_fixed(std::string_view& bytes, std::uint64_t& value) {
    if (bytes.size() < 8) return false;
    value = 0;
    for (int i = 0; i < 8; ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])} << (8 * i);
    }
    bytes.remove_prefix(8);
    return true;
}

// Small for what is near, in both directions; doubles of small whole numbers differ in their first bytes only.
std::uint64_t difference(bool real, std::uint64_t before, std::uint64_t value) {
    if (real) return __builtin_bswap64(before ^ value);
    const std::uint64_t delta = value - before;
    return delta << 1 ^ (0 - (delta >> 63));
}

std::uint64_t sum(bool real, std::uint64_t before, std::uint64_t difference) {
    if (real) return before ^ __builtin_bswap64(difference);
    return before + (difference >> 1 ^ (0 - (difference & 1)));
}

bool read_raw(std::string_view bytes, HistoryColumn& out) {
    for (int i = 0; i < block_points; ++i) {
        if (out.has(i) && !read_fixed(bytes, out.values[static_cast<std::size_t>(i)])) return false;
    }
    return bytes.empty();
}

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

bool read_varint(std::string_view& bytes, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes[0]);
        bytes.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

void HistoryColumn::fill_gaps(const HistoryColumn& other) {
    for (int i = 0; i < block_points; ++i) {
        if (!has(i) && other.has(i)) set(i, other.values[static_cast<std::size_t>(i)]);
    }
}

void append_column(std::string& out, const HistoryColumn& column) {
    const std::size_t start = out.size();
    std::uint64_t changed = 0;
    std::uint64_t before = 0;
    std::string differences;
    bool is_first = true;
    for (int i = 0; i < block_points; ++i) {
        if (!column.has(i)) continue;
        const std::uint64_t value = column.values[static_cast<std::size_t>(i)];
        if (is_first || value != before) append_varint(differences, difference(column.is_real, before, value));
        if (!is_first && value != before) changed |= std::uint64_t{1} << i;
        before = value;
        is_first = false;
    }
    std::uint8_t flags = column.is_real ? is_real : 0;
    if (column.present != all_points) flags |= holds_gaps;
    if (changed != 0) flags |= holds_changes;
    const auto points = static_cast<std::size_t>(__builtin_popcountll(column.present));
    const bool is_long = differences.size() + (changed != 0 ? 8 : 0) > 8 * points;
    if (is_long) flags = static_cast<std::uint8_t>((flags & ~holds_changes) | is_raw);
    out += static_cast<char>(flags);
    if ((flags & holds_gaps) != 0) append_fixed(out, column.present);
    if ((flags & holds_changes) != 0) append_fixed(out, changed);
    if (!is_long) {
        out += differences;
        return;
    }
    out.reserve(start + 9 + 8 * points);
    for (int i = 0; i < block_points; ++i) {
        if (column.has(i)) append_fixed(out, column.values[static_cast<std::size_t>(i)]);
    }
}

bool read_column(std::string_view bytes, HistoryColumn& out) {
    if (bytes.empty()) return false;
    const auto flags = static_cast<std::uint8_t>(bytes[0]);
    bytes.remove_prefix(1);
    if (flags > known_flags) return false;
    out.is_real = (flags & is_real) != 0;
    out.present = all_points;
    if ((flags & holds_gaps) != 0 && !read_fixed(bytes, out.present)) return false;
    if ((out.present & ~all_points) != 0) return false;
    if ((flags & is_raw) != 0) return read_raw(bytes, out);
    std::uint64_t changed = 0;
    if ((flags & holds_changes) != 0 && !read_fixed(bytes, changed)) return false;
    std::uint64_t value = 0;
    bool is_first = true;
    for (int i = 0; i < block_points; ++i) {
        if (!out.has(i)) continue;
        if (is_first || (changed >> i & 1) != 0) {
            std::uint64_t step = 0;
            if (!read_varint(bytes, step)) return false;
            value = sum(out.is_real, value, step);
        }
        is_first = false;
        out.values[static_cast<std::size_t>(i)] = value;
    }
    return bytes.empty();
}

}  // namespace quipu
