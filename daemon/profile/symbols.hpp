// Names for the addresses of profiles. Blocks: to be called on the worker for it, one call at a time.
//
// What needs files is looked up in a child process, which is bounded and may crash; what was found is kept, so that the
// next profile of the same program costs next to nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/profile/child.hpp"
#include "daemon/profile/profile.hpp"
#include "daemon/profile/symbol_lookup.hpp"

namespace quipu {

struct SymbolLimits {
    ChildLimits child;
    std::size_t kept_addresses = 100'000;  // beyond: all is forgotten and begun anew
    std::size_t new_addresses = 50'000;    // looked up for one profile; beyond: they stay addresses
};

// Since the start; written by the worker, read by the loop.
struct SymbolCounts {
    std::atomic<std::uint64_t> named{0};        // addresses that got a name
    std::atomic<std::uint64_t> nameless{0};     // those that did not, for whatever reason
    std::atomic<std::uint64_t> from_memory{0};  // of both, what was known from before
    std::atomic<std::uint64_t> late{0};         // look-ups ended because they took too long
    std::atomic<std::uint64_t> failed{0};       // look-ups whose process failed
};

class Symbols {
public:
    explicit Symbols(std::vector<std::string> debug_dirs, SymbolLimits limits = {})
        : debug_dirs_(std::move(debug_dirs)), limits_(limits) {}

    Symbols(const Symbols&) = delete;
    Symbols& operator=(const Symbols&) = delete;

    // Gives functions to the locations that have none and lie in a mapping, where they can be found out. `pid`: of the
    // process, 0 where it is not known. What is missing is told in a comment of the profile.
    void add_names(ProfileData& profile, std::int32_t pid, const std::atomic<bool>& is_cancelled);

    [[nodiscard]] const SymbolCounts& counts() const { return counts_; }

private:
    using Lines = std::vector<SymbolLine>;

    struct Task;

    [[nodiscard]] static std::string key_of(const ProfileData& profile, const ProfileLocation& location);
    ChildEnd run(std::vector<Task>& tasks, std::int32_t pid, const std::atomic<bool>& is_cancelled);
    void keep(const ProfileData& profile, const Task& task);

    std::vector<std::string> debug_dirs_;
    SymbolLimits limits_;
    std::unordered_map<std::string, Lines> kept_;  // by build id and offset
    SymbolCounts counts_;
};

}  // namespace quipu
