// The answer to "threads": every thread of this process with its stack, as each tells itself when it gets SIGPROF; and
// the tasks that the mail daemon registered.
#pragma once

#include <functional>
#include <string>

#include "proto/task_slots.hpp"

namespace quipu {

// ThreadReport of quipu.proto. pause(ms) waits; false: nobody wants the report any more, which is empty then. The
// calling thread has no stack in it.
std::string take_thread_report(TaskSlots& tasks, const std::function<bool(unsigned milliseconds)>& pause);

}  // namespace quipu
