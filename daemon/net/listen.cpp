#include "daemon/net/listen.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace quipu {

namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

[[noreturn]] void fail(const std::string& sentence, int error) {
    throw StartError(sentence + ": " + reason(error));
}

// --- Unix -----------------------------------------------------------------------------------------------------------

sockaddr_un unix_sockaddr(const std::string& path) {
    sockaddr_un address{};
    const std::size_t max_bytes = sizeof address.sun_path - 1;
    if (path.empty()) throw StartError("the socket path is empty");
    if (path.front() == '@' || path.find('\0') != std::string::npos) {
        throw StartError("socket path '" + path + "': abstract sockets have no permissions; name a file");
    }
    if (path.size() > max_bytes) {
        throw StartError(
            "socket path '" + path + "' has " + std::to_string(path.size()) + " bytes; the limit is " +
            std::to_string(max_bytes)
        );
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

UniqueFd lock_beside(const std::string& path) {
    const std::string lock_path = path + ".lock";
    UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) fail("cannot open the lock file " + lock_path, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) throw StartError("another quipud listens on " + path + ": it holds " + lock_path);
        fail("cannot lock " + lock_path, errno);
    }
    return lock;
}

UniqueFd unix_socket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) fail("cannot make a Unix socket", errno);
    return socket;
}

// Makes room at `path`: only a socket on which nobody listens is removed.
void remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat found {};

    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return;
        fail("cannot look at " + path, errno);
    }
    if (!S_ISSOCK(found.st_mode)) throw StartError(path + " exists and is not a socket: it was left alone");
    const UniqueFd probe = unix_socket();
    // Accepted or waiting in a full queue (EAGAIN): somebody lives there.
    const bool is_live = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                         errno == EAGAIN || errno == EINPROGRESS;
    if (is_live) throw StartError("another program listens on " + path);
    if (errno == ENOENT) return;
    if (errno != ECONNREFUSED) fail("cannot tell whether somebody listens on " + path, errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("cannot remove the stale socket " + path, errno);
}

gid_t group_id(const std::string& group) {
    gid_t id = 0;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), id);
    if (error == std::errc{} && end == group.data() + group.size()) return id;
    std::vector<char> buffer(16384);

    struct group entry {};
    struct group* found = nullptr;
    const int failure = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (failure != 0) fail("cannot look up the group '" + group + "'", failure);
    if (!found) throw StartError("there is no group '" + group + "'");
    return found->gr_gid;
}

// The socket file appears for its owner alone and is opened to the group and others only once the group is right.
void bind_unix(int socket, const UnixAddress& address, const sockaddr_un& sockaddr) {
    const gid_t group = address.group.empty() ? static_cast<gid_t>(-1) : group_id(address.group);
    const mode_t before = ::umask(static_cast<mode_t>(0777 & ~(address.mode & 0700)));
    const int failure =
        ::bind(socket, reinterpret_cast<const struct sockaddr*>(&sockaddr), sizeof sockaddr) == 0 ? 0 : errno;
    ::umask(before);
    const std::string& path = address.path;
    if (failure != 0) fail("cannot make the socket " + path, failure);
    const bool is_done = (address.group.empty() || ::lchown(path.c_str(), static_cast<uid_t>(-1), group) == 0) &&
                         ::chmod(path.c_str(), address.mode) == 0;
    if (is_done) return;
    const int error = errno;
    ::unlink(path.c_str());
    fail("cannot give the socket " + path + " its group and mode", error);
}

// --- TCP ------------------------------------------------------------------------------------------------------------

union InetAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

// 0: not an address in digits.
socklen_t inet_sockaddr(const TcpAddress& address, InetAddress& out) {
    out = {};
    if (::inet_pton(AF_INET, address.host.c_str(), &out.v4.sin_addr) == 1) {
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(address.port);
        return sizeof out.v4;
    }
    if (::inet_pton(AF_INET6, address.host.c_str(), &out.v6.sin6_addr) == 1) {
        out.v6.sin6_family = AF_INET6;
        out.v6.sin6_port = htons(address.port);
        return sizeof out.v6;
    }
    return 0;
}

