// One emitter's socket: moves bytes between it and its EmitterSession, keeps deadlines and bounds. What the bytes
// mean is not known here.
//
//     reader:    wait readable -> read what is there -> session.feed() -> settle
//     writer:    wait for wake() -> send session.output() -> (full) wait writable
//     deadline:  Hello and every begun frame within IngestTimes::frame, last words within IngestTimes::goodbye
//
// Kept alive by its own coroutines; everything runs on the loop's thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>

#include "daemon/core/emitter_session.hpp"
#include "daemon/net/exchange.hpp"
#include "daemon/net/log.hpp"
#include "daemon/net/process_watch.hpp"
#include "daemon/net/unique_fd.hpp"

namespace quipu {

struct IngestTimes {
    std::chrono::nanoseconds frame = std::chrono::seconds(10);
    std::chrono::nanoseconds goodbye = std::chrono::seconds(1);
};

// What all emitter connections share. Outlives them.
struct Ingest {
    Ingest(Exchange& the_exchange, ProcessWatch& the_processes, std::set<uid_t> the_users, IngestTimes the_times)
        : exchange(the_exchange),
          processes(the_processes),
          users(std::move(the_users)),
          times(the_times),
          complaints(the_exchange.state().own.held_back_lines),
          lives(the_exchange.state().own.held_back_lines, 200) {}

    Exchange& exchange;
    ProcessWatch& processes;
    std::set<uid_t> users;  // who may push; empty: whoever the socket's mode lets in
    IngestTimes times;
    LogBrake complaints;
    LogBrake lives;  // for "connected", "closed", "ended": a peer may connect as often as it likes
    std::array<std::uint8_t, 64 * 1024> buffer{};  // of whoever reads just now
};

// Takes over an accepted connection, or tells it why not.
void accept_emitter(Ingest& ingest, UniqueFd socket);

// The process has ended: what it left in its socket is taken, then its emitter ends.
void end_process(Ingest& ingest, std::uint32_t emitter_number);

class EmitterConn : public std::enable_shared_from_this<EmitterConn> {
public:
    EmitterConn(Ingest& ingest, UniqueFd socket, Peer peer);

    EmitterConn(const EmitterConn&) = delete;
    EmitterConn& operator=(const EmitterConn&) = delete;

    void start(ProcessHandle process);

    [[nodiscard]] EmitterRecord* emitter() const { return session_.emitter(); }

    // Something may be in the output: wakes the writer if so.
    void wake_if_writable();

    // Takes what is still readable (bounded) and sends what can be sent at once, then closes; `why` is for the log.
    void drain_and_close(std::string_view why);

private:
    using Socket = asio::generic::stream_protocol::socket;
    enum class Progress : std::uint8_t { going_on, blocked, over };

    asio::awaitable<void> read_loop(std::shared_ptr<EmitterConn> self);
    asio::awaitable<void> write_loop(std::shared_ptr<EmitterConn> self);
    Progress read_once();
    Progress send_once();
    void after_feed();
    void greet();
    void begin_goodbye();
    void watch_frame();
    void arm_deadline(std::chrono::nanoseconds after);
    void deadline_passed();
    void close(std::string_view why);

    Ingest& ingest_;
    Socket socket_;
    Peer peer_;
    ProcessHandle process_;  // until the emitter is known
    EmitterSession session_;
    asio::steady_timer wake_;
    asio::steady_timer deadline_;
    std::int64_t deadline_steady_ns_ = 0;  // 0: none
    std::uint64_t frames_at_arming_ = 0;
    bool is_greeted_ = false;
    bool is_over_ = false;  // nothing more is read; the output is still to be written
    bool is_closed_ = false;
};

}  // namespace quipu
