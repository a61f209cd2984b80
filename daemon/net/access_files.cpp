#include "daemon/net/access_files.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "daemon/net/listen.hpp"
#include "daemon/net/unique_fd.hpp"

namespace quipu {

namespace {

constexpr std::size_t max_file_bytes = 1024 * 1024;
constexpr mode_t refused_bits = 0777 & ~0640;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }

    void operator()(X509* certificate) const { X509_free(certificate); }

    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

template <typename Thing>
using Owned = std::unique_ptr<Thing, Free>;

Owned<BIO> reader(const std::string& text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string last_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason ? reason : "unknown reason";
}

// There is nobody to type it.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*is_for_writing*/, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
}

void use_certificate(SSL_CTX* context, const std::string& path, std::string& notice) {
    const std::string text = read_access_file(path, "certificate", false);
    const Owned<BIO> bio = reader(text);
    const Owned<X509> own(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!own) {
        ERR_clear_error();
        throw StartError("tls_certificate: " + path + " holds no certificate in PEM form");
    }
    if (SSL_CTX_use_certificate(context, own.get()) != 1) {
        throw StartError("tls_certificate: " + path + " cannot be used: " + last_reason());
    }
    while (X509* link = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, link) == 1) continue;
        X509_free(link);
        throw StartError("tls_certificate: " + path + " has a chain that cannot be used: " + last_reason());
    }
    ERR_clear_error();  // the end of the file is one to OpenSSL
    if (X509_cmp_current_time(X509_get0_notAfter(own.get())) < 0) notice = path + " has expired";
    if (X509_cmp_current_time(X509_get0_notBefore(own.get())) > 0) notice = path + " is not valid yet";
}

void use_key(SSL_CTX* context, const std::string& path, const std::string& certificate) {
    const std::string text = read_access_file(path, "private key", true);
    bool is_locked = false;
    const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader(text).get(), nullptr, no_passphrase, &is_locked));
    ERR_clear_error();
    if (is_locked) throw StartError("tls_private_key: " + path + " has a passphrase; give a key without one");
    if (!key) throw StartError("tls_private_key: " + path + " holds no private key in PEM form");
    const X509* own = SSL_CTX_get0_certificate(context);
    if (X509_check_private_key(own, key.get()) != 1) {
        ERR_clear_error();
        throw StartError("tls_private_key: " + path + " does not belong to the certificate in " + certificate);
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        throw StartError("tls_private_key: " + path + " cannot be used: " + last_reason());
    }
}

// HTTP/1.1 is what is spoken here; a client that wants anything else by name is told so in the handshake.
int select_protocol(
    SSL* /*ssl*/,
    const unsigned char** out,
    unsigned char* out_size,
    const unsigned char* offered,
    unsigned offered_size,
    void* /*unused*/
) {
    static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    const int result = SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), offered, offered_size);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string read_access_file(const std::string& path, const std::string& what, bool is_secret) {
    const auto fail = [&](int error) {
        throw StartError("cannot read the " + what + " " + path + ": " + std::generic_category().message(error));
    };
    // Non-blocking: a FIFO in its place does not hold us up.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) fail(errno);

    struct stat found {};

    if (::fstat(file.get(), &found) != 0) fail(errno);
    if (!S_ISREG(found.st_mode)) throw StartError("the " + what + " " + path + " is not a regular file");
    if (is_secret && (found.st_mode & refused_bits) != 0) {
        std::array<char, 8> mode{};
        std::snprintf(mode.data(), mode.size(), "%04o", found.st_mode & 07777U);
        throw StartError("the " + what + " " + path + " has mode " + mode.data() + "; make it 0640 or narrower");
    }
    std::string text;
    std::array<char, 16 * 1024> piece;
    for (;;) {
        const ssize_t n = ::read(file.get(), piece.data(), piece.size());
        if (n < 0) fail(errno);
        if (n == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(n));
        if (text.size() > max_file_bytes) throw StartError("the " + what + " " + path + " is larger than 1 MiB");
    }
}

std::shared_ptr<ssl_ctx_st> load_tls(const std::string& certificate, const std::string& key, std::string& notice) {
    ERR_clear_error();
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) throw StartError("TLS cannot be set up: " + last_reason());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL");  // of TLS 1.2; those of 1.3 are fine
    SSL_CTX_set_options(
        context.get(),
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(
        context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
    );
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    use_certificate(context.get(), certificate, notice);
    use_key(context.get(), key, certificate);
    return context;
}

std::shared_ptr<const Passwords> load_passwords(const std::string& path) {
    const std::string text = read_access_file(path, "password file", true);
    return std::make_shared<const Passwords>(parse_passwords(text, path));
}

}  // namespace quipu
