// One TLS connection as a pure thing, the server's side of it: ciphertext in, plaintext out, and the other way round.
// No socket and no waiting; the handshake happens inside read().
//
//     socket --feed()--> [ SSL ] --read()--> HTTP
//     socket <--output()/consume()-- [ SSL ] <--write()-- HTTP
//
// Bounded by its caller, who feeds only when read() wants more and writes only once output() is empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

namespace quipu {

class TlsChannel {
public:
    enum class Got : std::uint8_t { some, wants_more, ended, failed, plain_http };

    explicit TlsChannel(ssl_ctx_st& context);

    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;

    // What came from the peer, in pieces of any size.
    void feed(std::string_view ciphertext);

    // Into `data`; `n` is what came. plain_http: the peer does not speak TLS but HTTP, and nothing else can be done
    // here.
    Got read(char* data, std::size_t size, std::size_t& n);

    // What was taken; all of it, where the handshake is over. 0: the channel has failed.
    std::size_t write(std::string_view plaintext);

    // Tells the peer that nothing more comes (close_notify). Nothing where there was no handshake.
    void end();

    // What is to be sent to the peer.
    [[nodiscard]] std::string_view output() const { return std::string_view(output_).substr(sent_); }

    void consume(std::size_t n);

    // Why it failed, as OpenSSL says it.
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    void collect_output();
    Got fail(int error);

    struct Free {
        void operator()(ssl_st* ssl) const;
    };

    std::unique_ptr<ssl_st, Free> ssl_;
    bio_st* in_ = nullptr;  // both are ssl_'s
    bio_st* out_ = nullptr;
    std::string output_;
    std::size_t sent_ = 0;
    std::string failure_;
};

}  // namespace quipu
