#include "daemon/otlp/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace quipu {

namespace {

constexpr std::string_view traces_path = "/v1/traces";
constexpr std::string_view default_port = "4318";
constexpr std::size_t max_host_bytes = 253;

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument(what + "; it is http://HOST:PORT or https://HOST:PORT, with or without /v1/traces");
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_character(char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
}

bool is_address_character(char c) {  // of IPv6, with a zone
    return is_letter_or_digit(c) || c == ':' || c == '.' || c == '%';
}

bool is_path_character(char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}?#").find(c) == std::string_view::npos;
}

template <typename Is>
bool all_are(std::string_view text, Is is) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && stop == text.data() + text.size() && port >= 1 && port <= 65535;
}

// "host", "host:port", "[address]:port".
void take_authority(std::string_view authority, OtlpEndpoint& endpoint) {
    std::string_view rest;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) refuse("the address lacks its ']'");
        endpoint.host = authority.substr(1, end - 1);
        rest = authority.substr(end + 1);
        if (!all_are(endpoint.host, is_address_character)) refuse("'" + endpoint.host + "' is no address");
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        endpoint.host = authority.substr(0, colon);
        rest = authority.substr(colon);
        if (!all_are(endpoint.host, is_host_character) || endpoint.host.size() > max_host_bytes) {
            refuse(endpoint.host.empty() ? "there is no host" : "'" + endpoint.host + "' is no host");
        }
    }
    endpoint.port = rest.empty() ? default_port : rest.substr(1);
    const bool is_sound = (rest.empty() || rest[0] == ':') && is_port(endpoint.port);
    if (!is_sound) refuse("'" + endpoint.port + "' is no port");
}

}  // namespace

std::string OtlpEndpoint::authority() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + port;
}

OtlpEndpoint parse_otlp_endpoint(std::string_view url) {
    OtlpEndpoint endpoint;
    endpoint.is_tls = url.starts_with("https://");
    if (!endpoint.is_tls && !url.starts_with("http://")) refuse("the URL begins with neither http:// nor https://");
    url.remove_prefix(url.find("//") + 2);
    const std::size_t path_at = std::min(url.find_first_of("/?#"), url.size());
    const std::string_view authority = url.substr(0, path_at);
    if (authority.find('@') != std::string_view::npos) {
        refuse("the URL holds a user or password, which pages and the process list would show");
    }
    take_authority(authority, endpoint);
    endpoint.target = url.substr(path_at);
    if (!endpoint.target.empty() && !all_are(endpoint.target, is_path_character)) {
        refuse("'" + endpoint.target + "' is no plain path");
    }
    if (!endpoint.target.ends_with(traces_path)) {
        while (endpoint.target.ends_with('/')) endpoint.target.pop_back();
        endpoint.target += traces_path;
    }
    return endpoint;
}

}  // namespace quipu
