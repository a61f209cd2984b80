// From add() to the byte on /debug/vars: latency SOCKET PORT SAMPLES INTERVAL_MS FIXED_PORT. Prints a time in us a
// line: first SAMPLES that wait for the courier's push, then as many with flush(), then as many of one answer of
// another server. The pushes' interval is INTERVAL_MS; before each sample all rest for up to that.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "proto/emitter.hpp"

namespace {

using Clock = std::chrono::steady_clock;

class Page {
public:
    explicit Page(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("no connection");
    }

    ~Page() { ::close(fd_); }

    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    // The value of bench/latency on /debug/vars; 0 where it is not there yet.
    std::uint64_t read() {
        constexpr std::string_view request = "GET /debug/vars HTTP/1.1\r\nHost: localhost\r\n\r\n";
        if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("quipud takes no request");
        got_.clear();
        std::size_t end = std::string::npos;
        while (got_.size() < end) {
            char bytes[16384];
            const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
            if (n <= 0) fail("quipud has closed");
            got_.append(bytes, static_cast<std::size_t>(n));
            const std::size_t head = got_.find("\r\n\r\n");
            if (end == std::string::npos && head != std::string::npos)
                end = head + 4 + number_behind("Content-Length: ");
        }
        return number_behind("\"bench/latency\": ");
    }

private:
    [[noreturn]] static void fail(const char* why) {
        std::fprintf(stderr, "latency: %s\n", why);
        std::exit(1);
    }

    [[nodiscard]] std::uint64_t number_behind(std::string_view name) const {
        std::uint64_t value = 0;
        const std::size_t at = got_.find(name);
        if (at != std::string::npos) std::from_chars(got_.data() + at + name.size(), got_.data() + got_.size(), value);
        return value;
    }

    int fd_;
    std::string got_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    const int samples = std::atoi(argv[3]);
    const std::chrono::milliseconds interval(std::atoi(argv[4]));
    quipu::Emitter emitter({.program = "latency", .socket_path = argv[1], .flush_interval = interval});
    const quipu::Counter counter = emitter.counter("bench/latency", "counts");
    Page page(static_cast<std::uint16_t>(std::atoi(argv[2])));
    std::minstd_rand random(7);
    std::uint64_t value = 0;
    const auto sample = [&](bool with_flush) {
        const auto begin = Clock::now();
        counter.add();
        ++value;
        if (with_flush) emitter.flush();
        while (page.read() < value) continue;
        return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    };
    sample(true);  // until all is connected and defined
    const auto each = [&](const auto& take) {
        for (int i = 0; i < samples; ++i) {
            // At any moment between two pushes.
            std::this_thread::sleep_for(
                std::chrono::microseconds(random() % static_cast<std::uint64_t>(1000 * interval.count() + 1))
            );
            std::printf("%.1f\n", take());
        }
    };
    each([&] { return sample(false); });
    each([&] { return sample(true); });
    Page fixed(static_cast<std::uint16_t>(std::atoi(argv[5])));
    each([&] {
        const auto begin = Clock::now();
        fixed.read();
        return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    });
}
