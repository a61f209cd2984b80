// DWARF expressions (DWARF 5, section 2.5), as far as frame information uses them: the linker's for procedure linkage
// tables, and the C library's for signal frames.
#include "proto/dwarf_cursor.hpp"
#include "proto/unwind_rules.hpp"

namespace quipu {

namespace {

constexpr unsigned max_operations = 256;

class Machine {
public:
    Machine(const Registers& registers, CheckedMemory& memory) : registers_(registers), memory_(memory) {}

    void push(std::uint64_t value) {
        if (size_ == stack_.size()) {
            is_ok_ = false;
        } else {
            stack_[size_++] = value;
        }
    }

    std::uint64_t pop() {
        if (size_ == 0) {
            is_ok_ = false;
            return 0;
        }
        return stack_[--size_];
    }

    [[nodiscard]] bool is_ok() const { return is_ok_; }

    void step(DwarfCursor& in) {
        const auto op = in.get<std::uint8_t>();
        if (op >= 0x30 && op <= 0x4f) return push(op - 0x30U);                      // lit0 to lit31
        if (op >= 0x70 && op <= 0x8f) return push_register(op - 0x70U, in.sleb());  // breg0 to breg31
        switch (op) {
            case 0x06: return dereference();
            case 0x08: return push(in.get<std::uint8_t>());
            default: return step_other(op, in);
        }
    }

private:
    void step_other(std::uint8_t op, DwarfCursor& in) {
        switch (op) {
            case 0x03: return push(in.get<std::uint64_t>());
            case 0x09: return push(static_cast<std::uint64_t>(std::int64_t{in.get<std::int8_t>()}));
            case 0x0a: return push(in.number(0x2));
            case 0x0b: return push(in.number(0xa));
            case 0x0c: return push(in.number(0x3));
            case 0x0d: return push(in.number(0xb));
            case 0x0e: return push(in.number(0x4));
            case 0x0f: return push(in.number(0xc));
            case 0x10: return push(in.uleb());
            case 0x11: return push(static_cast<std::uint64_t>(in.sleb()));
            case 0x12: return duplicate();
            case 0x13: pop(); return;
            case 0x23: return push(in.uleb() + pop());
            case 0x92: {
                const std::uint64_t reg = in.uleb();
                return push_register(reg, in.sleb());
            }
            case 0x96: return;
            default: return step_binary(op);
        }
    }

    void step_binary(std::uint8_t op) {
        const std::uint64_t b = pop();
        const std::uint64_t a = pop();
        const auto sa = static_cast<std::int64_t>(a);
        const auto sb = static_cast<std::int64_t>(b);
        switch (op) {
            case 0x1a: return push(a & b);
            case 0x1c: return push(a - b);
            case 0x1e: return push(a * b);
            case 0x21: return push(a | b);
            case 0x22: return push(a + b);
            case 0x24: return push(b < 64 ? a << b : 0);
            case 0x25: return push(b < 64 ? a >> b : 0);
            case 0x27: return push(a ^ b);
            case 0x29: return push(sa == sb);
            case 0x2a: return push(sa >= sb);
            case 0x2b: return push(sa > sb);
            case 0x2c: return push(sa <= sb);
            case 0x2d: return push(sa < sb);
            case 0x2e: return push(sa != sb);
            default: is_ok_ = false;
        }
    }

    void push_register(std::uint64_t reg, std::int64_t offset) {
        if (reg >= register_count) {
            is_ok_ = false;
            return;
        }
        push(registers_.values[reg] + static_cast<std::uint64_t>(offset));
    }

    void dereference() {
        std::uint64_t value = 0;
        is_ok_ = is_ok_ && memory_.read(pop(), value);
        push(value);
    }

    void duplicate() {
        const std::uint64_t value = pop();
        push(value);
        push(value);
    }

    const Registers& registers_;
    CheckedMemory& memory_;
    std::array<std::uint64_t, 16> stack_{};
    std::size_t size_ = 0;
    bool is_ok_ = true;
};

}  // namespace

bool evaluate(
    std::uint64_t expression,
    const Registers& registers,
    const std::uint64_t* pushed_first,
    CheckedMemory& memory,
    std::uint64_t& out
) noexcept {
    DwarfCursor length_of(memory, expression, expression + 10);
    const std::uint64_t length = length_of.uleb();
    if (!length_of.is_ok()) return false;
    DwarfCursor in(memory, length_of.at(), length_of.at() + length);
    Machine machine(registers, memory);
    if (pushed_first != nullptr) machine.push(*pushed_first);
    for (unsigned n = 0; n < max_operations && !in.is_at_end() && in.is_ok() && machine.is_ok(); ++n) machine.step(in);
    out = machine.pop();
    return machine.is_ok() && in.is_ok() && in.is_at_end();
}

}  // namespace quipu
