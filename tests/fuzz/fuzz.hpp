// What every fuzz target has: libFuzzer's entry point, and a way to say what is wrong with what came out.
//
// A target is a file of its own. With clang it becomes fuzz_NAME (tests/fuzz/run); with any compiler replay_NAME, which
// runs the inputs of corpus/NAME in every test run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "proto/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quipu::fuzz {

// Ends the process, which is a find, where `holds` is false.
inline void check(bool holds, std::string_view what, std::string_view detail = {}) {
    if (holds) return;
    std::fprintf(
        stderr,
        "fuzz: %.*s: %.*s\n",
        static_cast<int>(what.size()),
        what.data(),
        static_cast<int>(detail.size()),
        detail.data()
    );
    std::abort();
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Cuts bytes into pieces of sizes that look like chance and depend on `seed` alone.
class Pieces {
public:
    Pieces(Bytes bytes, std::uint8_t seed) : rest_(bytes), state_(seed) {}

    // false: none is left.
    bool next(Bytes& piece) {
        if (rest_.empty()) return false;
        state_ = state_ * 1103515245 + 12345;
        // Mostly a few bytes, now and then many.
        const std::size_t range = (state_ >> 16) % 8 == 0 ? 700 : 7;
        const std::size_t size = std::min<std::size_t>(rest_.size(), 1 + (state_ >> 8) % range);
        piece = rest_.first(size);
        rest_ = rest_.subspan(size);
        return true;
    }

private:
    Bytes rest_;
    std::uint32_t state_;
};

}  // namespace quipu::fuzz