bool is_loopback(const InetAddress& address) {
    if (address.any.sa_family == AF_INET) return (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
    return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr) != 0;
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::uint16_t bound_port(int socket) {
    InetAddress bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket, &bound.any, &size) != 0) return 0;
    return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

}  // namespace

HttpAddress parse_http_address(std::string_view text) {
    constexpr std::string_view unix_prefix = "unix:";
    const std::string whole(text);
    if (text.empty()) return std::monostate{};
    if (text.starts_with(unix_prefix)) {
        UnixAddress address;
        address.path = text.substr(unix_prefix.size());
        if (address.path.empty()) throw std::invalid_argument("'" + whole + "' names no path");
        return address;
    }
    const std::size_t colon = text.rfind(':');
    TcpAddress address;
    const char* const end = text.data() + text.size();
    const char* const port = colon == std::string_view::npos ? end : text.data() + colon + 1;
    const auto [stop, error] = std::from_chars(port, end, address.port);
    if (port == end || error != std::errc{} || stop != end) {
        throw std::invalid_argument("'" + whole + "' is not HOST:PORT or unix:PATH");
    }
    std::string_view host = text.substr(0, colon);
    const bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    address.host = host == "localhost" ? "127.0.0.1" : host;
    InetAddress parsed{};
    const bool is_address = inet_sockaddr(address, parsed) != 0;
    if (!is_address || is_bracketed != (parsed.any.sa_family == AF_INET6)) {
        throw std::invalid_argument("'" + whole + "' names no address in digits, such as 127.0.0.1:1099 or [::1]:1099");
    }
    return address;
}

// --- Handed over ----------------------------------------------------------------------------------------------------

