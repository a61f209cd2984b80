#include "log_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace relay {

LogTail::~LogTail() {
    if (fd_ >= 0) ::close(fd_);
}

bool LogTail::open(bool is_first) {
    // A FIFO must not make us wait; what is no regular file is refused.
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    struct stat status {};

    if (fd_ < 0 || ::fstat(fd_, &status) != 0) {
        error_ = std::generic_category().message(errno);
    } else if (!S_ISREG(status.st_mode)) {
        error_ = "it is no regular file";
        ::close(fd_);
        fd_ = -1;
    }
    if (fd_ < 0) return false;
    error_.clear();
    at_ = is_first ? status.st_size : 0;
    lines_.clear();
    return true;
}

// Another file stands in its place by now.
bool LogTail::is_replaced() const {
    struct stat here {};

    struct stat there {};

    if (::stat(path_.c_str(), &there) != 0 || ::fstat(fd_, &here) != 0) return false;
    return here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

// false: there is no more for now.
bool LogTail::read_some(const TakeLine& take, std::size_t& left) {
    std::array<char, 64 * 1024> bytes;
    const ssize_t size = ::pread(fd_, bytes.data(), std::min(bytes.size(), left), at_);
    if (size <= 0) return false;
    at_ += size;
    left -= static_cast<std::size_t>(size);
    lines_.feed({bytes.data(), static_cast<std::size_t>(size)}, take);
    return left > 0;
}

bool LogTail::look(const TakeLine& take) {
    const bool is_first = !std::exchange(was_looked_at_, true);
    std::size_t left = max_look_bytes;
    if (fd_ < 0 && !open(is_first)) return false;

    struct stat status {};

    if (::fstat(fd_, &status) == 0 && status.st_size < at_) {
        // Emptied in its place. What of it was not read is gone.
        ++rotations_;
        at_ = 0;
        lines_.clear();
    }
    // Looked at before the rest is read: what the old file still gets comes before the new one.
    const bool is_over = is_replaced();
    while (read_some(take, left)) continue;
    if (left == 0) return true;
    if (!is_over) return false;
    ::close(fd_);
    fd_ = -1;
    ++rotations_;
    return open(false);
}

}  // namespace relay
