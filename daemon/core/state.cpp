#include "daemon/core/state.hpp"

#include <utility>

namespace quipu {

void set_lost(State& state, EmitterRecord& emitter, std::string_view how, Now now) {
    state.queries.emitter_gone(emitter);
    emitter.output.clear();
    emitter.life = Life::lost;
    emitter.life_wall_ns = now.wall_ns;
    emitter.lost_steady_ns = now.steady_ns;
    emitter.how = how;
    emitter.mark_life();
    if (EmitterRecord* longest = state.emitters.lost_beyond_limit()) {
        ++state.own.ended_for_room.total;
        set_ended(state, *longest, "too many were lost, it the longest ago", now);
    }
}

void set_ended(State& state, EmitterRecord& emitter, std::string_view how, Now now) {
    if (emitter.life == Life::ended) return;
    state.queries.emitter_gone(emitter);
    emitter.output.clear();
    emitter.life = Life::ended;
    emitter.life_wall_ns = now.wall_ns;
    emitter.how = how;
    state.metrics.retire(emitter.metrics);
    state.traces.orphan_all(emitter.traces, emitter.program + " ended: " + emitter.how, now);
    emitter.mark_life();
    for (const std::string& instance : state.emitters.trim()) {
        ++state.own.forgotten_emitters.total;
        for (auto& forgotten : state.forgotten) forgotten.push_back(instance);
    }
}

void end_overdue(State& state, Now now) {
    const std::int64_t grace = state.emitters.limits().lost_grace_ns;
    for (std::size_t i = 0; i < state.emitters.all().size();) {
        EmitterRecord& emitter = *state.emitters.all()[i];
        if (emitter.life == Life::lost && !emitter.is_alive && now.steady_ns - emitter.lost_steady_ns >= grace) {
            set_ended(state, emitter, "not heard of since " + emitter.how, now);
            i = 0;  // trim() may have moved the others
        } else {
            ++i;
        }
    }
}

void tune_sampling(State& state, Now now) {
    if (!state.traces.sampler().tick(now)) return;
    wire::Tune tune;
    tune.flush_interval_ms = state.limits.flush_interval_ms;
    tune.sampling = state.traces.sampler().sampling();
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life == Life::connected) wire::append_frame_of(emitter->output, tune);
    }
}

}  // namespace quipu
