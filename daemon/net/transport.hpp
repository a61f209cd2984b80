// The bytes of one accepted connection, plain or through TLS, without waiting: HTTP above does not know which.
//
// Waiting is the caller's, on socket(): for wait_for(what), unless has_input() says that there is something already.
// Bounded: at most one piece of ciphertext waits to be sent, and nothing more is read before it has gone.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/net/tls_channel.hpp"

namespace quipu {

namespace asio = boost::asio;

enum class Moved : std::uint8_t {
    some,
    blocked,     // wait, then try again
    ended,       // the client has ended its side
    failed,      // closed already, or as good as
    plain_http,  // read only: HTTP came where TLS was expected; what is written from now on goes out plain
};

class Transport {
public:
    using Socket = asio::generic::stream_protocol::socket;

    // `tls` null: plain. It need not outlive this.
    Transport(Socket socket, ssl_ctx_st* tls);

    Moved read_some(char* data, std::size_t size, std::size_t& n);
    // Of both, one after the other; one of them is not empty. `taken` counts bytes that need not be given again; they
    // have gone once has_unsent() is false as well.
    Moved write_some(std::string_view first, std::string_view second, std::size_t& taken);
    // Sends what write_some() left. some: all of it has gone.
    Moved flush();

    [[nodiscard]] bool has_unsent() const { return channel_ && !channel_->output().empty(); }

    // A read may give something though the socket has nothing new.
    [[nodiscard]] bool has_input() const { return has_input_; }

    // Only where TLS has something to send first it is not `what`.
    [[nodiscard]] Socket::wait_type wait_for(Socket::wait_type what) const {
        return has_unsent() ? Socket::wait_write : what;
    }

    [[nodiscard]] Socket& socket() { return socket_; }

    // Empty: it did not fail in TLS.
    [[nodiscard]] std::string_view tls_failure() const { return channel_ ? channel_->failure() : std::string_view{}; }

    // Ends our side, so that the client sees an end and not a cut.
    void end_sending();
    void close();

private:
    Moved read_plain(char* data, std::size_t size, std::size_t& n);
    Moved send(std::string_view first, std::string_view second, std::size_t& n);

    Socket socket_;
    std::optional<TlsChannel> channel_;
    bool has_input_ = false;
};

}  // namespace quipu
