// How to get from a code address to its caller: the call frame information that compilers put into .eh_frame (DWARF 5,
// section 6.4, and the Linux Standard Base's chapter on exception frames), looked up and interpreted. Async-signal-safe
// and without locks: objects are found by _dl_find_object (glibc 2.35), which works while others call dlopen and
// dlclose, and everything is read through CheckedMemory, since a stack may be damaged.
//
// Not libgcc's _Unwind_Backtrace: it takes a lock where a JIT has registered frames, and trusts every address it finds.
#pragma once

#include <array>
#include <cstdint>

#include "proto/checked_memory.hpp"

namespace quipu {

// DWARF register numbers of this machine.
#if defined(__x86_64__)
inline constexpr std::uint32_t frame_register = 6;   // rbp
inline constexpr std::uint32_t stack_register = 7;   // rsp
inline constexpr std::uint32_t register_count = 17;  // with 16, the return address
#elif defined(__aarch64__)
inline constexpr std::uint32_t frame_register = 29;
inline constexpr std::uint32_t stack_register = 31;
inline constexpr std::uint32_t register_count = 32;
#else
inline constexpr std::uint32_t frame_register = 0;
inline constexpr std::uint32_t stack_register = 1;
inline constexpr std::uint32_t register_count = 2;
#endif

struct Registers {
    std::uint64_t pc = 0;
    std::array<std::uint64_t, register_count> values{};
};

// Where a register of the caller is.
struct RegisterRule {
    enum class Kind : std::uint8_t {
        unchanged,
        undefined,
        at_offset,      // in memory, at the frame's address + number
        is_offset,      // the frame's address + number
        in_register,    // number
        at_expression,  // in memory, at what the expression tells
        is_expression,
    };
    Kind kind = Kind::unchanged;
    std::int64_t number = 0;
    std::uint64_t expression = 0;  // its address: a length, then the operations
};

struct FrameRules {
    // The frame's address: a register and an offset, or an expression.
    std::uint32_t cfa_register = 0;
    std::int64_t cfa_offset = 0;
    std::uint64_t cfa_expression = 0;  // 0: by register
    std::array<RegisterRule, register_count> registers{};
    std::uint32_t return_register = 0;
    bool is_signal_frame = false;
};

enum class Lookup : std::uint8_t {
    found,
    no_object,  // the address lies in nothing that the loader knows
    no_rules,   // in code without frame information, or with one that we cannot read
};

// The rules that hold just before the instruction at pc.
[[nodiscard]] Lookup find_rules(std::uint64_t pc, CheckedMemory& memory, FrameRules& out) noexcept;

// The value of a DWARF expression. false: it is broken, or uses operations that frame information never does.
[[nodiscard]] bool evaluate(
    std::uint64_t expression,
    const Registers& registers,
    const std::uint64_t* pushed_first,  // null: nothing
    CheckedMemory& memory,
    std::uint64_t& out
) noexcept;

// Whether the loader knows an object at the address.
[[nodiscard]] bool is_in_object(std::uint64_t address) noexcept;

// Whether this build can unwind at all: x86-64 and AArch64 with glibc 2.35 or later.
[[nodiscard]] bool can_unwind() noexcept;

}  // namespace quipu
