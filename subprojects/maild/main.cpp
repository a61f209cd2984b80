// maild: a small real mail daemon, watched by quipu. Reads the options, puts the parts together, runs one event loop
// until SIGTERM or SIGINT.
#include <boost/asio/ssl.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>

#include "options.hpp"
#include "queue.hpp"
#include "server.hpp"
#include "source_date.hpp"

namespace maild {

namespace {

using namespace std::chrono_literals;

// Together with the emitter's last flush less than the two seconds that a clean end may take.
constexpr auto end_limit = 1500ms;

// Leads questions from the courier's thread to the event loop, as long as there is one: hence the lock, maild's only.
struct QueryGate {
    std::mutex mutex;
    asio::io_context* io = nullptr;
    std::shared_ptr<Queue> queue;

    void ask(quipu::Query query) {
        const std::lock_guard lock(mutex);
        if (io == nullptr) return query.finish(quipu::AnswerStatus::failed, "maild is starting or ending");
        asio::post(*io, [queue = queue, query = std::move(query)]() mutable {
            const auto executor = queue->executor();
            spawn(executor, queue->answer(std::move(query)), "answer about the queue");
        });
    }

    void open(asio::io_context& to, std::shared_ptr<Queue> about) {
        const std::lock_guard lock(mutex);
        io = &to;
        queue = std::move(about);
    }

    void close() {
        const std::lock_guard lock(mutex);
        io = nullptr;
        queue.reset();
    }
};

// Shuts the gate before the loop ends, however it ends.
struct GateCloser {
    QueryGate& gate;

    ~GateCloser() { gate.close(); }
};

void check_readable(const std::string& path) {
    if (!std::ifstream(path).good()) throw std::runtime_error("cannot read " + path);
}

std::optional<asio::ssl::context> make_server_tls(const Options& options) {
    if (options.tls_certificate.empty()) return std::nullopt;
    check_readable(options.tls_certificate);
    check_readable(options.tls_private_key);
    std::optional<asio::ssl::context> tls(asio::ssl::context::tls_server);
    tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    error_code ec;
    tls->use_certificate_chain_file(options.tls_certificate, ec);
    if (ec) throw std::runtime_error("no usable certificate in " + options.tls_certificate + ": " + ec.message());
    tls->use_private_key_file(options.tls_private_key, asio::ssl::context::pem, ec);
    if (ec) {
        throw std::runtime_error(
            "no private key for " + options.tls_certificate + " in " + options.tls_private_key + ": " + ec.message()
        );
    }
    return tls;
}

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
    if (!options.count_log.empty()) {
        result.on_push = [&count_log](quipu::PushStage stage) { count_log.push(stage); };
    }
    return result;
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
    QueryGate gate;
    CountLog count_log(options.count_log);
    std::optional<quipu::Emitter> emitter;
    std::optional<quipu::Profiler> profiler;
    std::optional<Counts> counts;
    std::optional<Routes> routes;
    std::optional<asio::ssl::context> server_tls = make_server_tls(options);
    asio::ssl::context client_tls(asio::ssl::context::tls_client);
    error_code ignored;
    client_tls.set_default_verify_paths(ignored);
    make_maildir(options);
    const QueueDir queue_dir(options.queue_dir);
    routes.emplace(options, Tally());  // a wrong alias is refused before anything starts
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    tcp::acceptor acceptor = listen_on(io, options.smtp_address);

    emitter.emplace(emitter_options(options, count_log));
    profiler.emplace(*emitter);
    emitter->on_query("queue", [&gate](quipu::Query query) { gate.ask(std::move(query)); });
    counts.emplace(*emitter, MAILD_VERSION, source_date, count_log);
    routes.emplace(options, counts->alias_hook_skip);
    const Context context{
        options, *emitter, *profiler, *counts, *routes, server_tls ? &*server_tls : nullptr, client_tls};
    auto queue = std::make_shared<Queue>(io, context, queue_dir);
    auto server = std::make_shared<Server>(context, queue, std::move(acceptor));
    gate.open(io, queue);
    const GateCloser closer{gate};
    queue->start();
    server->start();
    spawn(io.get_executor(), end(io, signals, server, queue, profiler->task("maild", "end")), "end");
    std::printf("maild: listening on %s\n", server->address().c_str());
    std::fflush(stdout);
    io.run();
}

}  // namespace

}  // namespace maild

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const std::optional<maild::Options> options = maild::parse_options(argc, argv);
        if (options) maild::run(*options);
    } catch (const maild::UsageError& error) {
        std::fprintf(stderr, "maild: %s\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "maild: %s\n", error.what());
        return 1;
    }
    return 0;
}
