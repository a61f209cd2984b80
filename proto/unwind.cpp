#include "proto/unwind.hpp"

#include <ucontext.h>

#include "proto/unwind_rules.hpp"

namespace quipu {

namespace {

using Kind = RegisterRule::Kind;

#if defined(__x86_64__)

Registers registers_of(const void* context) {
    const auto& regs = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
    constexpr int in_dwarf_order[16] = {
        REG_RAX,
        REG_RDX,
        REG_RCX,
        REG_RBX,
        REG_RSI,
        REG_RDI,
        REG_RBP,
        REG_RSP,
        REG_R8,
        REG_R9,
        REG_R10,
        REG_R11,
        REG_R12,
        REG_R13,
        REG_R14,
        REG_R15};
    Registers out;
    for (std::size_t i = 0; i < 16; ++i) out.values[i] = static_cast<std::uint64_t>(regs[in_dwarf_order[i]]);
    out.pc = static_cast<std::uint64_t>(regs[REG_RIP]);
    out.values[16] = out.pc;  // expressions of procedure linkage tables ask for it
    return out;
}

std::uint64_t plain_address(std::uint64_t address) {
    return address;
}

#elif defined(__aarch64__)

Registers registers_of(const void* context) {
    const auto& from = static_cast<const ucontext_t*>(context)->uc_mcontext;
    Registers out;
    for (std::size_t i = 0; i < 31; ++i) out.values[i] = from.regs[i];
    out.values[stack_register] = from.sp;
    out.pc = from.pc;
    return out;
}

// Without the signature that pointer authentication puts into the upper bits.
std::uint64_t plain_address(std::uint64_t address) {
    return address & ((std::uint64_t{1} << 48) - 1);
}

#else

Registers registers_of(const void* /*context*/) {
    return {};
}

std::uint64_t plain_address(std::uint64_t address) {
    return address;
}

#endif

bool apply_rule(
    const RegisterRule& rule,
    std::uint32_t reg,
    std::uint64_t cfa,
    const Registers& from,
    CheckedMemory& memory,
    std::uint64_t& out
) {
    const std::uint64_t by_offset = cfa + static_cast<std::uint64_t>(rule.number);
    std::uint64_t value = 0;
    switch (rule.kind) {
        case Kind::unchanged: out = from.values[reg]; return true;
        case Kind::undefined: out = 0; return true;
        case Kind::at_offset: return memory.read(by_offset, out);
        case Kind::is_offset: out = by_offset; return true;
        case Kind::in_register:
            if (static_cast<std::uint64_t>(rule.number) >= register_count) return false;
            out = from.values[static_cast<std::size_t>(rule.number)];
            return true;
        case Kind::at_expression:
            return evaluate(rule.expression, from, &cfa, memory, value) && memory.read(value, out);
        case Kind::is_expression: return evaluate(rule.expression, from, &cfa, memory, out);
    }
    return false;
}

// One frame outwards, by the rules. false: this is the outermost frame, or something is wrong.
bool step(const FrameRules& rules, CheckedMemory& memory, Registers& registers) {
    std::uint64_t cfa = 0;
    if (rules.cfa_expression != 0) {
        if (!evaluate(rules.cfa_expression, registers, nullptr, memory, cfa)) return false;
    } else {
        if (rules.cfa_register >= register_count) return false;
        cfa = registers.values[rules.cfa_register] + static_cast<std::uint64_t>(rules.cfa_offset);
    }
    if (rules.return_register >= register_count) return false;
    const RegisterRule& returns = rules.registers[rules.return_register];
    if (returns.kind == Kind::undefined) return false;

    Registers caller;
    for (std::uint32_t reg = 0; reg < register_count; ++reg) {
        if (!apply_rule(rules.registers[reg], reg, cfa, registers, memory, caller.values[reg])) return false;
    }
    if (rules.registers[stack_register].kind == Kind::unchanged) caller.values[stack_register] = cfa;
    caller.pc = plain_address(caller.values[rules.return_register]);
    // Stacks grow downwards. A signal may have switched to a stack of its own.
    const std::uint64_t now = registers.values[stack_register], then = caller.values[stack_register];
    const bool makes_progress = then > now || (then == now && caller.pc != registers.pc);
    if (!rules.is_signal_frame && !makes_progress) return false;
    registers = caller;
    return true;
}

// For code without rules, such as hand-written assembly: if there is a frame pointer, it points at the caller's,
// with the return address behind it. A register that holds something else hardly passes these checks.
bool step_by_frame_pointer(CheckedMemory& memory, Registers& registers) {
    const std::uint64_t frame = registers.values[frame_register];
    if (frame < registers.values[stack_register] || frame % 8 != 0) return false;
    std::uint64_t outer = 0, address = 0;
    if (!memory.read(frame, outer) || !memory.read(frame + 8, address)) return false;
    registers.values[frame_register] = outer;
    registers.values[stack_register] = frame + 16;
    registers.pc = plain_address(address);
    return is_in_object(registers.pc);
}

}  // namespace

void unwind(const void* context, Stack& out) noexcept {
    out.depth = 0;
    out.is_cut = false;
    if (!can_unwind()) return;
    CheckedMemory memory;
    FrameRules rules;
    Registers registers = registers_of(context);
    out.addresses[out.depth++] = registers.pc;
    bool was_interrupted = true;  // pc is where it goes on, not behind a call
    while (true) {
        const std::uint64_t pc = registers.pc - (was_interrupted ? 0 : 1);
        const bool is_found = find_rules(pc, memory, rules) == Lookup::found;
        const bool has_caller = is_found ? step(rules, memory, registers) : step_by_frame_pointer(memory, registers);
        if (!has_caller || registers.pc == 0) return;
        was_interrupted = is_found && rules.is_signal_frame;
        const std::uint64_t address = registers.pc - (was_interrupted ? 0 : 1);
        if (!is_in_object(address)) return;
        if (out.depth == out.addresses.size()) {
            out.is_cut = true;
            return;
        }
        out.addresses[out.depth++] = address;
    }
}

}  // namespace quipu
