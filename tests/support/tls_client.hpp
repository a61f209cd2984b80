// A TLS client of an Edge, on the test's thread like Client.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/net_fixture.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace quipu::test {

class TlsClient {
public:
    // `max_version`: 0, or the newest that it speaks.
    TlsClient(Edge& edge, UniqueFd socket, int max_version = 0);

    // false: the other side does not want to.
    bool handshake();
    bool send(std::string_view bytes);
    // Until `received` holds `bytes` bytes or the connection has ended.
    const std::string& receive(std::size_t bytes);
    // The same text in what has come.
    const std::string& receive_until(std::string_view text);
    // The other side has ended in good order, with close_notify.
    bool is_ended_well();
    // The other side has closed, whatever there is still to read. Reads nothing.
    bool is_cut_off();
    // Of the other side: its certificate's name.
    [[nodiscard]] std::string peer_name() const;

    std::string received;

private:
    bool read_some();

    struct Free {
        void operator()(ssl_st* ssl) const;
        void operator()(ssl_ctx_st* context) const;
    };

    Edge& edge_;
    UniqueFd socket_;
    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::unique_ptr<ssl_st, Free> ssl_;
    bool is_at_end_ = false;
    bool is_ended_well_ = false;
};

}  // namespace quipu::test
