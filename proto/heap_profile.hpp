// Heap profiles, where the mail daemon's allocator takes samples: jemalloc (MALLOC_CONF=prof:true) and tcmalloc of
// gperftools (TCMALLOC_SAMPLE_PARAMETER). Neither is linked: their functions are looked for in the process.
#pragma once

#include <string>

namespace quipu {

enum class HeapTopic { in_use, allocated };  // "heap", "allocs"

// Whether the allocator takes samples; "allocs" also needs jemalloc's prof_accum:true, since tcmalloc forgets what is
// freed.
[[nodiscard]] bool can_profile_heap(HeapTopic topic);

// The profile, uncompressed, in the form of profile.proto; see PROTOCOL.md. false: `out` is why, one sentence.
[[nodiscard]] bool take_heap_profile(HeapTopic topic, std::string& out);

}  // namespace quipu
