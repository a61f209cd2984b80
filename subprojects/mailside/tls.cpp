#include <mailside/tls.hpp>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <fstream>
#include <stdexcept>

namespace mailside {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

void check_readable(const std::string& path) {
    if (!std::ifstream(path).good()) throw std::runtime_error("cannot read " + path);
}

}  // namespace

ssl::context server_tls(const std::string& certificate, const std::string& private_key) {
    check_readable(certificate);
    check_readable(private_key);
    ssl::context tls(ssl::context::tls_server);
    tls.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    error_code ec;
    tls.use_certificate_chain_file(certificate, ec);
    if (ec) throw std::runtime_error("no usable certificate in " + certificate + ": " + ec.message());
    tls.use_private_key_file(private_key, ssl::context::pem, ec);
    if (ec) {
        throw std::runtime_error("no private key for " + certificate + " in " + private_key + ": " + ec.message());
    }
    return tls;
}

ssl::context client_tls(const std::string& ca_file) {
    ssl::context tls(ssl::context::tls_client);
    error_code ec;
    if (ca_file.empty()) {
        tls.set_default_verify_paths(ec);  // without any, no certificate is good
        return tls;
    }
    check_readable(ca_file);
    tls.load_verify_file(ca_file, ec);
    if (ec) throw std::runtime_error("no usable certificates in " + ca_file + ": " + ec.message());
    return tls;
}

}  // namespace mailside
