// A whole quipud on sockets in a directory of its own, and raw clients of it, all on the test's thread: nobody sleeps,
// the loop runs while a test waits, and every wait has a deadline.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/net/server.hpp"
#include "daemon/net/unique_fd.hpp"
#include "proto/message.hpp"
#include "tests/support/temp_dir.hpp"

namespace quipu::test {

class Edge {
public:
    // Sockets http.sock and ingest.sock in `dir`; the rest as in `options`.
    explicit Edge(const TempDir& dir, ServerOptions options = {}, Limits limits = {});

    // Runs the loop until `is_done`. false: five seconds were not enough.
    bool run_until(const std::function<bool()>& is_done);
    // Runs the loop until it has nothing left to do at once.
    void run_dry();

    // A blocking connection that has not been accepted yet.
    [[nodiscard]] UniqueFd connect_http() const;
    [[nodiscard]] UniqueFd connect_ingest() const;

    // The published count; ~0 where there is none.
    [[nodiscard]] std::uint64_t count(std::string_view family, std::string_view label = {}) const;

    State state;
    boost::asio::io_context io{1};
    std::optional<Server> server;

private:
    std::string http_path_;
    std::string ingest_path_;
};

// One end of a connection to an Edge.
class Client {
public:
    Client(Edge& edge, UniqueFd socket) : edge_(edge), socket_(std::move(socket)) {}

    // All of it, the loop running whenever the socket is full. false: the other side takes no more.
    bool send(std::string_view bytes);
    // The loop runs after every byte.
    void send_bytewise(std::string_view bytes);

    // What has come so far, once `is_enough` holds for it. Fails the test where it never does.
    const std::string& receive_until(const std::function<bool(const std::string&)>& is_enough);
    // Everything up to the end of the connection.
    std::string receive_all();
    // Nothing comes, and the connection stays open, for as long as the loop has something to do.
    bool is_silent();
    // The other side has closed (within the deadline).
    bool is_ended();

    void close() { socket_ = UniqueFd(); }

    [[nodiscard]] int fd() const { return socket_.get(); }

    std::string received;

private:
    bool receive_some();

    Edge& edge_;
    UniqueFd socket_;
    bool is_at_end_ = false;
};

struct HttpAnswer {
    unsigned status = 0;
    std::string head;  // status line and headers
    std::string body;

    // Empty: absent. `name` as the server writes it.
    [[nodiscard]] std::string header(std::string_view name) const;
};

// The next answer on the connection, taken out of `received`.
HttpAnswer read_answer(Client& client, bool is_head = false);
std::string get_request(std::string_view target, std::string_view headers = {});

// A mail daemon on a raw socket, which says just what a test wants said.
class RawEmitter : public Client {
public:
    RawEmitter(Edge& edge, char instance) : Client(edge, edge.connect_ingest()), instance_(16, instance) {}

    [[nodiscard]] std::string hello(const std::vector<std::string_view>& topics = {}) const;
    // Hello, and Welcome has come.
    void join(const std::vector<std::string_view>& topics = {});
    // One counter "test/count" with id 1, raised by `value`.
    [[nodiscard]] static std::string count_frames(std::int64_t value);
    [[nodiscard]] static std::string frame(const wire::FromEmitter& message);

    // The next message, until the next call. Fails the test where none comes.
    const wire::ToEmitter& read_message();

private:
    std::string instance_;
    std::string payload_;
    wire::ToEmitter message_;
};

}  // namespace quipu::test
