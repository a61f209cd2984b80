// Asks an emitter through MiniQuipud, as a page does.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/mini_quipud.hpp"

namespace quipu::test {

using QueryArgs = std::vector<std::pair<std::string, std::string>>;

// Waits until the newest emitter offers the topic, and asks it. 0: it never did.
inline AskId ask(MiniQuipud& quipud, const std::string& topic, const QueryArgs& args = {}, int deadline_s = 600) {
    AskId id = 0;
    (void)quipud.wait_for([&](State& state) {
        const auto* emitter = state.emitters.newest();
        if (emitter == nullptr || emitter->life != Life::connected) return false;
        if (std::find(emitter->topics.begin(), emitter->topics.end(), topic) == emitter->topics.end()) return false;
        const Ask question{topic, args, deadline_s * std::int64_t{1'000'000'000}, {emitter->number}};
        id = state.queries.open(question, state.emitters, read_now());
        return true;
    });
    quipud.write_to_all();
    return id;
}

// What came; Outcome::late where nothing did.
inline Reply reply(MiniQuipud& quipud, AskId id, std::chrono::seconds at_most = std::chrono::seconds(30)) {
    Reply out;
    out.outcome = Outcome::late;
    (void)quipud.wait_for(
        [&](State& state) {
            if (id == 0 || !state.queries.is_finished(id)) return false;
            out = state.queries.take(id).at(0);
            return true;
        },
        at_most
    );
    return out;
}

inline void cancel(MiniQuipud& quipud, AskId id) {
    (void)quipud.wait_for([&](State& state) {
        state.queries.cancel(id, state.emitters);
        return true;
    });
    quipud.write_to_all();
}

}  // namespace quipu::test
