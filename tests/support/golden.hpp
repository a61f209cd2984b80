// Golden files: what a renderer or writer gave once, looked at by a person, and must go on giving.
#pragma once

#include <string>
#include <string_view>

namespace quipu::test {

// Compares with tests/golden/NAME and fails the test case, with a diff, where they differ.
// QUIPU_UPDATE_GOLDEN=1 in the environment writes the file instead: look at the change before you commit it.
void check_golden(std::string_view name, std::string_view text);

// tests/golden/NAME.
std::string read_golden(std::string_view name);

// Line by line: "- " only expected, "+ " only actual, with three common lines around; empty where equal.
std::string diff(std::string_view expected, std::string_view actual);

}  // namespace quipu::test
