// The body of a "threads" answer, as a struct; the same manners as message.hpp: strings are views into what was
// decoded, decoding checks limits.hpp and never throws. Field by field: ThreadReport in quipu.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/errc.hpp"
#include "proto/frame.hpp"

namespace quipu::wire {

struct Thread {
    std::uint32_t tid = 0;
    std::string_view name;
    std::string_view state;
    std::uint64_t user_cpu_ns = 0;
    std::uint64_t system_cpu_ns = 0;
    std::string_view system_call;
    std::string_view wait_channel;
    std::vector<std::uint64_t> stack;  // innermost first; a caller's address lies within its call instruction
    std::string_view no_stack_because;
    bool stack_is_cut = false;
};

struct Mapping {
    std::uint64_t memory_start = 0;
    std::uint64_t memory_limit = 0;
    std::uint64_t file_offset = 0;
    std::string_view filename;
    std::string_view build_id;  // hex
};

struct Task {
    std::uint64_t id = 0;
    std::string_view group;
    std::string_view name;
    std::string_view waits_for;
    std::uint64_t since_wall_ns = 0;
    std::uint64_t begun_wall_ns = 0;
    std::string_view details;
};

struct ThreadReport {
    std::vector<Thread> threads;
    std::vector<Mapping> mappings;
    std::vector<Task> tasks;
    std::uint64_t taken_wall_ns = 0;
    std::uint32_t threads_left_out = 0;
    std::uint32_t tasks_left_out = 0;
};

// Adds to what `out` holds already, so that chunks may be decoded one by one.
[[nodiscard]] Errc decode(Bytes body, ThreadReport& out);
void append_body(std::string& out, const ThreadReport& report);

}  // namespace quipu::wire
