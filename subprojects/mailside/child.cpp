#include <mailside/child.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace mailside {

Child::~Child() {
    if (pid_ <= 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
}

void Child::kill() const {
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

int Child::wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
}

int start_child(const std::vector<std::string>& words, int stdin_fd, int stdout_fd, pid_t& pid, int stderr_fd) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const auto give = [&actions](int fd, int as, int mode) {
        if (fd >= 0) {
            posix_spawn_file_actions_adddup2(&actions, fd, as);
        } else {
            posix_spawn_file_actions_addopen(&actions, as, "/dev/null", mode, 0);
        }
    };
    give(stdin_fd, 0, O_RDONLY);
    give(stdout_fd, 1, O_WRONLY);
    give(stderr_fd, 2, O_WRONLY);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error = ::posix_spawnp(&pid, argv.front(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace mailside
