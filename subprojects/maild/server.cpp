#include "server.hpp"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace maild {

namespace {

using namespace std::chrono_literals;

// Beyond max_connections so many more hear 421; the rest wait in the kernel.
constexpr std::size_t max_refused_at_once = 50;
constexpr auto pause_after_error = 100ms;

// An IPv4 client of a socket that takes both kinds is shown, and known as local, by its IPv4 address.
tcp::endpoint plain(const tcp::endpoint& peer) {
    if (!peer.address().is_v6() || !peer.address().to_v6().is_v4_mapped()) return peer;
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, peer.address().to_v6()), peer.port()};
}

}  // namespace

tcp::acceptor listen_on(asio::io_context& io, const HostPort& address) {
    error_code ec;
    tcp::acceptor acceptor(io);
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    const tcp::endpoint endpoint(asio::ip::make_address(host, ec), address.port);
    if (ec) throw UsageError("--smtp_address '" + address.host + "' is not an IP address");
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) {
        std::ostringstream text;
        text << "cannot listen on " << endpoint << ": " << ec.message();
        throw std::runtime_error(text.str());
    }
    return acceptor;
}

Server::Server(Context context, std::shared_ptr<Queue> queue, tcp::acceptor acceptor)
    : context_(context), queue_(std::move(queue)), acceptor_(std::move(acceptor)) {
    std::ostringstream text;
    text << acceptor_.local_endpoint();
    address_ = text.str();
    trace_ = context_.emitter.trace("SMTP.Listen", address_);
    task_ = context_.profiler.task("SMTP listener", address_);
}

void Server::start() {
    spawn(acceptor_.get_executor(), accept(), "accepting connections");
}

void Server::stop() {
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& [key, session] : sessions_) session->stop();
}

awaitable<void> Server::accept() {
    const auto self = shared_from_this();
    const auto executor = acceptor_.get_executor();
    asio::steady_timer pause(executor);
    while (acceptor_.is_open()) {
        if (sessions_.size() < context_.options.max_connections + max_refused_at_once) {
            tcp::endpoint peer;
            task_.waits_for("a connection");
            auto [ec, socket] = co_await acceptor_.async_accept(peer, as_result);
            if (ec == asio::error::operation_aborted) break;
            if (!ec) {
                const bool has_room = sessions_.size() < context_.options.max_connections;
                error_code ignored;
                socket.set_option(tcp::no_delay(true), ignored);
                auto session = std::make_shared<Session>(context_, queue_, std::move(socket), plain(peer));
                sessions_.emplace(session.get(), session);
                spawn(executor, serve(std::move(session), has_room), "session");
                continue;
            }
            // Such as no descriptors left: passes, and must not spin until then.
            trace_.error("accept: %s", ec.message().c_str());
            log_line("cannot accept a connection: " + ec.message());
        }
        task_.waits_for("a moment: connections cannot be accepted now");
        pause.expires_after(pause_after_error);
        co_await pause.async_wait(as_result);
    }
}

awaitable<void> Server::serve(std::shared_ptr<Session> session, bool has_room) {
    const auto self = shared_from_this();
    const Session* key = session.get();
    try {
        co_await session->run(has_room);
    } catch (const std::exception& error) {
        log_line(std::string("session ended: ") + error.what());
    }
    sessions_.erase(key);
}

}  // namespace maild
