#include "proto/process_threads.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace quipu {

namespace {

std::string first_line(std::uint32_t tid, const char* file) {
    std::string line;
    std::ifstream in("/proc/self/task/" + std::to_string(tid) + "/" + file);
    std::getline(in, line);
    return line;
}

// Where threads usually sleep; others are told by number.
std::string system_call_name(std::string_view number) {
    constexpr std::pair<long, std::string_view> known[] = {
        {SYS_read, "read"},
        {SYS_write, "write"},
        {SYS_readv, "readv"},
        {SYS_writev, "writev"},
        {SYS_ppoll, "ppoll"},
        {SYS_pselect6, "pselect6"},
        {SYS_epoll_pwait, "epoll_pwait"},
#ifdef SYS_epoll_wait
        {SYS_epoll_wait, "epoll_wait"},
        {SYS_poll, "poll"},
        {SYS_select, "select"},
        {SYS_pause, "pause"},
#endif
        {SYS_futex, "futex"},
        {SYS_nanosleep, "nanosleep"},
        {SYS_clock_nanosleep, "clock_nanosleep"},
        {SYS_accept, "accept"},
        {SYS_accept4, "accept4"},
        {SYS_connect, "connect"},
        {SYS_recvfrom, "recvfrom"},
        {SYS_recvmsg, "recvmsg"},
        {SYS_sendto, "sendto"},
        {SYS_sendmsg, "sendmsg"},
        {SYS_wait4, "wait4"},
        {SYS_waitid, "waitid"},
        {SYS_rt_sigtimedwait, "rt_sigtimedwait"},
        {SYS_rt_sigsuspend, "rt_sigsuspend"},
        {SYS_io_getevents, "io_getevents"},
        {SYS_io_uring_enter, "io_uring_enter"},
        {SYS_flock, "flock"},
        {SYS_fcntl, "fcntl"},
        {SYS_fsync, "fsync"},
        {SYS_fdatasync, "fdatasync"},
        {SYS_openat, "openat"},
    };
    long value = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size() || value < 0) return {};
    for (const auto& [at, name] : known) {
        if (at == value) return std::string(name);
    }
    return std::string(number);
}

}  // namespace

std::vector<std::uint32_t> process_threads() {
    std::vector<std::uint32_t> tids;
    DIR* const folder = opendir("/proc/self/task");
    if (folder == nullptr) return tids;
    while (const dirent* entry = readdir(folder)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
        const std::string_view name = entry->d_name;
        std::uint32_t tid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), tid);
        if (error == std::errc{} && end == name.data() + name.size()) tids.push_back(tid);
    }
    closedir(folder);
    return tids;
}

std::string thread_name(std::uint32_t tid) {
    return first_line(tid, "comm");
}

namespace {

bool blocks_now(std::uint32_t tid) {
    constexpr std::string_view key = "SigBlk:\t";
    std::ifstream in("/proc/self/task/" + std::to_string(tid) + "/status");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(key)) continue;
        std::uint64_t mask = 0;
        std::from_chars(line.data() + key.size(), line.data() + line.size(), mask, 16);
        return (mask >> (SIGPROF - 1) & 1U) != 0;
    }
    return false;
}

}  // namespace

// A thread that is in a handler blocks signals for a moment.
bool blocks_profile_signal(std::uint32_t tid) {
    constexpr int tries = 4;
    const timespec pause{0, 200'000};
    for (int i = 0; i < tries; ++i) {
        if (!blocks_now(tid)) return false;
        if (i + 1 < tries) nanosleep(&pause, nullptr);
    }
    return true;
}

ThreadStatus thread_status(std::uint32_t tid) {
    ThreadStatus out;
    // "TID (NAME) STATE ...": a name may hold anything, a bracket too. User and system time are the 14th and 15th
    // field.
    const std::string stat = first_line(tid, "stat");
    const std::size_t bracket = stat.rfind(')');
    if (bracket != std::string::npos) {
        std::istringstream fields(stat.substr(bracket + 1));
        std::uint64_t user_ticks = 0, system_ticks = 0;
        std::string skipped;
        fields >> out.state;
        for (int i = 0; i < 10; ++i) fields >> skipped;
        fields >> user_ticks >> system_ticks;
        const auto tick_ns = std::uint64_t{1'000'000'000} / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
        out.user_cpu_ns = user_ticks * tick_ns;
        out.system_cpu_ns = system_ticks * tick_ns;
    }
    const std::string call = first_line(tid, "syscall");
    out.system_call = system_call_name(std::string_view(call).substr(0, call.find(' ')));
    out.wait_channel = first_line(tid, "wchan");
    if (out.wait_channel == "0") out.wait_channel.clear();
    return out;
}

}  // namespace quipu
