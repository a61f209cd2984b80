#include "daemon/pages/gzip.hpp"

#include <zlib.h>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(pages_gzip)

using namespace quipu;

namespace {

std::string unpacked(std::string_view packed, std::size_t size) {
    z_stream stream{};
    BOOST_REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);  // takes gzip only
    std::string in(packed);
    std::string out(size + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    BOOST_TEST(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(body_comes_back) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100000}}) {
        std::string body;
        for (std::size_t i = 0; i < size; ++i) body += static_cast<char>('a' + i * i % 23);
        BOOST_TEST(unpacked(gzip_whole(body), size) == body);
    }
    BOOST_TEST(gzip_whole(std::string(100000, 'x')).size() < 1000U);
}

BOOST_AUTO_TEST_CASE(body_in_pieces_comes_back) {
    std::string body;
    for (std::size_t i = 0; i < 300000; ++i) body += static_cast<char>('a' + i * i % 23);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{64 * 1024}, body.size()}) {
        GzipPieces pieces;
        std::string packed;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            pieces.add(std::string_view(body).substr(at, piece), packed);
        }
        pieces.end(packed);
        BOOST_TEST((unpacked(packed, body.size()) == body));
        BOOST_TEST(packed.size() < body.size() / 2);
    }
    GzipPieces nothing;
    std::string packed;
    nothing.end(packed);
    BOOST_TEST(unpacked(packed, 0).empty());
}

BOOST_AUTO_TEST_SUITE_END()
