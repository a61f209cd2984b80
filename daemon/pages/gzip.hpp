// gzip for bodies (RFC 1952).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct z_stream_s;  // zlib's

namespace quipu {

// For a body that is made in pieces.
class GzipPieces {
public:
    static constexpr std::size_t bytes = std::size_t{272} * 1024;  // that one takes, says zlib's zconf.h

    GzipPieces();
    ~GzipPieces();
    GzipPieces(const GzipPieces&) = delete;
    GzipPieces& operator=(const GzipPieces&) = delete;

    // Appends what is ready.
    void add(std::string_view text, std::string& out) { deflate_all(text, out, false); }

    void end(std::string& out) { deflate_all({}, out, true); }

private:
    void deflate_all(std::string_view text, std::string& out, bool is_end);

    std::unique_ptr<z_stream_s> stream_;
};

// For bodies that are whole. It takes its time: not for the loop.
std::string gzip_whole(std::string_view body);

// For what is made once and sent often: as small as it gets.
std::string gzip_small(std::string_view body);

bool is_gzip(std::string_view bytes);

// Nothing: it is damaged, not whole, or becomes longer than `most`: a peer's few bytes may unfold to gigabytes.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace quipu
