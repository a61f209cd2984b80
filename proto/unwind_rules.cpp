#include "proto/unwind_rules.hpp"

#include <dlfcn.h>

#include "proto/dwarf_cursor.hpp"

namespace quipu {

namespace {

using Kind = RegisterRule::Kind;

// What a frame description shares with others of its kind (CIE) and has alone (FDE).
struct Description {
    std::uint64_t code_factor = 1;
    std::int64_t data_factor = 1;
    std::uint8_t pointer_encoding = 0;
    bool has_augmentation = false;
    bool is_signal_frame = false;
    std::uint32_t return_register = 0;
    std::uint64_t shared_begin = 0, shared_end = 0;  // its instructions
    std::uint64_t pc_begin = 0, pc_end = 0;
    std::uint64_t own_begin = 0, own_end = 0;
};

// An entry of .eh_frame: where it begins behind its length, and ends.
bool enter(CheckedMemory& memory, std::uint64_t entry, std::uint64_t& begin, std::uint64_t& end) {
    constexpr std::uint32_t is_longer = 0xffffffff;
    std::uint32_t short_length = 0;
    if (!memory.read(entry, short_length) || short_length == 0) return false;
    std::uint64_t length = short_length;
    begin = entry + sizeof short_length;
    if (short_length == is_longer) {
        if (!memory.read(begin, length)) return false;
        begin += sizeof length;
    }
    end = begin + length;
    return end > begin;
}

bool read_shared(CheckedMemory& memory, std::uint64_t entry, Description& out) {
    std::uint64_t begin = 0, end = 0;
    if (!enter(memory, entry, begin, end)) return false;
    DwarfCursor in(memory, begin, end);
    if (in.get<std::uint32_t>() != 0) return false;  // not a CIE
    const auto version = in.get<std::uint8_t>();
    if (version != 1 && version != 3) return false;
    std::array<char, 8> augmentation{};
    std::size_t length = 0;
    for (char c = in.get<char>(); c != 0; c = in.get<char>()) {
        if (length == augmentation.size()) return false;
        augmentation[length++] = c;
    }
    out.code_factor = in.uleb();
    out.data_factor = in.sleb();
    out.return_register = static_cast<std::uint32_t>(version == 1 ? in.get<std::uint8_t>() : in.uleb());
    out.has_augmentation = length > 0 && augmentation[0] == 'z';
    if (length > 0 && !out.has_augmentation) return false;
    const std::uint64_t augmentation_bytes = out.has_augmentation ? in.uleb() : 0;
    out.shared_begin = in.at() + augmentation_bytes;
    out.shared_end = end;
    for (std::size_t i = 1; i < length; ++i) {
        switch (augmentation[i]) {
            case 'R': out.pointer_encoding = in.get<std::uint8_t>(); break;
            case 'P': in.number(in.get<std::uint8_t>() & 0x0fU); break;
            case 'L': in.get<std::uint8_t>(); break;
            case 'S': out.is_signal_frame = true; break;
            case 'B': break;  // signs return addresses with the other key
            default: return false;
        }
    }
    return in.is_ok() && out.shared_begin <= end;
}

bool read_description(CheckedMemory& memory, std::uint64_t entry, Description& out) {
    std::uint64_t begin = 0, end = 0;
    if (!enter(memory, entry, begin, end)) return false;
    DwarfCursor in(memory, begin, end);
    const auto back = in.get<std::uint32_t>();
    if (!in.is_ok() || back == 0 || !read_shared(memory, begin - back, out)) return false;
    out.pc_begin = in.pointer(out.pointer_encoding);
    out.pc_end = out.pc_begin + in.number(out.pointer_encoding & 0x0fU);
    if (out.has_augmentation) in.skip(in.uleb());
    out.own_begin = in.at();
    out.own_end = end;
    return in.is_ok();
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE

bool find_object(std::uint64_t pc, dl_find_object& out) {
    return _dl_find_object(reinterpret_cast<void*>(pc), &out) == 0;  // NOLINT(performance-no-int-to-ptr)
}

// The linker's sorted table, .eh_frame_hdr: pairs of 4-byte distances from its begin, (code, description).
std::uint64_t find_description(
    std::uint64_t pc, std::uint64_t header, std::uint64_t object_end, CheckedMemory& memory
) {
    constexpr std::uint8_t omitted = 0xff;
    constexpr std::uint8_t distances_of_4_bytes = 0x3b;
    constexpr std::uint64_t pair_bytes = 8;
    DwarfCursor in(memory, header, object_end);
    const auto version = in.get<std::uint8_t>();
    const auto frame_encoding = in.get<std::uint8_t>();
    const auto count_encoding = in.get<std::uint8_t>();
    const auto table_encoding = in.get<std::uint8_t>();
    if (version != 1 || count_encoding == omitted || table_encoding != distances_of_4_bytes) return 0;
    in.number(frame_encoding & 0x0fU);
    const std::uint64_t count = in.number(count_encoding & 0x0fU);
    const std::uint64_t table = in.at();
    if (!in.is_ok() || count == 0 || count > (object_end - table) / pair_bytes) return 0;

    const auto code_of = [&](std::uint64_t index) {
        std::int32_t distance = 0;
        const bool is_there = memory.read(table + index * pair_bytes, distance);
        return is_there ? header + static_cast<std::uint64_t>(std::int64_t{distance}) : ~std::uint64_t{0};
    };
    std::uint64_t low = 0, high = count;  // the last entry that does not begin behind pc
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (code_of(middle) <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    std::int32_t distance = 0;
    if (low == 0 || !memory.read(table + (low - 1) * pair_bytes + sizeof distance, distance)) return 0;
    return header + static_cast<std::uint64_t>(std::int64_t{distance});
}

#endif

// Executes the instructions of a description up to pc.
class Interpreter {
public:
    Interpreter(CheckedMemory& memory, const Description& description, std::uint64_t pc, FrameRules& rules)
        : memory_(memory), description_(description), pc_(pc), at_pc_(description.pc_begin), rules_(rules) {}

    bool run() {
        if (!run(description_.shared_begin, description_.shared_end)) return false;
        initial_ = rules_;
        return run(description_.own_begin, description_.own_end);
    }

private:
    bool run(std::uint64_t begin, std::uint64_t end) {
        DwarfCursor in(memory_, begin, end);
        while (in.is_ok() && !in.is_at_end() && at_pc_ <= pc_) step(in);
        return in.is_ok();
    }

    void step(DwarfCursor& in) {
        const auto op = in.get<std::uint8_t>();
        const std::uint32_t low = op & 0x3fU;
        switch (op & 0xc0U) {
            case 0x40: advance(low); return;
            case 0x80: set(low, Kind::at_offset, factored(in.uleb())); return;
            case 0xc0: restore(low); return;
            default: step_of(op, in);
        }
    }

    void step_of(std::uint8_t op, DwarfCursor& in) {
        switch (op) {
            case 0x00: return;
            case 0x01: at_pc_ = in.pointer(description_.pointer_encoding); return;
            case 0x02: return advance(in.get<std::uint8_t>());
            case 0x03: return advance(in.get<std::uint16_t>());
            case 0x04: return advance(in.get<std::uint32_t>());
            case 0x06: return restore(in.uleb());
            case 0x07: return set(in.uleb(), Kind::undefined, 0);
            case 0x08: return set(in.uleb(), Kind::unchanged, 0);
            case 0x0a: return remember(in);
            case 0x0b: return recall(in);
            case 0x0d: return cfa(in.uleb(), rules_.cfa_offset);
            case 0x0e: return cfa(rules_.cfa_register, static_cast<std::int64_t>(in.uleb()));
            case 0x0f: return cfa_expression(in);
            case 0x13: return cfa_factored(rules_.cfa_register, in.sleb());
            case 0x2d: return;  // AArch64: return addresses are signed from here; the marks are stripped anyway
            case 0x2e: in.uleb(); return;  // bytes of arguments on the stack
            default: step_register(op, in);
        }
    }

    // Those that begin with a register.
    void step_register(std::uint8_t op, DwarfCursor& in) {
        const std::uint64_t reg = in.uleb();
        switch (op) {
            case 0x0c: return cfa(reg, static_cast<std::int64_t>(in.uleb()));
            case 0x12: return cfa_factored(reg, in.sleb());
            case 0x05: return set(reg, Kind::at_offset, factored(in.uleb()));
            case 0x09: return set(reg, Kind::in_register, static_cast<std::int64_t>(in.uleb()));
            case 0x10: return set_expression(reg, Kind::at_expression, in);
            case 0x11: return set(reg, Kind::at_offset, in.sleb() * description_.data_factor);
            case 0x14: return set(reg, Kind::is_offset, factored(in.uleb()));
            case 0x15: return set(reg, Kind::is_offset, in.sleb() * description_.data_factor);
            case 0x16: return set_expression(reg, Kind::is_expression, in);
            case 0x2f: return set(reg, Kind::at_offset, -factored(in.uleb()));
            default: in.fail();
        }
    }

    [[nodiscard]] std::int64_t factored(std::uint64_t n) const {
        return static_cast<std::int64_t>(n) * description_.data_factor;
    }

    void advance(std::uint64_t n) { at_pc_ += n * description_.code_factor; }

    // Registers that we do not follow, such as vector registers, are nobody's frame.
    void set(std::uint64_t reg, Kind kind, std::int64_t number) {
        if (reg < register_count) rules_.registers[reg] = {kind, number, 0};
    }

    void set_expression(std::uint64_t reg, Kind kind, DwarfCursor& in) {
        if (reg < register_count) rules_.registers[reg] = {kind, 0, in.at()};
        in.skip(in.uleb());
    }

    void restore(std::uint64_t reg) {
        if (reg < register_count) rules_.registers[reg] = initial_.registers[reg];
    }

    void cfa(std::uint64_t reg, std::int64_t offset) {
        rules_.cfa_register = static_cast<std::uint32_t>(reg);
        rules_.cfa_offset = offset;
        rules_.cfa_expression = 0;
    }

    void cfa_factored(std::uint64_t reg, std::int64_t offset) { cfa(reg, offset * description_.data_factor); }

    void cfa_expression(DwarfCursor& in) {
        rules_.cfa_expression = in.at();
        in.skip(in.uleb());
    }

    void remember(DwarfCursor& in) {
        if (remembered_ == stack_.size()) return in.fail();
        stack_[remembered_++] = rules_;
    }

    void recall(DwarfCursor& in) {
        if (remembered_ == 0) return in.fail();
        rules_ = stack_[--remembered_];
    }

    CheckedMemory& memory_;
    const Description& description_;
    std::uint64_t pc_;
    std::uint64_t at_pc_;
    FrameRules& rules_;
    FrameRules initial_;
    std::array<FrameRules, 4> stack_;  // compilers nest by one
    std::size_t remembered_ = 0;
};

}  // namespace

#ifdef DLFO_STRUCT_HAS_EH_DBASE

bool can_unwind() noexcept {
#if defined(__x86_64__) || defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

bool is_in_object(std::uint64_t address) noexcept {
    dl_find_object object;
    return find_object(address, object);
}

Lookup find_rules(std::uint64_t pc, CheckedMemory& memory, FrameRules& out) noexcept {
    dl_find_object object;
    if (!find_object(pc, object)) return Lookup::no_object;
    if (object.dlfo_eh_frame == nullptr) return Lookup::no_rules;
    const auto header = reinterpret_cast<std::uint64_t>(object.dlfo_eh_frame);
    const auto end = reinterpret_cast<std::uint64_t>(object.dlfo_map_end);
    const std::uint64_t entry = find_description(pc, header, end, memory);
    Description description;
    if (entry == 0 || !read_description(memory, entry, description)) return Lookup::no_rules;
    if (pc < description.pc_begin || pc >= description.pc_end) return Lookup::no_rules;
    out = FrameRules();
    out.return_register = description.return_register;
    out.is_signal_frame = description.is_signal_frame;
    return Interpreter(memory, description, pc, out).run() ? Lookup::found : Lookup::no_rules;
}

#else

bool can_unwind() noexcept {
    return false;
}

bool is_in_object(std::uint64_t /*address*/) noexcept {
    return false;
}

Lookup find_rules(std::uint64_t /*pc*/, CheckedMemory& /*memory*/, FrameRules& /*out*/) noexcept {
    return Lookup::no_object;
}

#endif

}  // namespace quipu
