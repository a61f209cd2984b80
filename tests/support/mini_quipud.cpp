#include "tests/support/mini_quipud.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/support/duct.hpp"

namespace quipu::test {

namespace {

int listen_at(const std::string& path) {
    ::unlink(path.c_str());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 16) != 0) {
        throw std::runtime_error("cannot listen at " + path);
    }
    return fd;
}

struct Connection {
    int fd;
    std::unique_ptr<EmitterSession> session;
};

bool write_output(Connection& connection) {
    std::string& output = connection.session->output();
    const bool is_sent = ::send(connection.fd, output.data(), output.size(), MSG_NOSIGNAL) >= 0;
    output.clear();
    return is_sent;
}

// false: the connection is over.
bool serve(Connection& connection) {
    std::array<std::uint8_t, 65536> bytes;
    const ssize_t n = ::recv(connection.fd, bytes.data(), bytes.size(), 0);
    if (n <= 0) return false;
    const bool goes_on = connection.session->feed({bytes.data(), static_cast<std::size_t>(n)}, read_now());
    return write_output(connection) && goes_on;
}

}  // namespace

Now read_now() {
    const auto ns = [](auto time) { return time.time_since_epoch() / std::chrono::nanoseconds(1); };
    return {ns(std::chrono::steady_clock::now()), ns(std::chrono::system_clock::now())};
}

MiniQuipud::MiniQuipud(std::string socket_path) : socket_path_(std::move(socket_path)) {
    start();
}

MiniQuipud::~MiniQuipud() {
    kill();
}

void MiniQuipud::kill() {
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void MiniQuipud::start() {
    is_up_ = is_stopping_ = false;
    state_ = std::make_unique<State>();
    const int listener = listen_at(socket_path_);
    thread_ = std::thread(&MiniQuipud::run, this, listener);
    is_up_.wait(false);
}

pid_t MiniQuipud::fork() {
    const std::lock_guard lock(mutex_);
    return ::fork();
}

void MiniQuipud::run(int listener) {
    std::unique_lock lock(mutex_);
    is_up_ = true;
    is_up_.notify_one();
    std::vector<Connection> connections;
    while (!is_stopping_) {
        std::vector<pollfd> fds{{listener, POLLIN, 0}};
        for (const Connection& connection : connections) fds.push_back({connection.fd, POLLIN, 0});
        lock.unlock();
        ::poll(fds.data(), fds.size(), 10);
        lock.lock();
        for (std::size_t i = connections.size(); i-- > 0;) {
            bool goes_on = !wants_break_;
            if (goes_on && fds[i + 1].revents != 0) goes_on = serve(connections[i]);
            if (goes_on) continue;
            connections[i].session->closed(read_now());
            ::close(connections[i].fd);
            connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
        }
        wants_break_ = false;
        if (wants_write_.exchange(false)) {
            for (Connection& connection : connections) write_output(connection);
        }
        if (fds[0].revents != 0) {
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0) connections.push_back({fd, std::make_unique<EmitterSession>(*state_, Peer{})});
        }
    }
    for (const Connection& connection : connections) ::close(connection.fd);
    ::close(listener);
}

bool MiniQuipud::wait_for(const std::function<bool(State&)>& holds, std::chrono::seconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < deadline) {
        {
            const std::lock_guard lock(mutex_);
            if (holds(*state_)) return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

std::uint64_t MiniQuipud::count(std::string_view family, std::string_view label) {
    const std::lock_guard lock(mutex_);
    return count_of(*state_, family, label);
}

}  // namespace quipu::test
