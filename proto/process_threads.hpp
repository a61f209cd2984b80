// The threads of this process, as /proc tells. Not for signal handlers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quipu {

// Thread ids, in the kernel's order.
std::vector<std::uint32_t> process_threads();

// A thread that is gone has an empty name.
std::string thread_name(std::uint32_t tid);

// Whether it keeps SIGPROF from being delivered.
bool blocks_profile_signal(std::uint32_t tid);

// What /proc tells of one thread besides; what cannot be read stays empty.
struct ThreadStatus {
    std::string state;  // one letter
    std::uint64_t user_cpu_ns = 0;
    std::uint64_t system_cpu_ns = 0;
    std::string system_call;
    std::string wait_channel;
};

ThreadStatus thread_status(std::uint32_t tid);

}  // namespace quipu
