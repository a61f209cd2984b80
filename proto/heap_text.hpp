// What sampling allocators say of their heap, as text: jemalloc's dump ("heap_v2/524288", then stacks, each followed by
// lines by thread) and tcmalloc's sample ("heap profile: ... @ heap_v2/524288", then a line a stack). Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace quipu {

struct HeapStack {
    std::vector<std::uint64_t> addresses;  // where calls go on, innermost first
    // Estimated from the samples, as pprof's own tools do.
    std::int64_t objects_in_use = 0;
    std::int64_t bytes_in_use = 0;
    std::int64_t objects_ever = 0;  // allocated since the start, where the allocator keeps that
    std::int64_t bytes_ever = 0;
};

struct HeapText {
    std::uint64_t period_bytes = 0;  // bytes allocated between two samples, on average; 0: nothing was sampled
    std::vector<HeapStack> stacks;
};

// false: the text is of neither form. Stacks beyond max_stacks are left out.
[[nodiscard]] bool parse_heap_text(std::string_view text, std::size_t max_stacks, HeapText& out);

}  // namespace quipu
