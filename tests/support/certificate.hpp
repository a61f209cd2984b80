// Certificates and keys made on the spot: a test holds no secret and nothing that expires.
#pragma once

#include <string>

namespace quipu::test {

struct Certificate {
    std::string certificate_pem;
    std::string key_pem;
};

// Self-signed, valid from `begin_s` to `end_s`, in seconds from now.
Certificate make_certificate(const std::string& name = "localhost", long begin_s = -3600, long end_s = 3600);

}  // namespace quipu::test
