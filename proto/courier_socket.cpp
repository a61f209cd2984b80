// The courier's socket: connect, send, read, wait, back off, and what is said where that fails.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "proto/courier.hpp"

namespace quipu {

namespace {

using std::chrono::milliseconds;

std::string error_text(int error) {
    return std::generic_category().message(error);
}

}  // namespace

void Courier::close_socket() noexcept {
    if (loop_) loop_->unwatch();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void Courier::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options_.socket_path.size() >= sizeof address.sun_path) {
        complain("the socket path is too long");
        next_try_ = Clock::now() + complaint_interval;
        return;
    }
    std::memcpy(address.sun_path, options_.socket_path.data(), options_.socket_path.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool is_open = fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (!is_open) {
        const int error = errno;
        std::string why = error_text(error);
        if (error == EACCES) why += "; check the socket's mode and group";
        if (error == ENOENT || error == ECONNREFUSED) why += ": quipud seems not to run";
        disconnect(why);
        return;
    }
    out_.clear();
    written_ = 0;
    has_more_ = false;
    outbox_.connected(identity_, wall_now_ns(), steady_now_ns(), out_);
}

void Courier::disconnect(std::string_view why) {
    close_socket();
    is_connected_ = false;
    is_sending_ = false;
    out_.clear();
    written_ = 0;
    has_more_ = false;
    // Half fixed, half by chance, so that many daemons do not come back at the same moment.
    const auto half = back_off_.count() / 2;
    const auto chance = std::uniform_int_distribution<std::int64_t>(0, half)(random_);
    next_try_ = Clock::now() + milliseconds(half + chance);
    back_off_ = std::min(back_off_ * 2, longest_back_off);
    if (!is_stopping_) complain(why);
}

void Courier::write_out() {
    while (fd_ >= 0 && written_ < out_.size()) {
        const ssize_t n = ::send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
        if (n >= 0) {
            written_ += static_cast<std::size_t>(n);
        } else if (errno != EINTR) {
            if (errno != EAGAIN) disconnect(error_text(errno));
            return;
        }
    }
    if (fd_ >= 0 && std::exchange(is_sending_, false)) tell(PushStage::sent);
}

void Courier::read_in() {
    std::array<std::uint8_t, 16384> bytes;
    while (fd_ >= 0) {
        const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return disconnect(error_text(errno));
        if (n == 0) return disconnect(outbox_.refusal().empty() ? "quipud closed the connection" : outbox_.refusal());
        const Errc errc = outbox_.take({bytes.data(), static_cast<std::size_t>(n)});
        if (errc != Errc::ok) return disconnect(std::string("quipud is not understood: ").append(sentence(errc)));
    }
}

// true: there is something to read, or quipud has gone.
bool Courier::wait(Clock::time_point until) {
    std::array<pollfd, 2> fds{};
    fds[0] = {wake_.fd(), POLLIN, 0};
    fds[1] = {fd_, static_cast<short>(written_ < out_.size() ? POLLIN | POLLOUT : POLLIN), 0};
    const auto left = std::chrono::ceil<milliseconds>(due(until) - Clock::now()).count();
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, longest_back_off.count()));
    if (::poll(fds.data(), fd_ >= 0 ? 2 : 1, timeout) <= 0) return false;
    if (fds[0].revents != 0) wake_.clear();
    return (fds[1].revents & ~POLLOUT) != 0;
}

void Courier::complain(std::string_view why) {
    const Clock::time_point now = Clock::now();
    if (now < next_complaint_) return;
    next_complaint_ = now + complaint_interval;
    std::string text = "quipu: no connection to quipud at ";
    text.append(options_.socket_path).append(": ").append(why).append(". Counting goes on; trying again.");
    if (calls_) {
        calls_->put(std::move(text));
    } else {
        log(text);
    }
}

void Courier::log(const std::string& line) const {
    if (options_.log) {
        options_.log(line);
    } else {
        std::fprintf(stderr, "%s\n", line.c_str());
    }
}

}  // namespace quipu
