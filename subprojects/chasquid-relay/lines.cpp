#include "lines.hpp"

#include <algorithm>

namespace relay {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

void LineReader::feed(std::string_view bytes, const TakeLine& take) {
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        if (!is_cut_) rest_ += bytes.substr(0, std::min(end, max_line_bytes));
        if (rest_.size() > max_line_bytes) {
            rest_.resize(max_line_bytes);
            is_cut_ = true;
        }
        if (end == bytes.size()) return;
        bytes.remove_prefix(end + 1);
        take(rest_);
        clear();
    }
}

void LineReader::finish(const TakeLine& take) {
    if (!rest_.empty()) take(rest_);
    clear();
}

void LineReader::clear() {
    rest_.clear();
    is_cut_ = false;
}

}  // namespace relay
