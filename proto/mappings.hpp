// Which file's code lies where in this process. From /proc/self/maps, which knows what was replaced on disk since, and
// the loaded images themselves, which know their build ids. Not for signal handlers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quipu {

struct LoadedCode {
    std::uint64_t start = 0;
    std::uint64_t limit = 0;  // first address behind it
    std::uint64_t file_offset = 0;
    std::string filename;  // as the kernel names it; empty: no file
    std::string build_id;  // hex; empty: none
};

class Mappings {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    // Looks again, where anything was loaded or unloaded since.
    void refresh();

    // Number of the code at an address, as things are now, or none.
    [[nodiscard]] std::uint32_t find(std::uint64_t address) const;

    // All that were ever seen by this object, up to limits::max_report_mappings; numbers stay.
    [[nodiscard]] const std::vector<LoadedCode>& all() const { return all_; }

private:
    std::uint32_t number_of(const LoadedCode& code);

    std::vector<LoadedCode> all_;
    std::vector<std::uint32_t> now_;  // numbers, by start
    std::uint64_t loads_ = 0;         // the loader's own counts, when last looked
    std::uint64_t unloads_ = 0;
};

}  // namespace quipu
