#include "daemon/net/process_watch.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

namespace quipu {

namespace {

// Linux 6.5; Debian 12's headers do not know it yet.
constexpr int so_peerpidfd = 77;

}  // namespace

ProcessHandle open_process(int socket, std::int32_t pid) {
    int fd = -1;
    socklen_t size = sizeof fd;
    // The handle that the kernel took at connect() cannot mean another process, whatever became of the pid.
    if (::getsockopt(socket, SOL_SOCKET, so_peerpidfd, &fd, &size) == 0) return {UniqueFd(fd), false};
    if (errno == ESRCH) return {UniqueFd(), true};
    if (pid <= 0) return {};  // in another pid namespace
    fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return {UniqueFd(), errno == ESRCH};
    return {UniqueFd(fd), false};
}

bool is_surely_gone(std::int32_t pid) {
    return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

bool ProcessWatch::watch(std::uint32_t emitter, ProcessHandle process) {
    watched_.erase(emitter);
    if (process.is_gone) {
        boost::asio::post(io_, [this, emitter] { ended_(emitter); });
        return true;
    }
    if (!process.pidfd || watched_.size() >= max_watched_) return false;
    const auto it = watched_.try_emplace(emitter, io_, process.pidfd.release()).first;
    it->second.async_wait(Descriptor::wait_read, [this, emitter](boost::system::error_code error) {
        if (error) return;
        watched_.erase(emitter);
        ended_(emitter);
    });
    return true;
}

void ProcessWatch::prune(State& state) {
    std::erase_if(watched_, [&state](const auto& entry) {
        const EmitterRecord* emitter = state.emitters.find(entry.first);
        return !emitter || emitter->life == Life::ended;
    });
}

}  // namespace quipu
