// chasquid-relay: stands beside an unmodified chasquid and tells quipud of it. Reads the options, puts the parts
// together, runs one event loop until SIGTERM or SIGINT.
#include <csignal>
#include <cstdio>
#include <optional>

#include <boost/asio/ssl.hpp>

#include <mailside/flags.hpp>
#include <mailside/log.hpp>
#include <mailside/query_gate.hpp>
#include <mailside/tls.hpp>

#include "log_follower.hpp"
#include "options.hpp"
#include "questions.hpp"
#include "watcher.hpp"

namespace relay {

namespace {

namespace asio = mailside::asio;

quipu::EmitterOptions own_emitter(const Options& options) {
    quipu::EmitterOptions result;
    result.program = "chasquid-relay";
    result.version = RELAY_VERSION;
    result.socket_path = options.ingest_socket;
    result.flags = options.flags;
    result.config_text = options.config_text;
    result.is_companion = true;
    result.log = mailside::log_line;
    return result;
}

mailside::awaitable<void> end(
    asio::io_context& io, asio::signal_set& signals, Watcher& watcher, Questions& questions, LogFollower& log
) {
    co_await signals.async_wait(mailside::as_result);
    questions.stop();
    watcher.stop();
    log.stop();
    io.stop();
}

void run(const Options& options) {
    // The gate outlives the emitters, which outlive everything that counts.
    mailside::QueryGate gate;
    asio::ssl::context tls = mailside::client_tls(options.tls_ca);
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    quipu::Emitter own(own_emitter(options));
    Watcher watcher(io, options, tls, own, gate);
    Questions questions(io.get_executor(), options.chasquid, tls);
    LogFollower log(io, options, own);
    gate.open(io, [&questions](quipu::Query query) { return questions.answer(std::move(query)); });
    const mailside::QueryGate::Closer closer{gate};
    mailside::spawn(io.get_executor(), watcher.run(), "reading chasquid");
    mailside::spawn(io.get_executor(), log.run(), "following chasquid's log");
    mailside::spawn(io.get_executor(), end(io, signals, watcher, questions, log), "ending");
    io.run();
}

void start(int argc, const char* const* argv) {
    const std::optional<Options> options = parse_options(argc, argv);
    if (options) run(*options);
}

}  // namespace

}  // namespace relay

int main(int argc, char** argv) {
    return mailside::run_main(relay::start, argc, argv);
}
