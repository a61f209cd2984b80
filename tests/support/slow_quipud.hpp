// quipud's end of one connection, on the test's thread: it reads when the test says so.
#pragma once

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "tests/support/duct.hpp"

namespace quipu::test {

class SlowQuipud {
public:
    explicit SlowQuipud(const std::string& socket_path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
        BOOST_REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        BOOST_REQUIRE(::listen(listener_, 1) == 0);
    }

    ~SlowQuipud() {
        ::close(fd_);
        ::close(listener_);
    }

    SlowQuipud(const SlowQuipud&) = delete;
    SlowQuipud& operator=(const SlowQuipud&) = delete;

    // Up to the Welcome.
    void greet() {
        fd_ = ::accept(listener_, nullptr, nullptr);
        while (!session_.emitter()) BOOST_REQUIRE(take_some());
    }

    // false: the emitter has closed.
    bool take_some() {
        std::array<std::uint8_t, 65536> bytes;
        const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (n <= 0) {
            session_.closed(test_now);
            return false;
        }
        taken_ += static_cast<std::size_t>(n);
        session_.feed({bytes.data(), static_cast<std::size_t>(n)}, test_now);
        BOOST_REQUIRE(session_.error() == Errc::ok);
        // Welcome, and the Ack for which nobody may be left.
        if (!session_.output().empty())
            (void)::send(fd_, session_.output().data(), session_.output().size(), MSG_NOSIGNAL);
        session_.output().clear();
        return true;
    }

    [[nodiscard]] std::size_t waiting_bytes() const {
        int bytes = 0;
        BOOST_REQUIRE(::ioctl(fd_, FIONREAD, &bytes) == 0);
        return static_cast<std::size_t>(bytes);
    }

    [[nodiscard]] std::size_t taken() const { return taken_; }

    State state;

private:
    EmitterSession session_{state, Peer{1000, 1000, 4711}};
    int listener_;
    int fd_ = -1;
    std::size_t taken_ = 0;
};

}  // namespace quipu::test