namespace {

int socket_option(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

union AnyAddress {
    sockaddr any;
    sockaddr_un unix_file;
    InetAddress inet;
};

}  // namespace

HttpAddress handed_http_address(int socket) {
    AnyAddress address{};
    socklen_t size = sizeof address;
    const bool is_listening = ::getsockname(socket, &address.any, &size) == 0 &&
                              socket_option(socket, SO_TYPE) == SOCK_STREAM &&
                              socket_option(socket, SO_ACCEPTCONN) == 1;
    const std::string which = "descriptor " + std::to_string(socket) + ", handed over as a socket,";
    if (!is_listening) throw StartError(which + " is no stream socket that listens: its unit wants ListenStream=");
    if (address.any.sa_family == AF_UNIX) {
        constexpr std::size_t path_at = offsetof(sockaddr_un, sun_path);
        UnixAddress file;
        if (size > path_at) file.path.assign(address.unix_file.sun_path, size - path_at);
        if (file.path.empty() || file.path.front() == '\0') {
            throw StartError(which + " is an abstract Unix socket: these have no permissions; name a file");
        }
        file.path.erase(file.path.find_last_not_of('\0') + 1);
        return file;
    }
    std::array<char, INET6_ADDRSTRLEN> digits{};
    const int family = address.any.sa_family;
    const void* host = &address.inet.v4.sin_addr;
    if (family == AF_INET6) host = &address.inet.v6.sin6_addr;
    const bool is_inet = family == AF_INET || family == AF_INET6;
    if (!is_inet || !::inet_ntop(family, host, digits.data(), digits.size())) {
        throw StartError(which + " is neither of TCP nor of Unix");
    }
    return TcpAddress{digits.data(), bound_port(socket)};
}

UnixAddress handed_unix_address(int socket) {
    const HttpAddress address = handed_http_address(socket);
    if (const auto* file = std::get_if<UnixAddress>(&address)) return *file;
    throw StartError("the ingest socket that was handed over is no Unix socket: mail daemons push on a file");
}

// --- Who may open it -------------------------------------------------------------------------------------------------

std::string user_name(uid_t user) {
    std::vector<char> buffer(16384);
    struct passwd entry = {};
    struct passwd* found = nullptr;
    (void)::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    return found ? found->pw_name : std::to_string(user);
}

namespace {

std::string group_name(gid_t group) {
    std::vector<char> buffer(16384);
    struct group entry = {};
    struct group* found = nullptr;
    (void)::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found);
    return found ? found->gr_name : std::to_string(group);
}

std::string octal(mode_t mode) {
    std::array<char, 8> digits{};
    const int size = std::snprintf(digits.data(), digits.size(), "%04o", static_cast<unsigned>(mode & 07777));
    return {digits.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::vector<FileAccess> access_of(const std::string& path, const std::vector<FileAccess>& known) {
    std::vector<FileAccess> found;
    std::error_code failure;
    std::filesystem::path at = std::filesystem::absolute(path, failure);
    for (bool is_socket = true; !failure; is_socket = false) {
        struct stat it = {};
        if (::stat(at.c_str(), &it) != 0) return {};
        if (is_socket || (it.st_mode & S_IXOTH) == 0) {
            const auto is_same = [&](const FileAccess& k) { return k.uid == it.st_uid && k.gid == it.st_gid; };
            const auto same = std::find_if(known.begin(), known.end(), is_same);
            const bool is_known = same != known.end();
            found.push_back(
                {at.string(),
                 octal(it.st_mode),
                 is_known ? same->owner : user_name(it.st_uid),
                 is_known ? same->group : group_name(it.st_gid),
                 it.st_uid,
                 it.st_gid}
            );
        }
        if (!at.has_relative_path()) break;
        at = at.parent_path();
    }
    return found;
}

bool is_loopback(const TcpAddress& address) {
    InetAddress parsed{};
    return inet_sockaddr(address, parsed) != 0 && is_loopback(parsed);
}

Listener::Listener(const UnixAddress& address) : name_("unix:" + address.path) {
    const sockaddr_un sockaddr = unix_sockaddr(address.path);
    lock_ = lock_beside(address.path);
    remove_stale(address.path, sockaddr);
    socket_ = unix_socket();
    bind_unix(socket_.get(), address, sockaddr);
    path_ = address.path;
    remember_file();
    if (::listen(socket_.get(), SOMAXCONN) != 0) fail("cannot listen on " + path_, errno);
}

Listener::Listener(const TcpAddress& address) {
    InetAddress sockaddr{};
    const socklen_t size = inet_sockaddr(address, sockaddr);
    name_ = host_and_port(address.host, address.port);
    if (size == 0) throw StartError("'" + address.host + "' is not an address in digits");
    socket_ = UniqueFd(::socket(sockaddr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) fail("cannot make a socket for " + name_, errno);
    const int on = 1;
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket_.get(), &sockaddr.any, size) != 0 || ::listen(socket_.get(), SOMAXCONN) != 0) {
        fail("cannot listen on " + name_, errno);
    }
    name_ = host_and_port(address.host, bound_port(socket_.get()));
}

Listener::Listener(UniqueFd handed, const HttpAddress& address) : socket_(std::move(handed)), is_handed_(true) {
    const int flags = ::fcntl(socket_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
        ::fcntl(socket_.get(), F_SETFD, FD_CLOEXEC) != 0) {
        fail("cannot use the socket that was handed over", errno);
    }
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) name_ = host_and_port(tcp->host, tcp->port);
    if (const auto* file = std::get_if<UnixAddress>(&address)) {
        name_ = "unix:" + file->path;
        path_ = file->path;
        remember_file();
    }
}

void Listener::remember_file() {
    struct stat made {};

    if (::lstat(path_.c_str(), &made) != 0) fail("cannot look at " + path_, errno);
    device_ = made.st_dev;
    inode_ = made.st_ino;
}

bool Listener::is_reachable() const {
    if (path_.empty()) return true;

    struct stat now {};

    return ::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_;
}

Listener::~Listener() {
    // While our socket is open its inode is not given to another file: comparing is safe only before closing it.
    if (socket_ && !path_.empty() && !is_handed_ && is_reachable()) ::unlink(path_.c_str());
}

}  // namespace quipu
