#include "proto/task_slots.hpp"

namespace quipu {

namespace {

// One writer a slot at a time: the version tells readers to look again.
template <typename Change>
void change(TaskSlot& slot, Change body) {
    const std::uint64_t version = slot.version.load(std::memory_order_relaxed);
    slot.version.store(version + 1, std::memory_order_release);
    body(slot);
    slot.version.store(version + 2, std::memory_order_release);
}

}  // namespace

[[gnu::hot]] std::uint32_t TaskSlots::begin(std::string_view group, std::string_view name) noexcept {
    const std::uint32_t index = slots_.take();
    if (index == none) {
        untracked_.fetch_add(1, std::memory_order_relaxed);
        return none;
    }
    const std::uint64_t id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::uint64_t now = clock_.now();
    change(slots_[index], [&](TaskSlot& slot) {
        slot.id.store(id, std::memory_order_release);
        slot.begun_ns.store(now, std::memory_order_release);
        slot.since_ns.store(now, std::memory_order_release);
        slot.group.store(group.empty() ? "task" : group);
        slot.name.store(name);
        slot.waits_for.store({});
        slot.details.store({});
    });
    return index;
}

[[gnu::hot]] void TaskSlots::wait(std::uint32_t index, std::string_view what, std::string_view details) noexcept {
    if (index == none) return;
    const std::uint64_t now = clock_.now();
    change(slots_[index], [&](TaskSlot& slot) {
        slot.since_ns.store(now, std::memory_order_release);
        slot.waits_for.store(what);
        slot.details.store(details);
    });
}

[[gnu::hot]] void TaskSlots::run(std::uint32_t index) noexcept {
    if (index == none) return;
    const std::uint64_t now = clock_.now();
    change(slots_[index], [now](TaskSlot& slot) {
        slot.since_ns.store(now, std::memory_order_release);
        slot.waits_for.store({});
    });
}

[[gnu::hot]] void TaskSlots::end(std::uint32_t index) noexcept {
    if (index == none) {
        untracked_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    change(slots_[index], [](TaskSlot& slot) { slot.id.store(0, std::memory_order_release); });
    slots_.give_back(index);
}

bool TaskSlots::copy(const TaskSlot& slot, TaskView& out) {
    constexpr int max_tries = 100;
    for (int i = 0; i < max_tries; ++i) {
        const std::uint64_t before = slot.version.load(std::memory_order_acquire);
        if (before % 2 != 0) continue;
        out.id = slot.id.load(std::memory_order_acquire);
        if (out.id == 0) return false;
        out.begun_wall_ns = slot.begun_ns.load(std::memory_order_acquire);
        out.since_wall_ns = slot.since_ns.load(std::memory_order_acquire);
        out.group = slot.group.load();
        out.name = slot.name.load();
        out.waits_for = slot.waits_for.load();
        out.details = slot.details.load();
        if (slot.version.load(std::memory_order_acquire) == before) return true;
    }
    return false;
}

}  // namespace quipu
