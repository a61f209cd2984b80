// Framing: a 4-byte little-endian length (1 to limits::max_frame_bytes), then that many bytes of one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/errc.hpp"

namespace quipu {

using Bytes = std::span<const std::uint8_t>;

// Takes bytes as they arrive, in any cut, and gives whole payloads.
//
//     reader.feed(bytes);
//     while (reader.next(payload)) use(payload);
//     if (reader.error() != Errc::ok) close;
//
//   +---------------------+----------------------+------------------+
//   | taken (before head_) | unread: head_..size  | (grows with data) |
//   +---------------------+----------------------+------------------+
//
// The buffer grows with the data that has arrived, never with what a length prefix claims; it holds at most one
// unfinished frame beside what the last feed() brought.
class FrameReader {
public:
    void feed(Bytes bytes);

    // The next whole payload, valid until the next feed(). false: none yet, or error() is set for good.
    bool next(Bytes& payload);

    [[nodiscard]] Errc error() const { return error_; }

    // A frame has begun and is not whole: on close, it counts as truncated; in time, it falls under the deadline.
    [[nodiscard]] bool is_inside_frame() const { return head_ < buffer_.size(); }

    [[nodiscard]] std::size_t buffered_bytes() const { return buffer_.capacity(); }

private:
    std::vector<std::uint8_t> buffer_;
    std::size_t head_ = 0;
    Errc error_ = Errc::ok;
};

// Appends prefix and payload. The payload must have 1 to limits::max_frame_bytes bytes; that is the writer's bug
// otherwise, and asserted.
void append_frame(std::string& out, std::string_view payload);

}  // namespace quipu
