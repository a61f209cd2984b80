// Who is at the other end of an accepted connection.
#pragma once

#include <sys/socket.h>

#include <string>

namespace quipu {

struct HttpPeer {
    std::string name = "unix";     // an address in digits, for the log
    std::string network = "unix";  // what is throttled as one: an IPv4 address, an IPv6 /64, all of a Unix socket
};

HttpPeer peer_of(const sockaddr_storage& address);
HttpPeer peer_of(int socket);

}  // namespace quipu
