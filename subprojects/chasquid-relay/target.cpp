#include "target.hpp"

#include <mailside/flags.hpp>

#include <charconv>
#include <string_view>

#include "lines.hpp"

namespace relay {

namespace {

constexpr std::string_view what_is_right =
    "is no address to ask: http://HOST:PORT, https://HOST:PORT or unix:PATH, without a path behind it";

}  // namespace

Target parse_target(const std::string& name, const std::string& url) {
    Target target;
    target.url = url;
    std::string_view rest = url;
    constexpr std::size_t max_unix_path_bytes = 107;
    if (take_prefix(rest, "unix:")) {
        target.unix_path = rest;
        target.host_header = "localhost";
        if (rest.empty() || rest.size() > max_unix_path_bytes) mailside::refuse(name, url, what_is_right);
        return target;
    }
    target.is_tls = take_prefix(rest, "https://");
    if (!target.is_tls && !take_prefix(rest, "http://")) mailside::refuse(name, url, what_is_right);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    target.host_header = rest;
    const std::size_t colon = rest.rfind(':');
    const std::size_t bracket = rest.rfind(']');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
    target.port = target.is_tls ? 443 : 80;
    if (has_port) {
        const std::string_view port = rest.substr(colon + 1);
        const auto [stop, ec] = std::from_chars(port.data(), port.data() + port.size(), target.port);
        if (ec != std::errc{} || stop != port.data() + port.size() || target.port == 0) {
            mailside::refuse(name, url, what_is_right);
        }
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    constexpr std::string_view never_in_a_host = "/?#@[] \t\r\n\\";
    if (rest.empty() || rest.find_first_of(never_in_a_host) != std::string_view::npos) {
        mailside::refuse(name, url, what_is_right);
    }
    target.host = rest;
    return target;
}

}  // namespace relay
