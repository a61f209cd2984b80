#include "daemon/net/transport.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace quipu {

namespace {

constexpr std::size_t piece_bytes = 16 * 1024;      // of ciphertext, read at a time
constexpr std::size_t plaintext_bytes = 64 * 1024;  // encrypted at a time
constexpr int tls_reads_per_turn = 16;              // then the others on the loop have theirs

bool is_would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Transport::Transport(Socket socket, ssl_ctx_st* tls) : socket_(std::move(socket)) {
    if (tls) channel_.emplace(*tls);
}

// --- Reading --------------------------------------------------------------------------------------------------------

Moved Transport::read_plain(char* data, std::size_t size, std::size_t& n) {
    n = 0;
    const ssize_t result = ::recv(socket_.native_handle(), data, size, MSG_DONTWAIT);
    if (result < 0) return is_would_block(errno) ? Moved::blocked : Moved::failed;
    n = static_cast<std::size_t>(result);
    return n == 0 ? Moved::ended : Moved::some;
}

Moved Transport::read_some(char* data, std::size_t size, std::size_t& n) {
    if (!channel_) return read_plain(data, size, n);
    std::array<char, piece_bytes> ciphertext;
    for (int i = 0; i < tls_reads_per_turn; ++i) {
        const TlsChannel::Got got = channel_->read(data, size, n);
        has_input_ = got == TlsChannel::Got::some;
        if (got == TlsChannel::Got::plain_http) {
            channel_.reset();
            return Moved::plain_http;
        }
        const Moved flushed = flush();  // the handshake's answers, alerts
        if (got == TlsChannel::Got::some) return Moved::some;
        if (got == TlsChannel::Got::ended) return Moved::ended;
        if (got == TlsChannel::Got::failed) return Moved::failed;
        if (flushed != Moved::some) return flushed;
        std::size_t came = 0;
        const Moved moved = read_plain(ciphertext.data(), ciphertext.size(), came);
        if (moved != Moved::some) return moved;
        channel_->feed({ciphertext.data(), came});
    }
    return Moved::blocked;
}

// --- Writing --------------------------------------------------------------------------------------------------------

Moved Transport::send(std::string_view first, std::string_view second, std::size_t& n) {
    const auto piece = [](std::string_view bytes) { return iovec{const_cast<char*>(bytes.data()), bytes.size()}; };
    std::array pieces{piece(first), piece(second)};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    n = 0;
    const ssize_t result = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (result < 0) return is_would_block(errno) ? Moved::blocked : Moved::failed;
    n = static_cast<std::size_t>(result);
    return Moved::some;
}

Moved Transport::write_some(std::string_view first, std::string_view second, std::size_t& taken) {
    if (!channel_) return send(first, second, taken);
    taken = 0;
    const Moved before = flush();
    if (before != Moved::some) return before;
    for (const std::string_view bytes : {first, second}) {
        const std::string_view piece = bytes.substr(0, plaintext_bytes - taken);
        if (piece.empty()) continue;
        const std::size_t n = channel_->write(piece);
        if (n == 0) return Moved::failed;
        taken += n;
        if (n < bytes.size()) break;
    }
    return flush() == Moved::failed ? Moved::failed : Moved::some;
}

Moved Transport::flush() {
    while (has_unsent()) {
        std::size_t n = 0;
        const Moved moved = send(channel_->output(), {}, n);
        if (moved != Moved::some) return moved;
        channel_->consume(n);
    }
    return Moved::some;
}

// --- The end --------------------------------------------------------------------------------------------------------

void Transport::end_sending() {
    if (channel_) {
        channel_->end();
        (void)flush();
    }
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Transport::close() {
    if (channel_ && socket_.is_open()) {
        channel_->end();
        (void)flush();
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace quipu
