#include "tests/support/files.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace quipu::test {

std::string source_path(std::string_view path) {
    return std::string(QUIPU_SOURCE_DIR "/").append(path);
}

std::string read_source(std::string_view path) {
    std::ifstream file(source_path(path), std::ios::binary);
    BOOST_REQUIRE_MESSAGE(file.is_open(), "cannot read " << source_path(path));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

void write_file(const std::string& path, std::string_view bytes, unsigned mode) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    BOOST_REQUIRE_EQUAL(::chmod(path.c_str(), mode), 0);
}

}  // namespace quipu::test
