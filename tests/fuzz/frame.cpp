// The frame reader and the decoders of both directions: any bytes, whole or in pieces, give the same payloads, and what
// was decoded and encoded again says the same.
#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "proto/message.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

std::vector<std::string> payloads_of(FrameReader& reader, Pieces pieces) {
    std::vector<std::string> payloads;
    for (Bytes piece; pieces.next(piece);) {
        reader.feed(piece);
        for (Bytes payload; reader.next(payload);) payloads.emplace_back(as_text(payload));
    }
    check(reader.buffered_bytes() <= 2 * limits::max_frame_bytes, "a buffer that grows beyond a frame");
    return payloads;
}

// Encoding what was decoded gives a frame that decodes to what encodes the same: nothing is lost on the way.
template <typename Message>
void decode_and_encode(const std::string& payload) {
    Message message;
    std::uint64_t unknown_fields = 0;
    if (wire::decode(as_bytes(payload), message, unknown_fields) != Errc::ok) return;
    std::string first;
    wire::append_frame_of(first, message);
    FrameReader reader;
    reader.feed(as_bytes(first));
    Bytes again;
    check(reader.next(again) && !reader.is_inside_frame(), "an encoded message that is no frame");
    Message copy;
    std::uint64_t none = 0;
    check(wire::decode(again, copy, none) == Errc::ok && none == 0, "an encoded message that does not decode");
    std::string second;
    wire::append_frame_of(second, copy);
    check(first == second, "a message that changes on the way");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes bytes(data + 1, size - 1);
    FrameReader whole;
    FrameReader cut;
    whole.feed(bytes);
    std::vector<std::string> payloads;
    for (Bytes payload; whole.next(payload);) payloads.emplace_back(as_text(payload));
    check(payloads_of(cut, Pieces(bytes, data[0])) == payloads, "other payloads when cut");
    check(cut.error() == whole.error(), "another error when cut");
    for (const std::string& payload : payloads) {
        decode_and_encode<wire::FromEmitter>(payload);
        decode_and_encode<wire::ToEmitter>(payload);
        wire::Queue queue;
        if (wire::decode(as_bytes(payload), queue) != Errc::ok) continue;
        std::string body;
        wire::append_body(body, queue);
        wire::Queue copy;
        check(wire::decode(as_bytes(body), copy) == Errc::ok, "an encoded queue that does not decode");
    }
    return 0;
}
