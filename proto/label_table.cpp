#include "proto/label_table.hpp"

#include <cstring>
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

// Both halves of the product of two words: one multiplication mixes sixteen bytes.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <typename Word>
std::uint64_t load(const char* p) {
    Word word = 0;
    std::memcpy(&word, p, sizeof word);
    return word;
}

constexpr std::size_t first_slots = 16;

}  // namespace

LabelTable::LabelTable(Outbox& outbox, std::uint32_t family, std::uint32_t max_labels)
    : outbox_(outbox),
      family_(family),
      max_labels_(max_labels),
      seed_(hash_seed().first),
      second_seed_(hash_seed().second) {
    slots_.store(all_slots_.emplace_back(std::make_unique<Slots>(first_slots)).get());
}

// On the path of every count by label, so: whole words, of which the last two may overlap, and no loop for short
// labels.
std::uint64_t LabelTable::hash(std::string_view text) const noexcept {
    const char* p = text.data();
    std::size_t left = text.size();
    std::uint64_t h = seed_ ^ left;
    for (; left > 16; left -= 16, p += 16)
        h = mix(load<std::uint64_t>(p) ^ h, load<std::uint64_t>(p + 8) ^ second_seed_);
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (left >= 8) {
        a = load<std::uint64_t>(p);
        b = load<std::uint64_t>(p + left - 8);
    } else if (left >= 4) {
        a = load<std::uint32_t>(p);
        b = load<std::uint32_t>(p + left - 4);
    } else {
        for (; left > 0; --left, ++p) a = a << 8 | static_cast<unsigned char>(*p);
    }
    return mix(mix(a ^ h, b ^ second_seed_), seed_ ^ second_seed_);
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
