#include "proto/loop_fd.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace quipu {

void LoopFd::make() noexcept {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (epoll_ < 0 || timer_ < 0 || !add(timer_)) close();
}

void LoopFd::close() noexcept {
    for (int* fd : {&epoll_, &timer_}) {
        if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
    socket_ = -1;
}

void LoopFd::renew() noexcept {
    close();
    make();
}

bool LoopFd::add(int readable) noexcept {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, readable, &wanted) == 0;
}

void LoopFd::watch(int socket, bool wants_room) noexcept {
    if (socket == socket_ && wants_room == wants_room_) return;
    if (socket != socket_) unwatch();
    epoll_event wanted{};
    wanted.events = wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (::epoll_ctl(epoll_, socket == socket_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &wanted) != 0) return;
    socket_ = socket;
    wants_room_ = wants_room;
}

void LoopFd::unwatch() noexcept {
    if (socket_ >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket_, nullptr);
    socket_ = -1;
}

void LoopFd::set_timer(Clock::time_point when) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    // Nothing at all would switch it off.
    const std::int64_t ns = std::max<std::int64_t>(when.time_since_epoch() / std::chrono::nanoseconds(1), 1);
    itimerspec at{};
    at.it_value.tv_sec = ns / second;
    at.it_value.tv_nsec = ns % second;
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace quipu
