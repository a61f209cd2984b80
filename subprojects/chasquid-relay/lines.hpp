// Bytes taken apart: prefixes, and lines that come in pieces. Pure; takes any bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace relay {

// Moves behind the prefix; false, and nothing happens, where the text does not begin so.
bool take_prefix(std::string_view& text, std::string_view prefix);

// Lines of a stream that comes in pieces of any size.
class LineReader {
public:
    static constexpr std::size_t max_line_bytes = 64 * 1024;  // longer ones are cut

    using TakeLine = std::function<void(std::string_view line)>;

    // Hands on the lines that are whole now, without their ends.
    void feed(std::string_view bytes, const TakeLine& take);
    // The stream is over: the line that has not ended, unless it is empty.
    void finish(const TakeLine& take);
    // Forgets the line that has not ended.
    void clear();

private:
    std::string rest_;     // of a line that has not ended
    bool is_cut_ = false;  // what follows of it is thrown away
};

}  // namespace relay
