// The labels of one counter map: look-up without a lock, growth under one that only declaring threads take.
//
// Open addressing with linear probing over pointers to nodes that never move or go. A full table is replaced by one
// twice its size; the old one stays readable for those who still look into it. Capped: beyond, other().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

class Outbox;

struct LabelNode {
    std::uint64_t hash = 0;
    std::string label;
    std::uint32_t index = 0;  // of its series (a histogram's first cell)
};

class LabelTable {
public:
    // family: number of its definition in the outbox.
    LabelTable(Outbox& outbox, std::uint32_t family, std::uint32_t max_labels);

    [[nodiscard]] Outbox& outbox() const { return outbox_; }

    [[nodiscard]] std::uint32_t family() const { return family_; }

    // Lock-free. Null: not there.
    [[nodiscard]] const LabelNode* find(std::string_view label) const noexcept;

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
        explicit Slots(std::size_t count) : entries(count) {}

        std::vector<std::atomic<const LabelNode*>> entries;  // a power of two of them
    };

    static void place(Slots& slots, const LabelNode* node);
    [[nodiscard]] std::uint64_t hash(std::string_view text) const noexcept;

    Outbox& outbox_;
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
