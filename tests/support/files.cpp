#include "tests/support/files.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace quipu::test {

std::string source_path(std::string_view path) {
    return std::string(QUIPU_SOURCE_DIR "/").append(path);
}

std::string read_source(std::string_view path) {
    std::ifstream file(source_path(path), std::ios::binary);
    BOOST_REQUIRE_MESSAGE(file.is_open(), "cannot read " << source_path(path));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace quipu::test
