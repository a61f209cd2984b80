// What encoding has in common: proto3's defaults (0, empty) are left out. Into whatever protozero writes to. Private to
// proto/message.cpp and proto/thread_report.cpp.
#pragma once

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <string_view>

namespace quipu::wire {

using Writer = protozero::pbf_writer;

template <typename AnyWriter>
void add_text(AnyWriter& w, protozero::pbf_tag_type tag, std::string_view text) {
    if (!text.empty()) w.add_bytes(tag, text.data(), text.size());
}

template <typename AnyWriter>
void add_number(AnyWriter& w, protozero::pbf_tag_type tag, std::uint64_t value) {
    if (value != 0) w.add_uint64(tag, value);
}

template <typename AnyWriter>
void add_fixed(AnyWriter& w, protozero::pbf_tag_type tag, std::uint64_t value) {
    if (value != 0) w.add_fixed64(tag, value);
}

template <typename AnyWriter>
void add_bool(AnyWriter& w, protozero::pbf_tag_type tag, bool value) {
    if (value) w.add_bool(tag, true);
}

// Trace events are most of what a mail daemon sends, and protozero's writer asks a string for room at each byte. So
// they are written to where there is room for sure. What is nested says its size before. Tags below 16.
class PlaceWriter {
public:
    explicit PlaceWriter(char* place) : at_(place) {}

    [[nodiscard]] char* at() const { return at_; }

    void add_uint64(protozero::pbf_tag_type tag, std::uint64_t value) {
        put_tag(tag, protozero::pbf_wire_type::varint);
        put_varint(value);
    }

    void add_fixed64(protozero::pbf_tag_type tag, std::uint64_t value) {
        put_tag(tag, protozero::pbf_wire_type::fixed64);
        value = htole64(value);
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }

    void add_bool(protozero::pbf_tag_type tag, bool value) { add_uint64(tag, value ? 1 : 0); }

    void add_bytes(protozero::pbf_tag_type tag, const char* bytes, std::size_t size) {
        begin_nested(tag, size);
        std::memcpy(at_, bytes, size);
        at_ += size;
    }

    // `size` bytes are written next.
    void begin_nested(protozero::pbf_tag_type tag, std::size_t size) {
        put_tag(tag, protozero::pbf_wire_type::length_delimited);
        put_varint(size);
    }

private:
    void put_tag(protozero::pbf_tag_type tag, protozero::pbf_wire_type type) {
        *at_++ = static_cast<char>(tag << 3 | static_cast<std::uint32_t>(type));
    }

    void put_varint(std::uint64_t value) { at_ += protozero::add_varint_to_buffer(at_, value); }

    char* at_;
};

// As PlaceWriter, but only counts how many bytes it would write.
class SizeWriter {
public:
    [[nodiscard]] std::size_t size() const { return size_; }

    void add_uint64(protozero::pbf_tag_type /*tag*/, std::uint64_t value) { size_ += 1 + varint_size(value); }

    void add_fixed64(protozero::pbf_tag_type /*tag*/, std::uint64_t /*value*/) { size_ += 1 + sizeof(std::uint64_t); }

    void add_bool(protozero::pbf_tag_type /*tag*/, bool /*value*/) { size_ += 2; }

    void add_bytes(protozero::pbf_tag_type /*tag*/, const char* /*bytes*/, std::size_t size) {
        size_ += 1 + varint_size(size) + size;
    }

private:
    static std::size_t varint_size(std::uint64_t value) {
        return static_cast<std::size_t>(protozero::length_of_varint(value));
    }

    std::size_t size_ = 0;
};

}  // namespace quipu::wire
