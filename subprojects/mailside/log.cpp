#include <mailside/log.hpp>

#include <cerrno>
#include <cstdio>

namespace mailside {

void log_line(std::string_view sentence) {
    const int size = static_cast<int>(sentence.size());
    std::fprintf(stderr, "%s: %.*s\n", program_invocation_short_name, size, sentence.data());
}

std::string printable(std::string_view text, std::size_t max_bytes) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result;
    for (const char c : text.substr(0, max_bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            result += c;
        } else {
            result += "\\x";
            result += hex[byte >> 4];
            result += hex[byte & 15];
        }
    }
    return result;
}

}  // namespace mailside
