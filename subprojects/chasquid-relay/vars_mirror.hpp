// One run of chasquid, as quipud is told of it: its variables become counters, gauges, texts and documents of an
// emitter that speaks for it. Names, kinds and values are chasquid's; labels and helps those of the mail vocabulary.
//
// chasquid's totals since its start are what its instance has contributed; the emitter sends them as any process sends
// its own. So nothing here remembers anything over an end of the relay.
#pragma once

#include <quipu/emitter.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expvar.hpp"

namespace relay {

// What does not fit is told once a name, as a sentence, and counted.
struct Complaints {
    quipu::Counter left_out;
    std::function<void(std::string_view)> log;
};

class VarsMirror {
public:
    VarsMirror(quipu::Emitter& emitter, Complaints complaints);

    // A count of the vocabulary is lower than it was: another run of chasquid has begun. Nothing else means that, since
    // whether an unknown number is a count cannot be known.
    [[nodiscard]] bool has_fallen(const Snapshot& snapshot) const;

    // Declares what is new and pushes what has changed.
    void take(const Snapshot& snapshot);

private:
    struct Count {
        quipu::Counter counter;
        std::uint64_t total = 0;
    };

    struct Counts {
        quipu::CounterMap map;
        std::map<std::string, Count, std::less<>> by_label;
    };

    struct Numbers {
        quipu::GaugeMap map;
        std::map<std::string, quipu::Gauge, std::less<>> by_label;
    };

    struct Words {
        quipu::Text text{};
        std::string value{};
        bool is_document = false;
        bool is_set = false;
    };

    // What a name was declared as, when it was first seen.
    using Mirror = std::variant<std::monostate, Count, quipu::Gauge, Counts, Numbers, Words>;

    Mirror declare(const Variable& variable);
    bool mirror(const Variable& variable, Mirror& as);
    void raise(Count& count, const std::string& name, std::uint64_t total);
    void leave_out(const std::string& name, std::string_view why);

    quipu::Emitter& emitter_;
    Complaints complaints_;
    std::map<std::string, Mirror, std::less<>> mirrors_;
    std::map<std::string, bool, std::less<>> told_;
};

}  // namespace relay
