#include <mailside/wire.hpp>

#include <mailside/log.hpp>

#include <exception>
#include <utility>

namespace mailside {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_drained_reads = 64;

}  // namespace

void spawn(const asio::any_io_executor& executor, awaitable<void> coroutine, std::string what) {
    asio::co_spawn(executor, std::move(coroutine), [what = std::move(what)](std::exception_ptr error) {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const std::exception& e) {
            log_line(what + ": " + e.what());
        }
    });
}

Wire::Wire(StreamSocket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

void Wire::arm(Clock::time_point deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait([weak = weak_from_this(), deadline](error_code ec) {
        const auto self = weak.lock();
        // A timer that fired just before it was set anew still gets here, without an error.
        if (ec || !self || self->timer_.expiry() != deadline) return;
        self->is_timed_out_ = true;
        error_code ignored;
        self->socket_.cancel(ignored);
        // A TLS operation between two steps misses a cancel.
        self->arm(Clock::now() + 1s);
    });
}

error_code Wire::disarm(error_code result) {
    timer_.expires_at(Clock::time_point::max());
    is_reading_ = false;
    const bool was_late = std::exchange(is_timed_out_, false);
    return result && was_late ? error_code(asio::error::timed_out) : result;
}

awaitable<error_code> Wire::connect(std::vector<StreamEndpoint> endpoints, Clock::time_point deadline) {
    arm(deadline);
    auto [ec, endpoint] = co_await asio::async_connect(socket_, endpoints, as_result);
    error_code ignored;
    // Means nothing to a Unix socket.
    if (!ec) socket_.set_option(tcp::no_delay(true), ignored);
    co_return disarm(ec);
}

awaitable<error_code> Wire::fill(Clock::time_point deadline) {
    if (error_code ec = co_await flush(deadline)) co_return ec;
    if (is_interrupted_) co_return error_code(asio::error::operation_aborted);
    arm(deadline);
    is_reading_ = true;
    error_code result;
    std::size_t size = 0;
    if (tls_) {
        auto [ec, n] = co_await tls_->async_read_some(asio::buffer(chunk_), as_result);
        result = ec, size = n;
    } else {
        auto [ec, n] = co_await socket_.async_read_some(asio::buffer(chunk_), as_result);
        result = ec, size = n;
    }
    in_.append(chunk_.data(), size);
    co_return disarm(result);
}

awaitable<error_code> Wire::flush(Clock::time_point deadline) {
    if (out_.empty()) co_return error_code();
    arm(deadline);
    const std::string out = std::exchange(out_, {});
    error_code result;
    if (tls_) {
        auto [ec, n] = co_await asio::async_write(*tls_, asio::buffer(out), as_result);
        result = ec;
    } else {
        auto [ec, n] = co_await asio::async_write(socket_, asio::buffer(out), as_result);
        result = ec;
    }
    co_return disarm(result);
}

awaitable<error_code> Wire::accept_tls(asio::ssl::context& context, Clock::time_point deadline) {
    if (error_code ec = co_await flush(deadline)) co_return ec;
    in_.clear();
    tls_.emplace(socket_, context);
    arm(deadline);
    auto [ec] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
    co_return disarm(ec);
}

awaitable<error_code> Wire::connect_tls(asio::ssl::context& context, std::string host, Clock::time_point deadline) {
    in_.clear();
    tls_.emplace(socket_, context);
    SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    tls_->set_verify_mode(asio::ssl::verify_peer);
    // Opportunistic: a bad certificate is better than none, but must be known as one.
    const asio::ssl::host_name_verification verify(host);
    tls_->set_verify_callback([this, verify](bool is_good, asio::ssl::verify_context& certificate) {
        is_verified_ = verify(is_good, certificate) && is_verified_;
        return true;
    });
    arm(deadline);
    auto [ec] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
    co_return disarm(ec);
}

awaitable<void> Wire::finish() {
    const auto self = shared_from_this();
    error_code ec = co_await flush(Clock::now() + 1s);
    if (!ec && tls_) {
        arm(Clock::now() + 500ms);
        auto [shutdown_error] = co_await tls_->async_shutdown(as_result);
        ec = disarm(shutdown_error);
    }
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    co_await drain();
    socket_.close(ignored);
}

// Closing with unread bytes resets the connection, and the peer may lose what was written last.
awaitable<void> Wire::drain() {
    const Clock::time_point deadline = Clock::now() + 500ms;
    for (std::size_t i = 0; i < max_drained_reads; ++i) {
        arm(deadline);
        auto [ec, n] = co_await socket_.async_read_some(asio::buffer(chunk_), as_result);
        if (disarm(ec)) co_return;
    }
}

void Wire::close() {
    error_code ignored;
    socket_.close(ignored);
}

void Wire::interrupt() {
    is_interrupted_ = true;
    error_code ignored;
    if (is_reading_) socket_.cancel(ignored);
}

}  // namespace mailside
