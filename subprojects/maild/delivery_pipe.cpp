#include "delivery.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace maild {

namespace {

constexpr int exit_try_again = 75;  // EX_TEMPFAIL of sysexits.h

// A running command; killed with its process group and reaped, unless it was waited for.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}

    ~Child() {
        if (pid_ <= 0) return;
        kill();
        ::waitpid(pid_, nullptr, 0);
    }

    Child(Child&&) = delete;

    void kill() const { ::kill(-pid_, SIGKILL); }

    // Only after its pidfd is readable: does not block then.
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return status;
    }

private:
    pid_t pid_;
};

// Returns an errno. The child gets stdin and /dev/null, nothing else that maild has open, and default signals.
int start(const std::vector<std::string>& words, int stdin_fd, pid_t& pid) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, stdin_fd, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
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

Outcome judge(int status) {
    if (WIFSIGNALED(status)) {
        return {Outcome::Kind::permanent, "killed by signal " + std::to_string(WTERMSIG(status))};
    }
    const int code = WEXITSTATUS(status);
    if (code == 0) return {};
    return {
        code == exit_try_again ? Outcome::Kind::temporary : Outcome::Kind::permanent,
        "exit status " + std::to_string(code)};
}

}  // namespace

awaitable<Outcome> deliver_pipe(const Delivery& delivery, std::size_t recipient, quipu::Trace& trace) {
    const std::vector<std::string> words = split_command(delivery.item.recipients[recipient].address);
    const File body = delivery.dir.open_body(delivery.item);
    Outcome failure{Outcome::Kind::temporary, "cannot read the queue item"};
    if (words.empty() || !body.is_open()) co_return failure;
    pid_t pid = 0;
    if (const int error = start(words, body.fd(), pid); error != 0) {
        failure.why = "cannot run " + words.front() + ": " + std::strerror(error);
        co_return failure;
    }
    Child child(pid);
    trace.printf("process %d runs %s", static_cast<int>(pid), words.front().c_str());

    const auto executor = co_await asio::this_coro::executor;
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        failure.why = "cannot watch the command: " + std::string(std::strerror(errno));
        co_return failure;
    }
    asio::posix::stream_descriptor watch(executor, pidfd);
    asio::steady_timer limit(executor, delivery.options.pipe_timeout);
    const auto is_late = std::make_shared<bool>(false);
    limit.async_wait([is_late, pid](error_code ec) {
        // After the wait below is over *is_late is true already, and pid may be another process.
        if (ec || std::exchange(*is_late, true)) return;
        ::kill(-pid, SIGKILL);
    });
    delivery.task.waits_for("the command to end", words.front());
    co_await watch.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    delivery.task.waits_for({});
    const bool was_late = std::exchange(*is_late, true);
    limit.cancel();
    Outcome outcome = judge(child.wait());
    if (was_late) outcome = {Outcome::Kind::temporary, "the command took too long and was killed"};
    co_return outcome;
}

}  // namespace maild
