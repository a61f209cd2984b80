// What the once-a-second sample of history needs to know of emitters: who is connected, and who came and went since the
// last one, for the marks beside the curves.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "daemon/core/emitters.hpp"
#include "daemon/core/now.hpp"

namespace quipu {

struct State;

// What was seen of the emitters at the last sample.
class HistoryFeed {
public:
    // Once a second, right after the second has begun (by the wall clock).
    void sample(State& state, Now now);

private:
    struct Seen {
        Life life = Life::connected;
        std::uint32_t connections = 0;
        std::size_t series = 0;
        std::int64_t settled_s = 0;  // of a connected one: from when on it has defined all that it had before

        bool operator==(const Seen&) const = default;
    };

    void note(State& state, const EmitterRecord& emitter, const Seen* before, Now now);

    std::map<std::uint32_t, Seen> seen_;  // by EmitterRecord::number
    std::vector<const InstanceMetrics*> connected_;
    std::vector<std::int64_t> settled_s_;  // of each of them
    bool is_first_ = true;
};

}  // namespace quipu
