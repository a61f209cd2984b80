#include "daemon/pages/guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

bool is_port(std::string_view text) {
    return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "[::1]:80" -> "[::1]", "name:80" -> "name"; empty: not of that form.
std::string_view without_port(std::string_view host) {
    std::size_t end = host.find(':');
    if (host.starts_with('[')) {
        const std::size_t bracket = host.find(']');
        if (bracket == std::string_view::npos) return {};
        end = bracket + 1;
        if (end < host.size() && host[end] != ':') return {};
    }
    if (end >= host.size()) return host;
    return is_port(host.substr(end + 1)) ? host.substr(0, end) : std::string_view{};
}

// inet_pton takes dotted quads and no other spelling of an address, as browsers send them.
bool is_address(std::string_view name) {
    if (name.find('\0') != std::string_view::npos) return false;
    std::array<unsigned char, sizeof(in6_addr)> address;
    if (name.starts_with('[') && name.ends_with(']')) {
        return inet_pton(AF_INET6, std::string(name.substr(1, name.size() - 2)).c_str(), address.data()) == 1;
    }
    return inet_pton(AF_INET, std::string(name).c_str(), address.data()) == 1;
}

bool is_loopback_name(std::string_view name) {
    constexpr std::string_view localhost = "localhost";
    // RFC 6761: localhost and all below it are this machine, wherever they are looked up.
    if (name.size() > localhost.size() && name[name.size() - localhost.size() - 1] == '.') {
        name = name.substr(name.size() - localhost.size());
    }
    return equals_folded(name, localhost);
}

// "http://host:port" -> "host:port"; empty: "null" or something else without a host.
std::string_view authority_of(std::string_view origin) {
    const std::size_t at = origin.find("://");
    return at == std::string_view::npos ? std::string_view{} : origin.substr(at + 3);
}

bool is_from_elsewhere(const Request& request) {
    if (!request.origin.empty() && !equals_folded(authority_of(request.origin), request.host)) return true;
    const bool is_own =
        request.sec_fetch_site.empty() || request.sec_fetch_site == "same-origin" || request.sec_fetch_site == "none";
    const bool is_followed_link = request.sec_fetch_mode == "navigate" && request.sec_fetch_dest == "document";
    return !is_own && !is_followed_link;
}

}  // namespace

bool is_allowed_host(std::string_view host, std::span<const std::string> allowed_names) {
    std::string_view name = without_port(host);
    if (name.empty()) return false;
    if (is_address(name)) return true;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (is_loopback_name(name)) return true;
    return std::any_of(allowed_names.begin(), allowed_names.end(), [name](const std::string& allowed) {
        return equals_folded(name, allowed);
    });
}

std::optional<Response> refusal(const State& state, const Request& request, std::string_view authority) {
    if (request.host.empty() && !request.is_http_1_0) return error_response(400, "The Host header is missing.");
    const bool is_host_allowed = request.host.empty() || is_allowed_host(request.host, state.allowed_hosts);
    const bool is_authority_allowed = authority.empty() || is_allowed_host(authority, state.allowed_hosts);
    if (!is_host_allowed || !is_authority_allowed) {
        return error_response(
            403,
            "Pages are served under an IP address, localhost or a name in allowed_hosts only; the request named "
            "another."
        );
    }
    if (is_from_elsewhere(request)) return error_response(403, "Requests made by other sites are refused.");
    return std::nullopt;
}

}  // namespace quipu
