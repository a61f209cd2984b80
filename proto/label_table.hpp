// The labels of one counter map: look-up without a lock, growth under one that only declaring threads take.
//
// Open addressing with linear probing over pointers to nodes that never move or go. A full table is replaced by one
// twice its size; the old one stays readable for those who still look into it. Capped: beyond, other().
//
// find() is on the path of every count by label, and most labels are short: a verb, a reply code. So a label's last
// sixteen bytes are taken as two words, which overlap where it is shorter. They are hashed by one multiplication, under
// secret seeds, and compared as words; only of a longer label more is looked at.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

class Outbox;

// A label's last sixteen bytes; together with its size they tell labels of up to sixteen bytes apart.
struct LabelWords {
    explicit LabelWords(std::string_view label) noexcept {
        const char* const begin = label.data();
        const std::size_t size = label.size();
        if (size >= 8) {
            first = load<std::uint64_t>(size > whole ? begin + size - whole : begin);
            last = load<std::uint64_t>(begin + size - 8);
        } else if (size >= 4) {
            first = load<std::uint32_t>(begin);
            last = load<std::uint32_t>(begin + size - 4);
        } else if (size > 0) {
            first = load<std::uint8_t>(begin) << 8 | load<std::uint8_t>(begin + size / 2);
            last = load<std::uint8_t>(begin + size - 1);
        }
    }

    bool operator==(const LabelWords&) const = default;

    // Labels up to this size are told apart by their words and size.
    static constexpr std::size_t whole = 16;

    template <typename Word>
    static std::uint64_t load(const char* p) noexcept {
        Word word = 0;
        std::memcpy(&word, p, sizeof word);
        return word;
    }

    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

struct LabelNode {
    LabelWords words;
    std::string label;
    std::uint64_t hash = 0;
    std::uint32_t index = 0;  // of its series (a histogram's first cell)
};

class LabelTable {
public:
    // family: number of its definition in the outbox.
    // emitter: serial number of its cells.
    LabelTable(Outbox& outbox, std::uint64_t emitter, std::uint32_t family, std::uint32_t max_labels);

    [[nodiscard]] Outbox& outbox() const { return outbox_; }

    [[nodiscard]] std::uint64_t emitter() const { return emitter_; }

    [[nodiscard]] std::uint32_t family() const { return family_; }

    // Lock-free. Null: not there.
    [[nodiscard]] const LabelNode* find(std::string_view label) const noexcept {
        if (label.size() > LabelWords::whole) return find_long(label);
        const LabelWords words(label);
        return probe(hash(seed_ ^ label.size(), words), [&](const LabelNode& node) {
            return node.words == words && node.label.size() == label.size();
        });
    }

    // No new label is taken any more.
    [[nodiscard]] bool is_full() const noexcept { return is_full_.load(std::memory_order_acquire); }

    void set_full() noexcept { is_full_.store(true, std::memory_order_release); }

    // Under the outbox's declaring lock: adds a label that find() does not know. The reference stays valid.
    const LabelNode& add(std::string_view label, std::uint32_t index);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }

    [[nodiscard]] std::uint32_t max_labels() const { return max_labels_; }

    // The node of "(other)", once there is one.
    [[nodiscard]] const LabelNode* other() const noexcept { return other_.load(std::memory_order_acquire); }

    void set_other(const LabelNode* node) noexcept { other_.store(node, std::memory_order_release); }

private:
    struct Slots {
        explicit Slots(std::size_t count) : entries(count), mask(count - 1) {}

        std::vector<std::atomic<const LabelNode*>> entries;  // a power of two of them
        std::size_t mask;
    };

    // Both halves of the product of two words: one multiplication mixes sixteen bytes.
    static std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    // `before`: what the size and all but the last words come to.
    [[nodiscard]] std::uint64_t hash(std::uint64_t before, const LabelWords& words) const noexcept {
        return mix(words.first ^ before, words.last ^ second_seed_);
    }

    template <typename IsIt>
    [[nodiscard]] const LabelNode* probe(std::uint64_t hash, IsIt is_it) const noexcept {
        const Slots& slots = *slots_.load(std::memory_order_acquire);
        for (std::size_t i = hash & slots.mask;; i = (i + 1) & slots.mask) {
            const LabelNode* node = slots.entries[i].load(std::memory_order_acquire);
            if (!node || is_it(*node)) return node;  // the table is never full, see add()
        }
    }

    [[nodiscard]] std::uint64_t hash(std::string_view label) const noexcept;
    [[nodiscard]] const LabelNode* find_long(std::string_view label) const noexcept;

    static void place(Slots& slots, const LabelNode* node);

    Outbox& outbox_;
    const std::uint64_t emitter_;
    std::uint32_t family_;
    std::uint32_t max_labels_;
    const std::uint64_t seed_;
    const std::uint64_t second_seed_;
    std::atomic<Slots*> slots_;
    std::vector<std::unique_ptr<Slots>> all_slots_;  // the present ones and those before
    std::vector<std::unique_ptr<LabelNode>> nodes_;
    std::atomic<bool> is_full_{false};
    std::atomic<const LabelNode*> other_{nullptr};
};

}  // namespace quipu
