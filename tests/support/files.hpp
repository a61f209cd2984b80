// Files: of the source tree, for tests that compare code with documents, and others.
#pragma once

#include <string>
#include <string_view>

namespace quipu::test {

// The whole file, by its path from the root of the source tree. Fails the test case where it cannot be read.
std::string read_source(std::string_view path);

// The absolute path of that file.
std::string source_path(std::string_view path);

// Whole files by any path, as bytes; empty where there is none.
std::string read_file(const std::string& path);
// With that mode, whatever the umask.
void write_file(const std::string& path, std::string_view bytes, unsigned mode = 0600);

}  // namespace quipu::test
