// Where chasquid's monitoring address is.
#pragma once

#include <cstdint>
#include <string>

namespace relay {

// Of "http://127.0.0.1:1099", "https://mx.example.org:1099", "unix:/run/chasquid/monitoring.sock".
struct Target {
    std::string url;  // as given, for people
    bool is_tls = false;
    std::string host;
    std::uint16_t port = 0;
    std::string unix_path;    // not empty: instead of host and port
    std::string host_header;  // "127.0.0.1:1099"
};

// Throws mailside::UsageError: the value of flag --NAME is none of these.
Target parse_target(const std::string& name, const std::string& url);

}  // namespace relay
