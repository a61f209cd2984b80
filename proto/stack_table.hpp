// Samples added up: how often each thread was seen in each stack. Pure; bounded: what does not fit any more is counted
// under "(other stacks)".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quipu {

class StackTable {
public:
    static constexpr std::uint32_t no_mapping = 0xffffffff;

    struct Location {
        std::uint32_t mapping = no_mapping;
        std::uint64_t address = 0;
        bool operator==(const Location&) const = default;
    };

    struct Bounds {
        std::size_t stacks = 65536;
        std::size_t locations = 262144;
        std::size_t frames = 2'000'000;  // of all stacks together
        std::size_t threads = 4096;      // names
    };

    StackTable() = default;

    explicit StackTable(const Bounds& bounds) : bounds_(bounds) {}

    // frames: innermost first.
    void add(std::string_view thread, const std::vector<Location>& frames, std::uint64_t count);

    struct Entry {
        std::uint32_t thread = 0;             // index of threads()
        std::vector<std::uint32_t> frames{};  // indexes of locations()
        auto operator<=>(const Entry&) const = default;
    };

    [[nodiscard]] const std::map<Entry, std::uint64_t>& entries() const { return entries_; }

    [[nodiscard]] const std::vector<Location>& locations() const { return locations_; }

    [[nodiscard]] const std::vector<std::string>& threads() const { return threads_; }

    // What found no room.
    [[nodiscard]] std::uint64_t others() const { return others_; }

private:
    struct Hash {
        std::size_t operator()(const Location& location) const {
            return std::hash<std::uint64_t>()(location.address * 31 + location.mapping);
        }
    };

    bool number_thread(std::string_view name, std::uint32_t& out);
    bool number_location(const Location& location, std::uint32_t& out);

    Bounds bounds_;
    std::map<Entry, std::uint64_t> entries_;
    std::vector<Location> locations_;
    std::unordered_map<Location, std::uint32_t, Hash> location_numbers_;
    std::vector<std::string> threads_;
    std::map<std::string, std::uint32_t, std::less<>> thread_numbers_;
    std::size_t frames_ = 0;
    std::uint64_t others_ = 0;
};

}  // namespace quipu
