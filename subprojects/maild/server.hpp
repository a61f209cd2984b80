// Listens, and owns the sessions of those who connect.
#pragma once

#include <map>
#include <memory>

#include "queue.hpp"
#include "smtp_session.hpp"

namespace maild {

// Throws std::runtime_error with a sentence where the address cannot be listened on.
tcp::acceptor listen_on(asio::io_context& io, const HostPort& address);

class Server : public std::enable_shared_from_this<Server> {
public:
    Server(Context context, std::shared_ptr<Queue> queue, tcp::acceptor acceptor);

    void start();
    // No new connections; every client that is waited for hears 421.
    void stop();

    [[nodiscard]] bool is_idle() const { return sessions_.empty(); }

    [[nodiscard]] const std::string& address() const { return address_; }

private:
    awaitable<void> accept();
    awaitable<void> serve(std::shared_ptr<Session> session, bool has_room);

    Context context_;
    std::shared_ptr<Queue> queue_;
    tcp::acceptor acceptor_;
    std::string address_;
    quipu::Trace trace_;
    quipu::Task task_;
    std::map<const Session*, std::shared_ptr<Session>> sessions_;
};

}  // namespace maild
