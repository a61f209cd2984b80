// One declared family or series, as the mail daemon's threads make it and the courier reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/message.hpp"

namespace quipu {

struct FamilyPart {
    std::string name;
    wire::Kind kind = wire::Kind::counter;
    std::string help;
    std::string unit;
    std::string label_name;
    Merge merge = Merge::sum;
    std::vector<double> bounds;
    bool is_json = false;
};

struct SeriesPart {
    std::uint32_t index = 0;  // wire id - 1; the first one of a histogram
    std::string label;
    std::atomic<double> gauge{0};
    std::atomic<std::string*> mailbox{nullptr};  // the newest text that the courier has not fetched, owned
    // The courier's:
    double sent_gauge = 0;
    bool is_sent = false;
    std::string text;
    bool has_text = false;

    SeriesPart() = default;
    SeriesPart(const SeriesPart&) = delete;
    SeriesPart& operator=(const SeriesPart&) = delete;

    ~SeriesPart() { delete mailbox.load(); }
};

// Never moves, never goes; the courier follows `next`.
struct Definition {
    std::uint32_t family = 0;  // number of the (or its) family on the wire
    wire::Kind kind = wire::Kind::counter;
    std::variant<FamilyPart, SeriesPart> part;
    std::atomic<Definition*> next{nullptr};
};

}  // namespace quipu
