#include "daemon/pages/gzip.hpp"

#include <zlib.h>

#include <cassert>

namespace quipu {

std::string gzip(std::string_view body) {
    constexpr int gzip_window_bits = 15 + 16;  // + 16: gzip's header and not zlib's
    constexpr int memory_level = 8;
    const int level = body.size() > max_squeezed_bytes ? Z_NO_COMPRESSION : Z_BEST_SPEED;
    z_stream stream{};
    [[maybe_unused]] int result =
        deflateInit2(&stream, level, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
    // zlib's interface predates const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    result = deflate(&stream, Z_FINISH);
    assert(result == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace quipu
