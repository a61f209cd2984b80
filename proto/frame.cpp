#include "proto/frame.hpp"

#include <cassert>

#include "proto/limits.hpp"

namespace quipu {

namespace {

// A buffer that a burst has blown up is given back once it is empty.
constexpr std::size_t keep_bytes = 128 * 1024;

}  // namespace

void FrameReader::feed(Bytes bytes) {
    if (error_ != Errc::ok) return;
    if (head_ == buffer_.size()) {
        buffer_.clear();
        if (buffer_.capacity() > keep_bytes) buffer_.shrink_to_fit();
    } else if (head_ > 0) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(head_));
    }
    head_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

bool FrameReader::next(Bytes& payload) {
    if (error_ != Errc::ok || buffer_.size() - head_ < limits::frame_header_bytes) return false;
    const std::uint8_t* p = buffer_.data() + head_;
    const std::size_t length = p[0] | std::size_t{p[1]} << 8 | std::size_t{p[2]} << 16 | std::size_t{p[3]} << 24;
    if (length == 0) {
        error_ = Errc::frame_empty;
        return false;
    }
    if (length > limits::max_frame_bytes) {
        error_ = Errc::frame_too_long;
        return false;
    }
    if (buffer_.size() - head_ - limits::frame_header_bytes < length) return false;
    payload = {p + limits::frame_header_bytes, length};
    head_ += limits::frame_header_bytes + length;
    return true;
}

void append_frame(std::string& out, std::string_view payload) {
    assert(!payload.empty() && payload.size() <= limits::max_frame_bytes);
    const auto length = static_cast<std::uint32_t>(payload.size());
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift & 0xff);
    out += payload;
}

}  // namespace quipu
