#include "tests/support/golden.hpp"

#include "tests/support/files.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <vector>

namespace quipu::test {

namespace {

constexpr std::size_t context_lines = 3;

// The last line may lack its newline; the marker makes that visible.
std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            lines.push_back(std::string(text) + "\\ no newline at the end");
            break;
        }
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

bool is_update_wanted() {
    const char* value = std::getenv("QUIPU_UPDATE_GOLDEN");  // NOLINT(concurrency-mt-unsafe): before any thread
    return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

// Common head and tail are cut off; what is between is shown whole. Golden files are small and changes local, so
// that reads as well as a shortest edit script.
std::string diff(std::string_view expected, std::string_view actual) {
    if (expected == actual) return {};
    const std::vector<std::string> a = lines_of(expected);
    const std::vector<std::string> b = lines_of(actual);
    const auto [a_end, b_end] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const auto head = static_cast<std::size_t>(a_end - a.begin());
    std::size_t tail = 0;
    while (tail < std::min(a.size(), b.size()) - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;

    std::string out = "at line " + std::to_string(head + 1) + ":\n";
    for (std::size_t i = head - std::min(head, context_lines); i < head; ++i) out += "  " + a[i] + "\n";
    for (std::size_t i = head; i < a.size() - tail; ++i) out += "- " + a[i] + "\n";
    for (std::size_t i = head; i < b.size() - tail; ++i) out += "+ " + b[i] + "\n";
    for (std::size_t i = a.size() - tail; i < std::min(a.size(), a.size() - tail + context_lines); ++i) {
        out += "  " + a[i] + "\n";
    }
    return out;
}

std::string read_golden(std::string_view name) {
    return read_source(std::string("tests/golden/").append(name));
}

void check_golden(std::string_view name, std::string_view text) {
    // A change of a style sheet or script is no change of the pages that load it.
    const std::string actual = std::regex_replace(std::string(text), std::regex("\\?v=[0-9a-f]{16}"), "?v=HASH");
    const std::string path = source_path(std::string("tests/golden/").append(name));
    if (is_update_wanted()) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << actual;
        return;
    }
    BOOST_REQUIRE_MESSAGE(
        std::filesystem::exists(path), path << " is missing: write it with QUIPU_UPDATE_GOLDEN=1 and look at it"
    );
    const std::string difference = diff(read_golden(name), actual);
    BOOST_CHECK_MESSAGE(
        difference.empty(),
        "differs from tests/golden/" << name << " (QUIPU_UPDATE_GOLDEN=1 writes it anew)\n"
                                     << difference
    );
}

}  // namespace quipu::test
