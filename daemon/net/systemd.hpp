// The service manager: sockets that it hands over, and what it is told. Without systemd everything here does nothing.
//
// A socket of a .socket unit stays the manager's: it lives on while quipud restarts, and who connects meanwhile waits
// in its queue. Its file, mode and group are the unit's business; who may look (exposure_problem) and who may push
// (ingest_users) stay ours.
//
// The watchdog is fed by a timer on the event loop, so a loop that stands still feeds it no more.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>

#include "daemon/core/state.hpp"
#include "daemon/net/server.hpp"

namespace quipu {

// Takes the sockets named "ingest" and "http" (also "quipud-ingest.socket", as a unit without FileDescriptorName= names
// it) out of LISTEN_FDS into `options`, where they take the place of ingest_socket and monitoring_address. Call once,
// while there is one thread: it removes the variables from the environment. Throws StartError for a socket that has
// another name, comes twice, or is not what quipud serves on.
void take_handed_sockets(ServerOptions& options);

// What systemctl status shows: who is connected, and whether totals are kept.
std::string status_line(const State& state);

class Supervisor {
public:
    explicit Supervisor(boost::asio::io_context& io);

    // From here on the watchdog is fed, where the unit has one.
    void ready(const State& state);
    // Tells the status where it has changed.
    void tell(const State& state);
    void reloading();
    void reloaded();
    // The watchdog is fed on: ending has its own limit.
    void stopping();

    void stopped() { feed_.cancel(); }

private:
    void feed();

    boost::asio::steady_timer feed_;
    std::chrono::microseconds watchdog_{0};  // 0: none
    std::string told_;
};

}  // namespace quipu
