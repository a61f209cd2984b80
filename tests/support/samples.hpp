// One message of every kind, with every field set to something that is not its default: what golden frames, the
// byte-flipping tests and the comparison with protoc are made of.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/message.hpp"
#include "proto/thread_report.hpp"

namespace quipu::test {

struct Sample {
    std::string_view name;  // of its golden files: tests/golden/frames/NAME.hex and .txtpb
    std::variant<wire::FromEmitter, wire::ToEmitter> message;

    [[nodiscard]] bool is_from_emitter() const { return message.index() == 0; }

    // The name that protoc knows.
    [[nodiscard]] std::string_view type() const {
        return is_from_emitter() ? "quipu.v1.FromEmitter" : "quipu.v1.ToEmitter";
    }
};

// In the order of the oneofs. Static memory: views in the messages stay valid.
const std::vector<Sample>& samples();

wire::Queue sample_queue();
wire::ThreadReport sample_thread_report();

// Exactly one frame.
std::string frame_of(const Sample& sample);
std::string frame_of(const wire::FromEmitter& message);
std::string frame_of(const wire::ToEmitter& message);

}  // namespace quipu::test
