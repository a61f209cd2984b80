// Tells when the processes behind the emitters end (pidfd), also while they are not connected.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "daemon/core/state.hpp"
#include "daemon/net/unique_fd.hpp"

namespace quipu {

// A handle on the process at the other end of a Unix socket.
struct ProcessHandle {
    UniqueFd pidfd;        // none: the process cannot be watched from here
    bool is_gone = false;  // it had ended when we looked
};

ProcessHandle open_process(int socket, std::int32_t pid);

// true: no process has that pid. false says little: it may be another process by now.
bool is_surely_gone(std::int32_t pid);

class ProcessWatch {
public:
    // EmitterRecord::number of the one whose process has ended. Called from the loop, never from watch().
    using Ended = std::function<void(std::uint32_t)>;

    // Beyond `max_watched` processes a fate stays unknown, and the grace of end_overdue() decides.
    ProcessWatch(boost::asio::io_context& io, std::size_t max_watched, Ended ended)
        : io_(io), max_watched_(max_watched), ended_(std::move(ended)) {}

    // false: not watched. Replaces an earlier watch of the same emitter.
    bool watch(std::uint32_t emitter, ProcessHandle process);

    // Gives up the watches of emitters that have ended or are forgotten.
    void prune(State& state);

private:
    using Descriptor = boost::asio::posix::stream_descriptor;

    boost::asio::io_context& io_;
    std::size_t max_watched_;
    Ended ended_;
    std::unordered_map<std::uint32_t, Descriptor> watched_;
};

}  // namespace quipu
