#include "daemon/net/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace quipu {

namespace {

std::string in_digits(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) ? text.data() : "?";
}

}  // namespace

HttpPeer peer_of(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        const std::string name = in_digits(AF_INET, &v4.sin_addr);
        return {name, name};
    }
    if (address.ss_family != AF_INET6) return {};
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    auto& bytes = v6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        const std::string name = in_digits(AF_INET, &bytes[12]);
        return {name, name};
    }
    const std::string name = in_digits(AF_INET6, &v6.sin6_addr);
    std::fill(std::begin(bytes) + 8, std::end(bytes), std::uint8_t{0});
    return {name, in_digits(AF_INET6, &v6.sin6_addr) + "/64"};
}

HttpPeer peer_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {"?", "?"};
    return peer_of(address);
}

}  // namespace quipu
