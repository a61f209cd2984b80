// Follows a log file: what is written to it from now on, line by line, whatever becomes of the file: moved away and
// made anew, copied away and emptied, absent for a while. Looked at by its follower now and then; never waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lines.hpp"

namespace relay {

class LogTail {
public:
    static constexpr std::size_t max_look_bytes = 4 * 1024 * 1024;

    using TakeLine = LineReader::TakeLine;

    // What is in the file already is passed over.
    explicit LogTail(std::string path) : path_(std::move(path)) {}

    ~LogTail();
    LogTail(const LogTail&) = delete;
    LogTail& operator=(const LogTail&) = delete;

    // Hands on the lines that are whole now, about max_look_bytes at most. true: there is more, look again soon.
    bool look(const TakeLine& take);

    // Empty: it is being followed; else what is wrong: "No such file or directory".
    [[nodiscard]] const std::string& error() const { return error_; }

    // How often a new file was found in its place, or the same one emptied.
    [[nodiscard]] std::uint64_t rotations() const { return rotations_; }

private:
    bool open(bool is_first);
    bool is_replaced() const;
    bool read_some(const TakeLine& take, std::size_t& left);

    std::string path_;
    std::string error_;
    int fd_ = -1;
    std::int64_t at_ = 0;
    LineReader lines_;
    bool was_looked_at_ = false;
    std::uint64_t rotations_ = 0;
};

}  // namespace relay
