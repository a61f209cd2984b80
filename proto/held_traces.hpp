// Traces that quipud asked to hold back (Sampling), kept here until it is known whether they matter: one that fails,
// or takes longer than quipud wants to miss, is sent whole after all. The courier's own; bounded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/message.hpp"

namespace quipu {

struct HeldEvent {
    wire::TraceEventKind kind = wire::TraceEventKind::event;
    std::uint64_t steady_ns = 0;
    std::uint64_t other = 0;
    std::uint32_t lost_before = 0;
    std::string text;
};

struct HeldTrace {
    std::uint64_t begin_ns = 0;
    std::uint64_t always_above_ns = 0;  // 0: no duration makes it matter
    std::vector<HeldEvent> events;
    std::uint32_t lost = 0;  // events refused for want of room since the last one taken
    std::size_t bytes = 0;
};

class HeldTraces {
public:
    // Of all held events together; beyond, further ones are lost and counted in the trace.
    static constexpr std::size_t max_bytes = 4 * 1024 * 1024;

    // What quipud said last replaces what it said before.
    void set_sampling(const std::vector<wire::Sampling>& sampling);

    // Whether a trace of this family that begins now is to be held back. The same trace gets the same answer.
    [[nodiscard]] const wire::Sampling* rule_for(std::string_view family, std::uint64_t trace) const;

    void hold(std::uint32_t slot, std::uint64_t begin_ns, std::uint64_t always_above_ns);
    void add(std::uint32_t slot, HeldEvent event);

    // Lets go of it. The events in their order; `lost` of the trace counts those after the last one.
    HeldTrace take(std::uint32_t slot);

    // Slots whose trace has by now lasted longer than quipud wants to miss.
    [[nodiscard]] std::vector<std::uint32_t> overdue(std::uint64_t steady_ns) const;

    [[nodiscard]] bool is_worth_sending(std::uint32_t slot, std::uint64_t end_ns) const;

    [[nodiscard]] std::size_t count() const { return held_.size(); }

    void clear();

private:
    std::map<std::string, wire::Sampling, std::less<>> rules_;  // the views in them are not used
    std::unordered_map<std::uint32_t, HeldTrace> held_;
    std::size_t bytes_ = 0;
};

}  // namespace quipu
