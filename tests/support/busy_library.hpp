#pragma once

#include <cstdint>

using BusyStep = std::uint64_t (*)(std::uint64_t);

// Calls step over and over.
extern "C" std::uint64_t busy_library_walk(BusyStep step, std::uint64_t value);
