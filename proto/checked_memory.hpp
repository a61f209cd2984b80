// Reads memory that may not be there. Async-signal-safe: the kernel is asked whether a page can be read, by a system
// call that every sandbox allows and that changes nothing (rt_sigprocmask with a `how` that does not exist copies the
// set in before it refuses: EFAULT tells of an unreadable address, EINVAL of a readable one). What was asked is
// remembered for the life of the object: make a new one for each stack.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#if defined(__clang__) || defined(__GNUC__)
// Stacks are read across the sanitizers' red zones.
#define QUIPU_RAW_READ __attribute__((no_sanitize("address", "thread", "undefined"), noinline))
#endif

namespace quipu {

class CheckedMemory {
public:
    // false: there is nothing at the address.
    template <typename T>
    [[nodiscard]] bool read(std::uint64_t address, T& out) {
        if (address + sizeof(T) < address) return false;
        if (!is_readable(address) || !is_readable(address + sizeof(T) - 1)) return false;
        out = raw<T>(address);
        return true;
    }

private:
    template <typename T>
    struct [[gnu::packed, gnu::may_alias]] Unaligned {
        T value;
    };

    template <typename T>
    QUIPU_RAW_READ static T raw(std::uint64_t address) {
        return reinterpret_cast<const volatile Unaligned<T>*>(address)->value;  // NOLINT(performance-no-int-to-ptr)
    }

    // The unit of asking; real pages are this large or a multiple of it.
    static constexpr std::uint64_t page_bytes = 4096;
    static constexpr std::size_t slots = 64;

    bool is_readable(std::uint64_t address) {
        const std::uint64_t page = address / page_bytes;
        if (page == 0) return false;
        std::uint64_t& known = known_[page % slots];
        if (known == page) return true;
        constexpr int no_such_how = -1;
        constexpr std::size_t kernel_set_bytes = 8;
        const std::uint64_t begin = page * page_bytes;
        const long failed = syscall(SYS_rt_sigprocmask, no_such_how, begin, nullptr, kernel_set_bytes);
        if (failed != -1 || errno != EINVAL) return false;
        known = page;
        return true;
    }

    std::array<std::uint64_t, slots> known_{};
};

}  // namespace quipu
