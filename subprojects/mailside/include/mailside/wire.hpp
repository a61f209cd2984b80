// The transport of one conversation, either side: a TCP or Unix socket, TLS over it once started, what was read and not
// used yet, what is to be written. Every wait has a deadline. Owned by shared_ptr, since a deadline's timer may still
// be in flight when the conversation ends.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailside {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using StreamSocket = asio::generic::stream_protocol::socket;
using StreamEndpoint = asio::generic::stream_protocol::endpoint;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Runs a coroutine on its own; an exception out of it is a line in the log that begins with what.
void spawn(const asio::any_io_executor& executor, awaitable<void> coroutine, std::string what);

class Wire : public std::enable_shared_from_this<Wire> {
public:
    explicit Wire(StreamSocket socket);

    // All of these return timed_out at the deadline. The caller keeps the Wire alive until they are done.
    // The first endpoint that takes the connection.
    awaitable<error_code> connect(std::vector<StreamEndpoint> endpoints, Clock::time_point deadline);
    // Flushes, then reads some bytes, at most 16 KiB, into input().
    awaitable<error_code> fill(Clock::time_point deadline);
    awaitable<error_code> flush(Clock::time_point deadline);
    // Forgets input(): what came before TLS must not count after it.
    awaitable<error_code> accept_tls(asio::ssl::context& context, Clock::time_point deadline);
    awaitable<error_code> connect_tls(asio::ssl::context& context, std::string host, Clock::time_point deadline);
    // Flushes and ends so that the peer can still read the last words; takes a second or two at most.
    awaitable<void> finish();

    void write(std::string_view bytes) { out_ += bytes; }

    std::string& input() { return in_; }

    // Ends the wait for input, now and later, with operation_aborted. Writing goes on.
    void interrupt();
    // At once, without a word; whatever waits ends with an error.
    void close();

    [[nodiscard]] bool is_tls() const { return tls_.has_value(); }

    // Of connect_tls: the certificate is good and for that host.
    [[nodiscard]] bool is_verified() const { return is_verified_; }

private:
    void arm(Clock::time_point deadline);
    error_code disarm(error_code result);
    awaitable<void> drain();

    StreamSocket socket_;
    std::optional<asio::ssl::stream<StreamSocket&>> tls_;
    asio::steady_timer timer_;
    std::array<char, 16 * 1024> chunk_{};
    std::string in_;
    std::string out_;
    bool is_reading_ = false;
    bool is_interrupted_ = false;
    bool is_timed_out_ = false;
    bool is_verified_ = true;
};

}  // namespace mailside
