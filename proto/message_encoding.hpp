// What encoding has in common: proto3's defaults (0, empty) are left out. Private to proto/message.cpp and
// proto/thread_report.cpp.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string_view>

namespace quipu::wire {

using Writer = protozero::pbf_writer;

inline void add_text(Writer& w, protozero::pbf_tag_type tag, std::string_view text) {
    if (!text.empty()) w.add_bytes(tag, text.data(), text.size());
}

inline void add_number(Writer& w, protozero::pbf_tag_type tag, std::uint64_t value) {
    if (value != 0) w.add_uint64(tag, value);
}

inline void add_fixed(Writer& w, protozero::pbf_tag_type tag, std::uint64_t value) {
    if (value != 0) w.add_fixed64(tag, value);
}

inline void add_bool(Writer& w, protozero::pbf_tag_type tag, bool value) {
    if (value) w.add_bool(tag, true);
}

}  // namespace quipu::wire
