#include "daemon/net/tls_channel.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace quipu {

namespace {

int as_int(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

void TlsChannel::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

TlsChannel::TlsChannel(ssl_ctx_st& context) : ssl_(SSL_new(&context)) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (!ssl_ || !in_ || !out_) throw std::bad_alloc();
    BIO_set_mem_eof_return(in_, -1);  // empty means: later, not never
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
}

void TlsChannel::feed(std::string_view ciphertext) {
    (void)BIO_write(in_, ciphertext.data(), as_int(ciphertext.size()));
}

TlsChannel::Got TlsChannel::read(char* data, std::size_t size, std::size_t& n) {
    n = 0;
    if (!failure_.empty()) return Got::failed;
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), data, as_int(size));
    const int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    collect_output();
    if (result > 0) {
        n = static_cast<std::size_t>(result);
        return Got::some;
    }
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Got::wants_more;
    if (error == SSL_ERROR_ZERO_RETURN) return Got::ended;
    return fail(error);
}

TlsChannel::Got TlsChannel::fail(int error) {
    const unsigned long code = ERR_peek_error();
    const char* reason = ERR_reason_error_string(code);
    failure_ = reason ? reason : "error " + std::to_string(error);
    const bool is_http = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    return is_http ? Got::plain_http : Got::failed;
}

std::size_t TlsChannel::write(std::string_view plaintext) {
    if (plaintext.empty() || !failure_.empty()) return 0;
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), plaintext.data(), as_int(plaintext.size()));
    const int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    collect_output();
    if (result > 0) return static_cast<std::size_t>(result);
    (void)fail(error);
    return 0;
}

void TlsChannel::end() {
    if (!failure_.empty() || SSL_is_init_finished(ssl_.get()) == 0) return;
    (void)SSL_shutdown(ssl_.get());
    ERR_clear_error();
    collect_output();
}

void TlsChannel::collect_output() {
    std::array<char, 16 * 1024> piece;
    for (;;) {
        const int n = BIO_read(out_, piece.data(), as_int(piece.size()));
        if (n <= 0) return;
        output_.append(piece.data(), static_cast<std::size_t>(n));
    }
}

void TlsChannel::consume(std::size_t n) {
    sent_ += n;
    if (sent_ < output_.size()) return;
    output_.clear();
    sent_ = 0;
}

}  // namespace quipu
