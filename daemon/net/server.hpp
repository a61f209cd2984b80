// quipud's edge put together: the sockets, the keeper, the clock that ticks once a second, and the end.
//
// One thread runs `io` and owns State; the store works on a thread of its own, on values handed to it and back, and so
// do slow pages.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/net/access_files.hpp"
#include "daemon/net/emitter_conn.hpp"
#include "daemon/net/exchange.hpp"
#include "daemon/net/http_conn.hpp"
#include "daemon/net/keeper.hpp"
#include "daemon/net/listen.hpp"
#include "daemon/net/otlp_export.hpp"
#include "daemon/net/process_watch.hpp"

namespace quipu {

class Supervisor;

// Listening sockets that somebody else has made for us (systemd.hpp); -1: we make it ourselves.
struct HandedSockets {
    int ingest = -1;
    int http = -1;
};

struct ServerOptions {
    HandedSockets handed;  // `ingest` and `monitoring` say where they listen; the server takes them
    HttpAddress monitoring;
    AccessFiles access;
    UnixAddress ingest;
    std::set<uid_t> ingest_users;
    std::string state_dir;                      // empty: nothing is kept
    std::vector<std::string> debug_dirs;        // where debug information lies, by build id
    std::optional<OtlpEndpoint> otlp_endpoint;  // none: traces are not sent
    OtlpLimits otlp_limits;
    HttpLimits http_limits;
    HttpTimes http_times;
    IngestTimes ingest_times;
};

// What the files of AccessFiles hold; a sentence where one cannot be used.
struct Access {
    std::shared_ptr<ssl_ctx_st> tls;
    std::string tls_notice;  // used, but not as it should be
    std::string tls_problem;
    std::shared_ptr<const Passwords> passwords;
    std::string passwords_problem;
};

// On any thread. Never throws for what is in the files.
Access load_access(const AccessFiles& files);

// Why pages must not be served so: an address that others can reach without TLS and passwords. Empty: they may.
std::string exposure_problem(const ServerOptions& options);

class Server {
public:
    // Opens everything and restores what was kept. Throws StartError, or std::runtime_error from the store.
    // `io` and `state` must outlive the server.
    Server(asio::io_context& io, State& state, const ServerOptions& options);

    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Begins to serve; io.run() returns after stop() or SIGTERM has run its course.
    void start();

    // As SIGTERM: takes what emitters have sent, finishes answers that are being given, commits; within two seconds.
    void stop();

    // As SIGHUP (reload.cpp): reads certificate and passwords again; what is broken is logged and the old one kept.
    void reload();

    // The real ones, as in the log: "127.0.0.1:1099", "unix:PATH"; "-": no HTTP.
    [[nodiscard]] std::string http_name() const { return http_ ? http_->name() : "-"; }

    [[nodiscard]] std::string ingest_name() const { return ingest_->name(); }

private:
    using Accept = void (Server::*)(UniqueFd);

    void ensure_descriptors() const;
    void set_health(std::string_view name, bool is_ok, std::string_view detail);
    void on_signal(int signal);
    void open_access();
    void reloaded(const Access& access);
    void take_access(const Access& access);
    void check_listeners();
    void end_by_force();

    void take_emitter(UniqueFd socket) { accept_emitter(ingest_side_, std::move(socket)); }

    void take_http(UniqueFd socket) { accept_http(http_side_, std::move(socket)); }

    bool accept_pending(int listener, Accept accept);

    asio::awaitable<void> accept_loop(asio::posix::stream_descriptor& listener, Accept accept);
    asio::awaitable<void> wait_for_signals();
    asio::awaitable<void> tick();
    asio::awaitable<void> shut_down();
    asio::awaitable<void> pause(std::chrono::milliseconds length);

    asio::io_context& io_;
    State& state_;
    const ServerOptions options_;
    Exchange exchange_;
    Keeper keeper_;
    ProcessWatch processes_;
    Symbols symbols_;
    Background works_;
    OwnAnswers own_answers_;
    Ingest ingest_side_;
    HttpSide http_side_;
    std::unique_ptr<OtlpExport> otlp_;  // null: traces are not sent

    std::unique_ptr<Listener> ingest_;
    std::unique_ptr<Listener> http_;  // null: no HTTP
    // Duplicates of the listeners' descriptors, for waiting: a Listener looks after its file, not after a loop.
    asio::posix::stream_descriptor ingest_ready_;
    asio::posix::stream_descriptor http_ready_;
    asio::signal_set signals_;
    asio::steady_timer tick_;
    asio::steady_timer end_;  // the two seconds
    std::unique_ptr<Supervisor> supervisor_;
    LogBrake accept_complaints_;
    bool is_reachable_ = true;  // the ingest socket's file is ours
    bool is_stopping_ = false;
    bool is_reloading_ = false;
};

}  // namespace quipu
