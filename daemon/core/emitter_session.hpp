// One emitter connection's protocol: bytes in, changes to State and output bytes out. Knows no socket.
//
//     await Hello --> talk --> (Bye) --> over
//          \___________\___ any error: Refuse into the output, over
//
// The connection's loop: feed() what was read; write output(); close when feed() said false and output is written;
// call closed() once the socket is gone, whatever the reason.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/emitters.hpp"
#include "daemon/core/metrics.hpp"
#include "daemon/core/now.hpp"
#include "proto/errc.hpp"
#include "proto/frame.hpp"
#include "proto/message.hpp"

namespace quipu {

struct State;

class EmitterSession {
public:
    EmitterSession(State& state, Peer peer) : state_(state), peer_(peer) {}

    EmitterSession(const EmitterSession&) = delete;
    EmitterSession& operator=(const EmitterSession&) = delete;

    // false: nothing more is taken; write the output and close.
    bool feed(Bytes bytes, Now now);

    // Bytes to write, to be emptied by the caller. Before Hello and after the end the session's own, else the
    // emitter's: queries append to it at any time.
    [[nodiscard]] std::string& output();

    // Set once Hello was taken; stays valid while the session lives.
    [[nodiscard]] EmitterRecord* emitter() const { return emitter_; }

    // Ends the session from outside (too many, deadline, output overflow): Refuse into the output.
    void refuse(Errc errc);

    [[nodiscard]] Errc error() const { return error_; }

    // A frame has begun and is not whole, or Hello has not come: the deadline runs.
    [[nodiscard]] bool is_waiting() const { return !emitter_ || reader_.is_inside_frame(); }

    // The same instance has connected again: this connection is dead weight, close it.
    [[nodiscard]] bool is_replaced() const;

    // The socket is gone.
    void closed(Now now);

private:
    Errc take(Bytes payload, Now now);
    Errc on(const wire::Hello& hello, Now now);
    Errc on(const wire::Define& define, Now now);
    Errc on(const wire::Deltas& deltas, Now now);
    Errc on(const wire::Set& set, Now now);
    Errc on(const wire::TraceEvents& events, Now now);
    Errc on(const wire::Answer& answer, Now now);
    Errc on(const wire::Process& process, Now now);
    Errc on(const wire::Bye& bye, Now now);
    Errc on(const wire::Describe& describe, Now now);

    State& state_;
    Peer peer_;
    FrameReader reader_;
    wire::FromEmitter message_;  // kept for its memory
    ConnectionIds ids_;
    std::string output_;
    EmitterRecord* emitter_ = nullptr;
    bool is_over_ = false;
    bool said_bye_ = false;
    std::uint32_t connection_ = 0;  // EmitterRecord::connections at our Hello
    Errc error_ = Errc::ok;
};

}  // namespace quipu
