// What a log line needs beyond spdlog: its set-up, hostile text made harmless, and a brake for repeated complaints.
// Only net/ and main log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/core/metrics.hpp"
#include "daemon/core/now.hpp"

namespace quipu {

// One logger to stderr: "TIME [level] message"; where stderr is the journal, "<PRIORITY>message", which journald takes
// apart.
// false: there is no such level.
bool set_up_log(std::string_view level);

// `fd` is the stream that JOURNAL_STREAM ("device:inode", null: unset) names: a variable alone may be inherited from
// somebody whose stderr went there.
bool is_journal(int fd, const char* journal_stream);

// Text of a peer's: in quotes, everything but printable ASCII escaped, cut after 200 bytes.
std::string in_quotes(std::string_view text);

// Lets a few lines pass a minute; the others are counted, so that a peer cannot fill the disk with our log.
class LogBrake {
public:
    // `all_held_back` counts over all brakes (quipu/log/heldBack) and outlives this one.
    explicit LogBrake(Cell& all_held_back, std::uint32_t lines_per_minute = 10)
        : all_held_back_(all_held_back), lines_per_minute_(lines_per_minute) {}

    // The line may be written; `held_back` is how many were not since the last one that was.
    bool admit(Now now, std::uint64_t& held_back);

private:
    Cell& all_held_back_;
    std::uint32_t lines_per_minute_;
    std::int64_t window_steady_ns_ = 0;
    std::uint32_t in_window_ = 0;
    std::uint64_t held_back_ = 0;
};

}  // namespace quipu
