#include "daemon/core/emitter_session.hpp"

#include <algorithm>
#include <utility>

#include "daemon/core/state.hpp"
#include "proto/limits.hpp"

namespace quipu {

bool EmitterSession::feed(Bytes bytes, Now now) {
    if (is_over_) return false;
    if (is_replaced()) {
        is_over_ = true;
        return false;
    }
    state_.own.frame_bytes.total += bytes.size();
    if (emitter_) {
        emitter_->heard_wall_ns = now.wall_ns;
        emitter_->bytes += bytes.size();
    }
    reader_.feed(bytes);
    Bytes payload;
    while (!is_over_ && reader_.next(payload)) {
        ++state_.own.frames.total;
        const Errc errc = take(payload, now);
        if (errc != Errc::ok) refuse(errc);
    }
    if (!is_over_ && reader_.error() != Errc::ok) refuse(reader_.error());
    if (!is_over_ && output().size() > state_.emitters.limits().output_bytes) refuse(Errc::output_overflow);
    return !is_over_;
}

Errc EmitterSession::take(Bytes payload, Now now) {
    const Errc errc = wire::decode(payload, message_, state_.own.unknown_fields.total);
    if (errc == Errc::no_message && emitter_) {
        ++state_.own.unknown_messages.total;
        return Errc::ok;
    }
    if (errc != Errc::ok && errc != Errc::no_message) return errc;
    if (const auto* hello = std::get_if<wire::Hello>(&message_); hello && errc == Errc::ok) {
        return emitter_ ? Errc::hello_again : on(*hello, now);
    }
    if (!emitter_) return Errc::hello_expected;
    ++emitter_->frames;
    return std::visit([&](const auto& message) { return on(message, now); }, message_);
}

Errc EmitterSession::on(const wire::Hello& hello, Now now) {
    EmitterRecord* known = state_.emitters.find(hello.instance);
    const bool is_connected = known && known->life == Life::connected;
    if (known && known->peer.uid != peer_.uid) return Errc::bad_instance;  // another user's name
    if (!is_connected && state_.emitters.connected_count() >= state_.emitters.limits().connected) {
        return Errc::too_many_emitters;
    }
    if (is_connected) state_.queries.emitter_gone(*known);  // asked in a connection that is over
    if (known && known->life == Life::ended) state_.metrics.revive(known->metrics);
    EmitterRecord& emitter = known ? *known : state_.emitters.add(hello.instance);
    Emitters::describe(emitter, hello, peer_, now);
    state_.own.left_out_words.total += state_.emitters.bound_words(emitter);
    state_.metrics.set_aside(emitter.metrics);
    Traces::resume(emitter.traces);
    emitter.output.clear();
    emitter_ = &emitter;
    connection_ = emitter.connections;

    wire::Welcome welcome;
    welcome.protocol = std::min(hello.protocol, limits::protocol_version);
    welcome.bounds.frame_bytes = limits::max_frame_bytes;
    welcome.bounds.series = limits::max_series;
    welcome.bounds.text_bytes = limits::max_text_bytes;
    welcome.bounds.event_bytes = std::min<std::uint32_t>(limits::max_event_bytes, state_.limits.traces.event_bytes);
    welcome.bounds.active_traces = state_.limits.traces.active;
    welcome.flush_interval_ms = state_.limits.flush_interval_ms;
    welcome.sampling = state_.traces.sampler().sampling();
    wire::append_frame_of(emitter.output, welcome);
    return Errc::ok;
}

Errc EmitterSession::on(const wire::Define& define, Now /*now*/) {
    const std::size_t most = state_.limits.metrics.counts;
    const std::size_t room = most - std::min(most, state_.emitters.counts());
    return state_.metrics.define(emitter_->metrics, ids_, define, room);
}

Errc EmitterSession::on(const wire::Deltas& deltas, Now /*now*/) {
    return state_.metrics.apply(emitter_->metrics, ids_, deltas);
}

Errc EmitterSession::on(const wire::Set& set, Now /*now*/) {
    return state_.metrics.apply(emitter_->metrics, ids_, set);
}

Errc EmitterSession::on(const wire::TraceEvents& events, Now now) {
    state_.traces.apply(emitter_->traces, events, now);
    return Errc::ok;
}

Errc EmitterSession::on(const wire::Answer& answer, Now /*now*/) {
    const Errc errc = state_.queries.answer(*emitter_, answer);
    if (errc == Errc::query_unknown) ++state_.own.unknown_answers.total;
    return Errc::ok;
}

Errc EmitterSession::on(const wire::Process& process, Now /*now*/) {
    emitter_->process = process;
    return Errc::ok;
}

Errc EmitterSession::on(const wire::Bye& bye, Now /*now*/) {
    emitter_->how = "said goodbye: " + std::string(bye.reason);
    said_bye_ = true;
    wire::append_frame_of(emitter_->output, wire::Ack{});
    is_over_ = true;
    return Errc::ok;
}

Errc EmitterSession::on(const wire::Describe& describe, Now /*now*/) {
    Emitters::describe(*emitter_, describe);
    state_.own.left_out_words.total += state_.emitters.bound_words(*emitter_);
    return Errc::ok;
}

void EmitterSession::refuse(Errc errc) {
    if (is_over_) return;
    error_ = errc;
    is_over_ = true;
    ++state_.own.refused_sessions.total;
    wire::Refuse refusal;
    refusal.code = static_cast<std::uint32_t>(errc);
    refusal.reason = sentence(errc);
    wire::append_frame_of(output(), refusal);
}

std::string& EmitterSession::output() {
    return emitter_ && !is_replaced() ? emitter_->output : output_;
}

bool EmitterSession::is_replaced() const {
    return emitter_ && emitter_->connections != connection_;
}

void EmitterSession::closed(Now now) {
    is_over_ = true;
    if (reader_.is_inside_frame()) ++state_.own.truncated_frames.total;
    if (!emitter_ || is_replaced() || emitter_->life != Life::connected) return;
    if (said_bye_) {
        const std::string how = emitter_->how;
        set_ended(state_, *emitter_, how, now);
    } else if (error_ != Errc::ok) {
        set_lost(state_, *emitter_, "refused: " + std::string(sentence(error_)), now);
    } else {
        set_lost(state_, *emitter_, "the connection broke", now);
    }
}

}  // namespace quipu
