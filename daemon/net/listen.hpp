// Opens listening sockets: nothing of anyone else's is taken or removed, and nobody gets in who should not.
//
// A Unix socket at PATH is guarded by a lock (flock) on PATH.lock, held as long as we listen, so two starters cannot
// race. What is found at PATH is replaced only if it is a socket on which nobody listens (ECONNREFUSED). At the end
// PATH is removed only if it still is the socket that we made. A socket that was handed to us is somebody else's: its
// file stays.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/net/unique_fd.hpp"

namespace quipu {

// quipud cannot start: a sentence that a person can act on. Exit code 1.
struct StartError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct UnixAddress {
    std::string path;
    mode_t mode = 0660;  // never wider, not for an instant
    std::string group;   // name or number; empty: the process's own
};

struct TcpAddress {
    std::string host;        // an address in digits
    std::uint16_t port = 0;  // 0: any that is free
};

// monostate: no HTTP at all.
using HttpAddress = std::variant<std::monostate, TcpAddress, UnixAddress>;

// "", "127.0.0.1:1099", "[::1]:1099", "localhost:1099" or "unix:PATH". Throws std::invalid_argument with a sentence.
HttpAddress parse_http_address(std::string_view text);

// Where a listening stream socket that was handed to us listens. Throws StartError where it is none, or one that
// quipud does not serve on.
UnixAddress handed_unix_address(int socket);
HttpAddress handed_http_address(int socket);

// Nobody else's machine reaches it.
bool is_loopback(const TcpAddress& address);

// Who may open the socket at `path`: itself, and every directory above that some may not pass. Empty: it is not there.
// Names that stand in `known` are not looked up again, which may take long where users come from the network.
std::vector<FileAccess> access_of(const std::string& path, const std::vector<FileAccess>& known = {});

// "name", or the number where it has none.
std::string user_name(uid_t user);

class Listener {
public:
    // Both throw StartError.
    explicit Listener(const UnixAddress& address);
    explicit Listener(const TcpAddress& address);
    // One that was handed to us, with the address as handed_..._address() tells it. Takes the descriptor.
    Listener(UniqueFd handed, const HttpAddress& address);

    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    // Non-blocking, close-on-exec, listening.
    [[nodiscard]] int fd() const { return socket_.get(); }

    // "127.0.0.1:1099" with the real port, or "unix:PATH".
    [[nodiscard]] const std::string& name() const { return name_; }

    // false: the socket's file has been removed or replaced; nobody can reach us any more.
    [[nodiscard]] bool is_reachable() const;

private:
    void remember_file();

    UniqueFd lock_;
    UniqueFd socket_;
    std::string name_;
    std::string path_;  // Unix only
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bool is_handed_ = false;
};

}  // namespace quipu
