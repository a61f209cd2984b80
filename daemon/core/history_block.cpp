#include "daemon/core/history_block.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace quipu {

namespace {

// Takes the length and as many bytes off the front.
bool read_piece(std::string_view& bytes, std::string_view& piece) {
    std::uint64_t length = 0;
    if (!read_varint(bytes, length) || length > bytes.size()) return false;
    piece = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return true;
}

bool is_sound(std::string_view piece) {
    HistoryColumn column;
    if (!read_column(piece, column)) return false;
    for (int i = 0; column.is_real && i < block_points; ++i) {
        const double value = std::bit_cast<double>(column.values[static_cast<std::size_t>(i)]);
        if (column.has(i) && !std::isfinite(value)) return false;
    }
    return true;
}

}  // namespace

void HistoryBlock::add(std::uint32_t id, const HistoryColumn& column) {
    std::string piece;
    append_column(piece, column);
    append_varint(bytes_, id);
    entries_.push_back({id, static_cast<std::uint32_t>(bytes_.size())});
    append_varint(bytes_, piece.size());
    bytes_ += piece;
}

void HistoryBlock::shrink_to_fit() {
    bytes_.shrink_to_fit();
    entries_.shrink_to_fit();
}

bool HistoryBlock::parse(std::string bytes, HistoryBlock& out) {
    out.entries_.clear();
    out.bytes_ = std::move(bytes);
    if (out.bytes_.size() > std::numeric_limits<std::uint32_t>::max()) return false;
    std::string_view rest = out.bytes_;
    std::uint64_t last = 0;
    while (!rest.empty()) {
        std::uint64_t id = 0;
        if (!read_varint(rest, id) || id <= last || id > std::numeric_limits<std::uint32_t>::max()) return false;
        last = id;
        out.entries_.push_back(
            {static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(out.bytes_.size() - rest.size())}
        );
        std::string_view piece;
        if (!read_piece(rest, piece) || !is_sound(piece)) return false;
    }
    out.shrink_to_fit();
    return true;
}

bool HistoryBlock::read(std::uint32_t id, HistoryColumn& out) const {
    const auto is_less = [](const Entry& entry, std::uint32_t wanted) { return entry.id < wanted; };
    const auto it = std::lower_bound(entries_.begin(), entries_.end(), id, is_less);
    if (it == entries_.end() || it->id != id) return false;
    std::string_view rest = std::string_view(bytes_).substr(it->offset);
    std::string_view piece;
    return read_piece(rest, piece) && read_column(piece, out);
}

CheckedBlocks checked(SavedBlocks saved) {
    CheckedBlocks out;
    out.kept = std::move(saved.kept);
    out.damaged_rows = saved.damaged_rows;
    out.blocks.reserve(saved.blocks.size());
    for (DurableHistoryBlock& row : saved.blocks) {
        CheckedBlocks::One& one = out.blocks.emplace_back();
        one.step_s = row.step_s;
        one.window = row.window;
        one.is_sound = row.window >= 0 && HistoryBlock::parse(std::move(row.bytes), one.block);
    }
    return out;
}

std::size_t HistoryBlock::cost_bytes() const {
    return sizeof *this + bytes_.capacity() + entries_.capacity() * sizeof(Entry);
}

std::size_t HistoryBlock::most_bytes(std::size_t series) {
    return sizeof(HistoryBlock) + series * (max_entry_bytes + sizeof(Entry));
}

}  // namespace quipu
