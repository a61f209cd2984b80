#include "daemon/profile/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

namespace quipu {

namespace {

constexpr int look_ms = 50;  // how soon a cancellation is noticed

struct Fd {
    int fd = -1;

    explicit Fd(int the_fd) : fd(the_fd) {}

    ~Fd() { close(); }

    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    void close() {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
};

std::size_t own_memory_bytes() {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void limit(int resource, std::size_t value) {
    struct rlimit bound = {value, value};
    (void)::setrlimit(static_cast<__rlimit_resource_t>(resource), &bound);
}

[[noreturn]] void be_child(
    const std::function<void(ChildOutput&)>& work, int out, pid_t parent, const ChildLimits& limits
) {
    // It ends with quipud, keeps none of its sockets open, and takes none of its signals.
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPROF, SIGPIPE}) (void)::signal(signal, SIG_DFL);
    constexpr int pipe_fd = 3;
    if (out != pipe_fd && ::dup2(out, pipe_fd) != pipe_fd) ::_exit(1);
    (void)::close_range(pipe_fd + 1, ~0U, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, own_memory_bytes() + limits.memory_bytes);
    (void)::nice(5);
    (void)::prctl(PR_SET_NAME, "quipud-symbols");
    ChildOutput output(pipe_fd);
    try {
        work(output);
    } catch (...) {  // out of memory
        ::_exit(1);
    }
    ::_exit(0);
}

// Takes whole messages out of the front of `buffer`.
void hand_out(std::string& buffer, const std::function<void(std::string_view)>& take) {
    std::size_t at = 0;
    std::uint32_t size = 0;
    while (buffer.size() - at >= sizeof size) {
        std::memcpy(&size, buffer.data() + at, sizeof size);
        if (buffer.size() - at - sizeof size < size) break;
        take(std::string_view(buffer).substr(at + sizeof size, size));
        at += sizeof size + size;
    }
    buffer.erase(0, at);
}

ChildEnd listen_to(
    int from,
    int timer,
    const std::function<void(std::string_view)>& take,
    const ChildLimits& limits,
    const std::atomic<bool>& is_cancelled
) {
    std::string buffer;
    std::size_t total = 0;
    std::array<char, 64 * 1024> part;
    for (;;) {
        if (is_cancelled) return ChildEnd::cancelled;
        std::array<pollfd, 2> waits = {{{from, POLLIN, 0}, {timer, POLLIN, 0}}};
        if (::poll(waits.data(), waits.size(), look_ms) < 0 && errno != EINTR) return ChildEnd::failed;
        if (waits[1].revents != 0) return ChildEnd::late;
        if (waits[0].revents == 0) continue;
        const ssize_t n = ::read(from, part.data(), part.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ChildEnd::failed;
        if (n == 0) return ChildEnd::done;
        total += static_cast<std::size_t>(n);
        if (total > limits.output_bytes) return ChildEnd::failed;
        buffer.append(part.data(), static_cast<std::size_t>(n));
        hand_out(buffer, take);
    }
}

}  // namespace

void ChildOutput::send(const std::string& message) {
    const auto size = static_cast<std::uint32_t>(message.size());
    std::string bytes(reinterpret_cast<const char*>(&size), sizeof size);
    bytes += message;
    for (std::size_t at = 0; at < bytes.size() && !is_broken_;) {
        const ssize_t n = ::write(fd_, bytes.data() + at, bytes.size() - at);
        if (n >= 0) {
            at += static_cast<std::size_t>(n);
        } else if (errno != EINTR) {
            is_broken_ = true;
        }
    }
}

ChildEnd run_in_child(
    const std::function<void(ChildOutput&)>& work,
    const std::function<void(std::string_view)>& take,
    const ChildLimits& limits,
    const std::atomic<bool>& is_cancelled
) {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ChildEnd::failed;
    Fd from(ends[0]);
    Fd to(ends[1]);
    Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    itimerspec due = {};
    due.it_value.tv_sec = limits.time.count() / 1000;
    due.it_value.tv_nsec = limits.time.count() % 1000 * 1'000'000;
    if (timer.fd < 0 || ::timerfd_settime(timer.fd, 0, &due, nullptr) != 0) return ChildEnd::failed;
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return ChildEnd::failed;
    if (child == 0) be_child(work, to.fd, parent, limits);
    to.close();
    ChildEnd end = listen_to(from.fd, timer.fd, take, limits, is_cancelled);
    if (end != ChildEnd::done) (void)::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (end == ChildEnd::done && status != 0) end = ChildEnd::failed;
    return end;
}

}  // namespace quipu
