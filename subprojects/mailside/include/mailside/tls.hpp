// TLS contexts, made of what operators write.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace mailside {

// TLS 1.2 and later, with that chain and key (PEM files). Throws std::runtime_error with a sentence.
boost::asio::ssl::context server_tls(const std::string& certificate, const std::string& private_key);

// Verifies against the system's authorities, or against those in `ca_file` where it is not empty. Throws likewise.
boost::asio::ssl::context client_tls(const std::string& ca_file = {});

}  // namespace mailside
