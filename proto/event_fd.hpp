// An eventfd: any thread makes it readable, whoever polls it clears it. Close-on-exec, never blocks.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace quipu {

class EventFd {
public:
    EventFd() : fd_(make()) {}

    ~EventFd() { close(); }

    EventFd(const EventFd&) = delete;
    EventFd& operator=(const EventFd&) = delete;

    // -1: the process had no descriptor left.
    [[nodiscard]] int fd() const noexcept { return fd_; }

    // false: not written, since there is none, or it stands at its most and is readable.
    bool signal() const noexcept {
        const std::uint64_t one = 1;
        return ::write(fd_, &one, sizeof one) == static_cast<ssize_t>(sizeof one);
    }

    // How often it was signalled says nothing, nor whether it was.
    void clear() const noexcept {
        std::uint64_t count = 0;
        if (::read(fd_, &count, sizeof count) < 0) return;
    }

    // In a forked child: one of its own in place of the parent's.
    void renew() noexcept {
        close();
        fd_ = make();
    }

private:
    static int make() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

    void close() const noexcept {
        if (fd_ >= 0) ::close(fd_);
    }

    int fd_;
};

}  // namespace quipu
