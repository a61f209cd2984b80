#include "daemon/pages/gzip.hpp"

#include <zlib.h>

#include <cassert>
#include <limits>

namespace quipu {

namespace {

constexpr int gzip_window_bits = 15 + 16;  // + 16: gzip's header and not zlib's

// zlib's interface predates const.
Bytef* input(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

void begin_deflating(z_stream& stream, int level) {
    constexpr int memory_level = 8;
    [[maybe_unused]] const int result =
        deflateInit2(&stream, level, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
}

std::string deflated(std::string_view body, int level) {
    z_stream stream{};
    begin_deflating(stream, level);
    std::string out(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
    stream.next_in = input(body);
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    [[maybe_unused]] const int result = deflate(&stream, Z_FINISH);
    assert(result == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

GzipPieces::GzipPieces() : stream_(std::make_unique<z_stream>()) {
    begin_deflating(*stream_, Z_BEST_SPEED);
}

GzipPieces::~GzipPieces() {
    deflateEnd(stream_.get());
}

void GzipPieces::deflate_all(std::string_view text, std::string& out, bool is_end) {
    constexpr std::size_t room = std::size_t{16} * 1024;
    stream_->next_in = input(text);
    stream_->avail_in = static_cast<uInt>(text.size());
    do {
        const std::size_t had = out.size();
        out.resize(had + room);
        stream_->next_out = reinterpret_cast<Bytef*>(out.data() + had);
        stream_->avail_out = static_cast<uInt>(room);
        (void)deflate(stream_.get(), is_end ? Z_FINISH : Z_NO_FLUSH);
        out.resize(had + room - stream_->avail_out);
    } while (stream_->avail_out == 0);
}

std::string gzip_whole(std::string_view body) {
    return deflated(body, Z_BEST_SPEED);
}

std::string gzip_small(std::string_view body) {
    return deflated(body, Z_BEST_COMPRESSION);
}

bool is_gzip(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b");
}

std::optional<std::string> gunzip(std::string_view bytes, std::size_t most) {
    constexpr std::size_t step = 256 * 1024;
    if (bytes.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
    z_stream stream{};
    if (inflateInit2(&stream, gzip_window_bits) != Z_OK) return std::nullopt;
    stream.next_in = input(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK && out.size() <= most) {
        const std::size_t had = out.size();
        out.resize(had + step);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
        stream.avail_out = step;
        result = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
        if (out.size() == had) break;  // it wants more than there is
    }
    inflateEnd(&stream);
    if (result != Z_STREAM_END || stream.avail_in != 0 || out.size() > most) return std::nullopt;
    return out;
}

}  // namespace quipu
