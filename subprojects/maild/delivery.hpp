// The ways out of the queue, one file each: into a Maildir, to a command, to the smarthost. Each tries once and says
// how it went; when to try again is the queue's business.
#pragma once

#include <quipu/emitter.hpp>
#include <quipu/profiler.hpp>

#include <string>
#include <vector>

#include "counts.hpp"
#include "names.hpp"
#include "options.hpp"
#include "queue_file.hpp"

namespace maild {

struct Outcome {
    enum class Kind : std::uint8_t { sent, temporary, permanent };

    Kind kind = Kind::sent;
    std::string why;  // empty where sent
};

// What every delivery works with; it outlives the delivery.
struct Delivery {
    const Options& options;
    Counts& counts;
    asio::ssl::context& client_tls;
    const QueueDir& dir;
    const Item& item;
    quipu::Task& task;  // the attempt
};

// The file is named after the item and the recipient's place in it, so that a second delivery after a crash replaces
// the first. Blocks for the time of a copy and an fsync.
Outcome deliver_maildir(const Delivery& delivery, std::size_t recipient, quipu::Trace& trace);

// Runs the recipient's command with the message on stdin, in a process group of its own, which is killed at the time
// limit and when the coroutine is destroyed.
awaitable<Outcome> deliver_pipe(const Delivery& delivery, std::size_t recipient, quipu::Trace& trace);

// One transaction for several recipients; an outcome for each.
awaitable<std::vector<Outcome>> deliver_smarthost(
    const Delivery& delivery, const std::vector<std::size_t>& recipients, quipu::Trace& trace
);

}  // namespace maild
