// What all HTTP connections share: who is let in, and who has to go.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <utility>

#include "daemon/net/http_conn.hpp"
#include "daemon/net/http_message.hpp"

namespace quipu {

namespace {

// No connection of its own, no waiting: what the fresh socket takes, and goodbye. Through TLS there is only goodbye:
// a handshake would be the waiting.
void send_busy(Transport& transport, bool is_tls) {
    if (is_tls) return;
    const Response busy = edge_response(503);
    const std::string text = response_head(busy, Framing::length, 11, true, read_clocks()) + busy.body;
    std::size_t taken = 0;
    (void)transport.write_some(text, {}, taken);
    transport.end_sending();
}

}  // namespace

bool evict_longest_waiting(HttpSide& side) {
    HttpConn* longest = nullptr;
    for (HttpConn* conn : side.open) {
        if (!conn->is_waiting()) continue;
        if (!longest || conn->waiting_since_steady_ns() < longest->waiting_since_steady_ns()) longest = conn;
    }
    if (longest) longest->close();
    return longest != nullptr;
}

void accept_http(HttpSide& side, UniqueFd fd) {
    State& state = side.exchange.state();
    ++state.own.http_connections.total;
    side.exchange.note_change();
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    (void)::getsockopt(fd.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
    const int on = 1;
    if (family != AF_UNIX) (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    HttpConn::Socket socket(side.exchange.io(), asio::generic::stream_protocol(family, 0), fd.release());
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    if (side.open.size() >= side.limits.connections) {
        ++state.own.http_refused_connections.total;
        std::uint64_t held_back = 0;
        if (side.complaints.admit(read_clocks(), held_back)) {
            spdlog::warn("too many HTTP connections limit={} held_back={}", side.limits.connections, held_back);
        }
        if (!evict_longest_waiting(side)) {
            Transport transport(std::move(socket), nullptr);
            send_busy(transport, side.tls != nullptr);
            return;
        }
    }
    std::make_shared<HttpConn>(side, std::move(socket))->start();
}

void stop_http(HttpSide& side) {
    side.is_stopping = true;
    side.turns.stop();
    if (side.auth) side.auth->stop();
    const std::vector<HttpConn*> open = side.open;
    for (HttpConn* conn : open) {
        if (conn->is_silent() && !conn->is_first()) conn->close();
    }
}

void close_silent(HttpSide& side) {
    const std::vector<HttpConn*> open = side.open;
    for (HttpConn* conn : open) {
        if (conn->is_silent()) conn->close();
    }
}

}  // namespace quipu
