#include "flags_text.hpp"

#include <algorithm>
#include <string>

namespace relay {

std::vector<quipu::Flag> parse_flags_page(std::string_view page) {
    constexpr std::size_t max_flags = 1000;
    std::vector<quipu::Flag> flags;
    bool are_set = true;
    while (!page.empty() && flags.size() < max_flags) {
        const std::size_t end = std::min(page.find('\n'), page.size());
        std::string_view line = page.substr(0, end);
        page.remove_prefix(std::min(end + 1, page.size()));
        if (line.empty()) are_set = false;
        const std::size_t equals = line.find('=');
        if (!line.starts_with('-') || equals == std::string_view::npos) continue;
        line.remove_prefix(1);
        flags.push_back(
            {.name = std::string(line.substr(0, equals - 1)),
             .value = std::string(line.substr(equals)),
             .is_set = are_set}
        );
    }
    return flags;
}

}  // namespace relay
