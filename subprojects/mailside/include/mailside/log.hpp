// Lines for people, on stderr, where systemd's journal takes them from.
#pragma once

#include <string>
#include <string_view>

namespace mailside {

// One line: the program's name, then the sentence. Bytes of a peer in it must have been through printable().
void log_line(std::string_view sentence);

// What a peer said, as one line that no terminal obeys: control characters as \x1b. Cut after max_bytes.
std::string printable(std::string_view text, std::size_t max_bytes = 500);

}  // namespace mailside
