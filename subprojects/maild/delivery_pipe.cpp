#include "delivery.hpp"

#include <mailside/child.hpp>

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
    if (const int error = mailside::start_child(words, body.fd(), -1, pid); error != 0) {
        failure.why = "cannot run " + words.front() + ": " + std::strerror(error);
        co_return failure;
    }
    mailside::Child child(pid);
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
    delivery.task.runs();
    const bool was_late = std::exchange(*is_late, true);
    limit.cancel();
    Outcome outcome = judge(child.wait());
    if (was_late) outcome = {Outcome::Kind::temporary, "the command took too long and was killed"};
    co_return outcome;
}

}  // namespace maild
