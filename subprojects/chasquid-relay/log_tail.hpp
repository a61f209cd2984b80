// Follows a log file: what is written to it from now on, line by line, whatever becomes of the file: moved away and
// made anew, copied away and emptied, absent for a while. Looked at by its follower now and then; never waits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace relay {

class LogTail {
public:
    static constexpr std::size_t max_line_bytes = 64 * 1024;  // longer ones are cut
    static constexpr std::size_t max_look_bytes = 4 * 1024 * 1024;

    using TakeLine = std::function<void(std::string_view line)>;

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
    void feed(std::string_view bytes, const TakeLine& take);

    std::string path_;
    std::string error_;
    int fd_ = -1;
    std::int64_t at_ = 0;
    std::string rest_;  // of a line that has not ended
    bool is_cut_ = false;
    bool was_looked_at_ = false;
    std::uint64_t rotations_ = 0;
};

}  // namespace relay
