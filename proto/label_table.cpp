#include "proto/label_table.hpp"

#include <random>

namespace quipu {

namespace {

// Made once a process, so that clients cannot choose labels that collide.
struct Seed {
    std::uint64_t first;
    std::uint64_t second;
};

Seed hash_seed() {
    static const Seed seed = [] {
        std::random_device device;
        const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
        return Seed{word(), word()};
    }();
    return seed;
}

constexpr std::size_t first_slots = 16;

}  // namespace

LabelTable::LabelTable(Outbox& outbox, std::uint64_t emitter, std::uint32_t family, std::uint32_t max_labels)
    : outbox_(outbox),
      emitter_(emitter),
      family_(family),
      max_labels_(max_labels),
      seed_(hash_seed().first),
      second_seed_(hash_seed().second) {
    slots_.store(all_slots_.emplace_back(std::make_unique<Slots>(first_slots)).get());
}

std::uint64_t LabelTable::hash(std::string_view label) const noexcept {
    std::uint64_t h = seed_ ^ label.size();
    // What lies before the last sixteen bytes.
    for (std::size_t at = 0; at + LabelWords::whole < label.size(); at += LabelWords::whole) {
        const LabelWords words(label.substr(at, LabelWords::whole));
        h = hash(h, words);
    }
    return hash(h, LabelWords(label));
}

const LabelNode* LabelTable::find_long(std::string_view label) const noexcept {
    const std::uint64_t h = hash(label);
    return probe(h, [&](const LabelNode& node) { return node.hash == h && node.label == label; });
}

void LabelTable::place(Slots& slots, const LabelNode* node) {
    std::size_t i = node->hash & slots.mask;
    while (slots.entries[i].load(std::memory_order_relaxed)) i = (i + 1) & slots.mask;
    slots.entries[i].store(node, std::memory_order_release);
}

const LabelNode& LabelTable::add(std::string_view label, std::uint32_t index) {
    auto owned = std::make_unique<LabelNode>(LabelNode{LabelWords(label), std::string(label), hash(label), index});
    const LabelNode& node = *nodes_.emplace_back(std::move(owned));
    Slots* slots = slots_.load(std::memory_order_relaxed);
    if (nodes_.size() * 2 > slots->entries.size()) {
        auto larger = std::make_unique<Slots>(slots->entries.size() * 2);
        for (const auto& each : nodes_) place(*larger, each.get());
        slots_.store(all_slots_.emplace_back(std::move(larger)).get(), std::memory_order_release);
    } else {
        place(*slots, &node);
    }
    return node;
}

}  // namespace quipu
