#include "proto/label_table.hpp"

#include <cstring>
#include <random>

namespace quipu {

namespace {

// Seeded once a process, so that clients cannot choose labels that collide.
std::uint64_t hash_seed() {
    static const std::uint64_t seed = [] {
        std::random_device device;
        return std::uint64_t{device()} << 32 | device();
    }();
    return seed;
}

std::uint64_t mix(std::uint64_t h) {
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15ULL;
    h ^= h >> 29;
    return h;
}

// Eight bytes at a time: labels are short, and this is on the path of every count by label.
std::uint64_t hash(std::string_view text) {
    std::uint64_t h = hash_seed() ^ text.size() * 0xd6e8feb86659fd93ULL;
    const char* p = text.data();
    std::size_t left = text.size();
    for (; left >= 8; left -= 8, p += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, p, 8);
        h = mix(h ^ word);
    }
    if (left > 0) {
        std::uint64_t word = 0;
        std::memcpy(&word, p, left);
        h = mix(h ^ word);
    }
    return mix(h);
}

constexpr std::size_t first_slots = 16;

}  // namespace

LabelTable::LabelTable(Outbox& outbox, std::uint32_t family, std::uint32_t max_labels)
    : outbox_(outbox), family_(family), max_labels_(max_labels) {
    slots_.store(all_slots_.emplace_back(std::make_unique<Slots>(first_slots)).get());
}

const LabelNode* LabelTable::find(std::string_view label) const noexcept {
    const std::uint64_t h = hash(label);
    const Slots& slots = *slots_.load(std::memory_order_acquire);
    const std::size_t mask = slots.entries.size() - 1;
    for (std::size_t i = h & mask;; i = (i + 1) & mask) {
        const LabelNode* node = slots.entries[i].load(std::memory_order_acquire);
        if (!node) return nullptr;  // the table is never full, see add()
        if (node->hash == h && node->label == label) return node;
    }
}

void LabelTable::place(Slots& slots, const LabelNode* node) {
    const std::size_t mask = slots.entries.size() - 1;
    std::size_t i = node->hash & mask;
    while (slots.entries[i].load(std::memory_order_relaxed)) i = (i + 1) & mask;
    slots.entries[i].store(node, std::memory_order_release);
}

const LabelNode& LabelTable::add(std::string_view label, std::uint32_t index) {
    auto owned = std::make_unique<LabelNode>();
    owned->hash = hash(label);
    owned->label = label;
    owned->index = index;
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
