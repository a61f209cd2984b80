// maild: a small real mail daemon, watched by quipu. Reads the options, puts the parts together, runs one event loop
// until SIGTERM or SIGINT.
#include <boost/asio/ssl.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>

#include <mailside/tls.hpp>

#include "options.hpp"
#include "queue.hpp"
#include "server.hpp"
#include "source_date.hpp"

namespace maild {

namespace {

using namespace std::chrono_literals;

// Together with the emitter's last flush less than the two seconds that a clean end may take.
constexpr auto end_limit = 1500ms;

void make_maildir(const Options& options) {
    std::error_code error;
    std::filesystem::create_directories(options.maildir, error);
    if (error) throw std::runtime_error("cannot make " + options.maildir.string() + ": " + error.message());
    if (::access(options.maildir.c_str(), W_OK | X_OK) != 0) {
        throw std::runtime_error("cannot write in the folder " + options.maildir.string());
    }
}

quipu::EmitterOptions emitter_options(const Options& options, CountLog& count_log) {
    quipu::EmitterOptions result;
    result.program = "maild";
    result.version = MAILD_VERSION;
    result.socket_path = options.ingest_socket;
    result.flags = options.flags;
    result.config_text = options.config_text;
    result.secret_names = options.masked_flags;
    result.makes_own_calls = true;
    result.runs_in_event_loop = !options.has_courier_thread;
    if (!options.count_log.empty()) {
        result.on_push = [&count_log](quipu::PushStage stage) { count_log.push(stage); };
    }
    return result;
}

// Asio closes what it watches, so it gets a copy.
asio::posix::stream_descriptor waiting_calls(asio::io_context& io, const quipu::Emitter& emitter) {
    const int copy = ::fcntl(emitter.calls_fd(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw std::runtime_error("no file descriptor is left for the emitter: raise the limit (ulimit -n)");
    return {io, copy};
}

// On the loop: quipud's questions, what the emitter has to say, and without --courier=thread all of its work.
awaitable<void> make_calls(asio::posix::stream_descriptor waiting, quipu::Emitter& emitter) {
    while (true) {
        const auto [ec] = co_await waiting.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (ec) co_return;
        emitter.make_calls();
    }
}

awaitable<void> end(
    asio::io_context& io,
    asio::signal_set& signals,
    std::shared_ptr<Server> server,
    std::shared_ptr<Queue> queue,
    quipu::Task task
) {
    task.waits_for("SIGTERM or SIGINT");
    co_await signals.async_wait(as_result);
    server->stop();
    queue->stop();
    task.waits_for("sessions and deliveries to end");
    const auto deadline = Clock::now() + end_limit;
    asio::steady_timer pause(io);
    while (Clock::now() < deadline && !(server->is_idle() && queue->is_idle())) {
        pause.expires_after(10ms);
        co_await pause.async_wait(as_result);
    }
    io.stop();
}

void run(const Options& options) {
    // The emitter is declared first, to end last: everything in the loop counts and traces. It is made last, so that
    // a maild that cannot start never shows up in quipud.
    CountLog count_log(options.count_log);
    std::optional<quipu::Emitter> emitter;
    std::optional<quipu::Profiler> profiler;
    std::optional<Counts> counts;
    std::optional<Routes> routes;
    std::optional<asio::ssl::context> server_tls;
    if (!options.tls_certificate.empty()) {
        server_tls = mailside::server_tls(options.tls_certificate, options.tls_private_key);
    }
    asio::ssl::context client_tls = mailside::client_tls();
    make_maildir(options);
    const QueueDir queue_dir(options.queue_dir);
    routes.emplace(options, Tally());  // a wrong alias is refused before anything starts
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    tcp::acceptor acceptor = listen_on(io, options.smtp_address);

    emitter.emplace(emitter_options(options, count_log));
    profiler.emplace(*emitter);
    counts.emplace(*emitter, MAILD_VERSION, source_date, count_log);
    routes.emplace(options, counts->alias_hook_skip);
    const Context context{
        options, *emitter, *profiler, *counts, *routes, server_tls ? &*server_tls : nullptr, client_tls};
    auto queue = std::make_shared<Queue>(io, context, queue_dir);
    auto server = std::make_shared<Server>(context, queue, std::move(acceptor));
    emitter->on_query("queue", [&io, asked = std::weak_ptr(queue)](quipu::Query query) {
        if (auto it = asked.lock()) spawn(io.get_executor(), it->answer(std::move(query)), "answer about the queue");
    });
    spawn(io.get_executor(), make_calls(waiting_calls(io, *emitter), *emitter), "calls of the emitter");
    queue->start();
    server->start();
    spawn(io.get_executor(), end(io, signals, server, queue, profiler->task("maild", "end")), "end");
    std::printf("maild: listening on %s\n", server->address().c_str());
    std::fflush(stdout);
    io.run();
}

void start(int argc, const char* const* argv) {
    const std::optional<Options> options = parse_options(argc, argv);
    if (options) run(*options);
}

}  // namespace

}  // namespace maild

int main(int argc, char** argv) {
    return mailside::run_main(maild::start, argc, argv);
}
