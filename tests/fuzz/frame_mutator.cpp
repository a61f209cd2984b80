// Lets libFuzzer change frames inside their length prefixes: one in eight inputs is changed as mere bytes, in the
// others one frame's payload is, or a frame is doubled or left out, and the prefixes are made right again. The first
// byte (and for some targets the second) is not part of a frame.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

#ifndef QUIPU_FUZZ_HEADER_BYTES
#error "QUIPU_FUZZ_HEADER_BYTES: how many bytes come before the first frame"
#endif

namespace {

constexpr std::size_t header_bytes = QUIPU_FUZZ_HEADER_BYTES;
constexpr std::size_t prefix_bytes = 4;

// What is left over at the end is a frame too, if a wrong one.
std::vector<std::string> split(std::string_view bytes) {
    std::vector<std::string> payloads;
    while (bytes.size() >= prefix_bytes) {
        std::uint32_t length = 0;
        std::memcpy(&length, bytes.data(), prefix_bytes);
        bytes.remove_prefix(prefix_bytes);
        const std::size_t taken = std::min<std::size_t>(length, bytes.size());
        payloads.emplace_back(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
    }
    return payloads;
}

void mutate_one(std::string& payload, std::size_t max_size) {
    const std::size_t size = payload.size();
    payload.resize(std::max(size + 64, size * 2));
    payload.resize(std::min(payload.size(), std::max(max_size, size)));
    auto* bytes = reinterpret_cast<std::uint8_t*>(payload.data());
    payload.resize(LLVMFuzzerMutate(bytes, size, payload.size()));
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(
    std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed
) {
    if (size <= header_bytes || seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
    const std::string header(reinterpret_cast<const char*>(data), header_bytes);
    std::vector<std::string> payloads =
        split({reinterpret_cast<const char*>(data) + header_bytes, size - header_bytes});
    if (payloads.empty()) payloads.emplace_back("\x0a", 1);
    const std::size_t which = (seed >> 8) % payloads.size();
    const auto at = payloads.begin() + static_cast<std::ptrdiff_t>(which);
    if (seed % 8 == 1) {
        payloads.insert(at, std::string(*at));
    } else if (seed % 8 == 2 && payloads.size() > 1) {
        payloads.erase(at);
    } else {
        mutate_one(*at, max_size - std::min(max_size, size));
    }
    std::string out = header;
    for (const std::string& payload : payloads) quipu::append_frame(out, payload.empty() ? "\x0a" : payload);
    if (out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, out.data(), out.size());
    return out.size();
}
