// What tests see of an emitter's courier from outside: its thread, and descriptors that it makes readable.
#pragma once

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace quipu::test {

inline bool is_readable(int fd, std::chrono::milliseconds at_most = {}) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(at_most.count())) == 1 && (one.revents & (POLLIN | POLLHUP)) != 0;
}

// Its folder in /proc; empty: there is none.
inline std::string courier_folder() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name == "quipu-courier") return task.path();
    }
    return {};
}

}  // namespace quipu::test
