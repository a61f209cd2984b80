// The shared library of busy_daemon.cpp: calls back, so that stacks lead through it.
#include "tests/support/busy_library.hpp"

extern "C" std::uint64_t busy_library_walk(BusyStep step, std::uint64_t value) {
    for (int i = 0; i < 1000; ++i) value = step(value) ^ 1U;
    return value;
}
