#include "proto/heap_profile.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "proto/heap_text.hpp"
#include "proto/mappings.hpp"
#include "proto/pprof.hpp"

namespace quipu {

namespace {

constexpr std::size_t max_text_bytes = 256 * 1024 * 1024;
constexpr std::size_t max_stacks = 65536;

template <typename Function>
Function* find(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// --- jemalloc --------------------------------------------------------------------------------------------------------

using Mallctl = int(const char* name, void* old_value, std::size_t* old_size, void* new_value, std::size_t new_size);

Mallctl* jemalloc() {
    Mallctl* const plain = find<Mallctl>("mallctl");
    return plain != nullptr ? plain : find<Mallctl>("je_mallctl");
}

bool jemalloc_says(Mallctl* ctl, const char* name) {
    bool value = false;
    std::size_t size = sizeof value;
    return ctl(name, &value, &size, nullptr, 0) == 0 && value;
}

std::string read_all(int fd) {
    struct stat about {};

    if (fstat(fd, &about) != 0 || static_cast<std::size_t>(about.st_size) > max_text_bytes) return {};
    std::string text(static_cast<std::size_t>(about.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t n = pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
        if (n <= 0 && errno != EINTR) break;
        have += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    text.resize(have);
    return text;
}

// It writes into a file that it opens by name: one in memory has a name too.
std::string dump_jemalloc(Mallctl* ctl) {
    const int fd = memfd_create("quipu-heap", MFD_CLOEXEC);
    if (fd < 0) return {};
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const char* name = path.c_str();
    const bool is_written = ctl("prof.dump", nullptr, nullptr, &name, sizeof name) == 0;
    std::string text = is_written ? read_all(fd) : std::string();
    close(fd);
    return text;
}

// --- tcmalloc --------------------------------------------------------------------------------------------------------

using MallocExtensionInstance = void*();
using GetHeapSample = void(void* extension, std::string* out);

struct Tcmalloc {
    // static MallocExtension* MallocExtension::instance(), void MallocExtension::GetHeapSample(std::string*)
    MallocExtensionInstance* instance = find<MallocExtensionInstance>("_ZN15MallocExtension8instanceEv");
    GetHeapSample* sample =
        find<GetHeapSample>("_ZN15MallocExtension13GetHeapSampleEPNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
        );

    explicit operator bool() const { return instance != nullptr && sample != nullptr; }

    [[nodiscard]] std::string dump() const {
        std::string text;
        sample(instance(), &text);
        return text;
    }
};

// What tells where the allocator's code is.
const void* allocator_code() {
    if (Mallctl* const ctl = jemalloc()) return reinterpret_cast<const void*>(ctl);
    return reinterpret_cast<const void*>(Tcmalloc().instance);
}

// --- both ------------------------------------------------------------------------------------------------------------

class HeapProfileMaker {
public:
    explicit HeapProfileMaker(bool has_totals) : has_totals_(has_totals) {
        mappings_.refresh();
        allocator_ = file_of(reinterpret_cast<std::uint64_t>(allocator_code()));
        // Linked into the program, its code cannot be told from the rest.
        if (allocator_ == file_of(reinterpret_cast<std::uint64_t>(&take_heap_profile))) allocator_.clear();
    }

    std::string make(const HeapText& heap, const char* default_type) {
        if (has_totals_) profile_.sample_types = {{"alloc_objects", "count"}, {"alloc_space", "bytes"}};
        profile_.sample_types.push_back({"inuse_objects", "count"});
        profile_.sample_types.push_back({"inuse_space", "bytes"});
        profile_.default_sample_type = default_type;
        profile_.period_type = {"space", "bytes"};
        profile_.period = heap.period_bytes;
        profile_.begin_wall_ns = static_cast<std::uint64_t>(
            std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1)
        );
        for (const HeapStack& stack : heap.stacks) add(stack);
        return write_profile(profile_, mappings_.all());
    }

private:
    void add(const HeapStack& stack) {
        Profile::Sample sample;
        if (has_totals_) sample.values = {stack.objects_ever, stack.bytes_ever};
        sample.values.push_back(stack.objects_in_use);
        sample.values.push_back(stack.bytes_in_use);
        for (std::size_t i = frames_to_skip(stack); i < stack.addresses.size(); ++i) {
            sample.frames.push_back(location(stack.addresses[i] - 1));  // within the call
        }
        profile_.samples.push_back(std::move(sample));
    }

    // Frames inside the allocator, other than its entry, tell nobody anything.
    std::size_t frames_to_skip(const HeapStack& stack) const {
        if (allocator_.empty()) return 0;
        std::size_t inside = 0;
        while (inside < stack.addresses.size() && file_of(stack.addresses[inside] - 1) == allocator_) ++inside;
        return inside > 0 ? inside - 1 : 0;
    }

    std::uint32_t location(std::uint64_t address) {
        const auto next = static_cast<std::uint32_t>(profile_.locations.size());
        const auto [known, is_new] = locations_.emplace(address, next);
        if (is_new) profile_.locations.push_back({mappings_.find(address), address});
        return known->second;
    }

    [[nodiscard]] std::string file_of(std::uint64_t address) const {
        const std::uint32_t number = mappings_.find(address);
        return number == Mappings::none ? std::string() : mappings_.all()[number].filename;
    }

    bool has_totals_;
    Mappings mappings_;
    std::string allocator_;  // its file; empty: not a file of its own
    Profile profile_;
    std::unordered_map<std::uint64_t, std::uint32_t> locations_;  // by address
};

}  // namespace

bool can_profile_heap(HeapTopic topic) {
    if (Mallctl* const ctl = jemalloc()) {
        return jemalloc_says(ctl, "opt.prof") && (topic == HeapTopic::in_use || jemalloc_says(ctl, "opt.prof_accum"));
    }
    HeapText heap;
    const Tcmalloc tcmalloc;
    return topic == HeapTopic::in_use && tcmalloc && parse_heap_text(tcmalloc.dump(), 1, heap) && heap.period_bytes > 0;
}

bool take_heap_profile(HeapTopic topic, std::string& out) {
    Mallctl* const ctl = jemalloc();
    if (ctl != nullptr && !jemalloc_says(ctl, "prof.active")) {
        out = "jemalloc takes no samples now: prof.active is false";
        return false;
    }
    HeapText heap;
    if (!parse_heap_text(ctl != nullptr ? dump_jemalloc(ctl) : Tcmalloc().dump(), max_stacks, heap)) {
        out = "the allocator gave no heap profile";
        return false;
    }
    const bool has_totals = ctl != nullptr && jemalloc_says(ctl, "opt.prof_accum");
    out = HeapProfileMaker(has_totals).make(heap, topic == HeapTopic::allocated ? "alloc_space" : "inuse_space");
    return true;
}

}  // namespace quipu
