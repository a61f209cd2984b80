// Sixty points of one series, and how they are kept: in memory and on disk, the same bytes.
//
// A mail daemon's counts stand still most of the time, or grow by little: only changed points are written, as
// differences. That takes 3 to 20 bytes where nothing changed, about 1 to 3 more a change, and never more than 8 bytes
// a point and 10 for the whole. Exact: all 64 bits come back.
//
//     flags (1 byte: is_real, has_gaps, has_changes, is_raw)
//     has_gaps: which points there are, has_changes: which differ from the one before, 8 bytes little-endian each
//     then varints: the first point's value, and the differences of the changed ones; is_raw: 8 bytes a point instead
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

inline constexpr int block_points = 60;
inline constexpr std::size_t max_column_bytes = 10 + 8 * block_points;

struct HistoryColumn {
    bool is_real = false;       // the values are doubles' bits, else counts
    std::uint64_t present = 0;  // bit i: there is a point i, else a gap
    std::array<std::uint64_t, block_points> values{};

    [[nodiscard]] bool has(int i) const { return (present >> i & 1) != 0; }

    void set(int i, std::uint64_t value) {
        present |= std::uint64_t{1} << i;
        values[static_cast<std::size_t>(i)] = value;
    }

    // Points from i on are gaps.
    void drop_from(int i) { present &= (std::uint64_t{1} << i) - 1; }

    // Takes over the other's points where here are none.
    void fill_gaps(const HistoryColumn& other);
};

void append_column(std::string& out, const HistoryColumn& column);

// The whole of `bytes`. false: damaged; `out` is then of no use.
[[nodiscard]] bool read_column(std::string_view bytes, HistoryColumn& out);

// Base 128, least significant group first, as protobuf writes it.
void append_varint(std::string& out, std::uint64_t value);
[[nodiscard]] bool read_varint(std::string_view& bytes, std::uint64_t& value);

}  // namespace quipu
