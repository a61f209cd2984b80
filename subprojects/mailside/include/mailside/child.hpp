// Commands that a program runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace mailside {

// A running command; killed with its process group and reaped, unless it was waited for.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}

    ~Child();

    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

    Child& operator=(Child&&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }

    void kill() const;

    // Its status, as waitpid(2) has it. Only after its pidfd is readable: does not block then.
    int wait();

private:
    pid_t pid_;
};

// Runs the words, without a shell, in a process group of their own. The command gets these descriptors (-1: /dev/null),
// nothing else that is open here, and default signals. Returns an errno; 0: it runs.
int start_child(const std::vector<std::string>& words, int stdin_fd, int stdout_fd, pid_t& pid, int stderr_fd = -1);

}  // namespace mailside
