#include "proto/stack_table.hpp"

namespace quipu {

void StackTable::add(std::string_view thread, const std::vector<Location>& frames, std::uint64_t count) {
    Entry entry;
    bool fits = number_thread(thread, entry.thread);
    entry.frames.resize(frames.size());
    for (std::size_t i = 0; fits && i < frames.size(); ++i) fits = number_location(frames[i], entry.frames[i]);
    if (fits) {
        const auto known = entries_.find(entry);
        if (known != entries_.end()) {
            known->second += count;
            return;
        }
        fits = entries_.size() < bounds_.stacks && frames_ + frames.size() <= bounds_.frames;
    }
    if (!fits) {
        others_ += count;
        return;
    }
    frames_ += frames.size();
    entries_.emplace(std::move(entry), count);
}

bool StackTable::number_thread(std::string_view name, std::uint32_t& out) {
    const auto known = thread_numbers_.find(name);
    if (known != thread_numbers_.end()) {
        out = known->second;
        return true;
    }
    if (threads_.size() >= bounds_.threads) return false;
    out = static_cast<std::uint32_t>(threads_.size());
    threads_.emplace_back(name);
    thread_numbers_.emplace(name, out);
    return true;
}

bool StackTable::number_location(const Location& location, std::uint32_t& out) {
    const auto known = location_numbers_.find(location);
    if (known != location_numbers_.end()) {
        out = known->second;
        return true;
    }
    if (locations_.size() >= bounds_.locations) return false;
    out = static_cast<std::uint32_t>(locations_.size());
    locations_.push_back(location);
    location_numbers_.emplace(location, out);
    return true;
}

}  // namespace quipu
