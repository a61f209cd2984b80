// What decoding has in common: how one decode goes on, and the way from a oneof's member to its message. Private to
// proto/message_decode*.cpp and proto/thread_report.cpp.
//
// A field of another wire type than the schema's is an unknown field, as in every protobuf reader.
#pragma once

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proto/limits.hpp"
#include "proto/message.hpp"

namespace quipu::wire {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::uint32_t varint(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::varint);
}

constexpr std::uint32_t bytes(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}

constexpr std::uint32_t fixed(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::fixed64);
}

// What one decode carries along: the first thing that is wrong, and what was skipped.
struct Decoding {
    std::uint64_t& unknown_fields;
    Errc error = Errc::ok;

    void fail(Errc errc) {
        if (error == Errc::ok) error = errc;
    }

    void skip(pbf_reader& r) {
        ++unknown_fields;
        r.skip();
    }

    std::string_view text(pbf_reader& r, std::size_t max_bytes) {
        const protozero::data_view view = r.get_view();
        if (view.size() > max_bytes) fail(Errc::text_too_long);
        return {view.data(), view.size()};
    }

    template <typename T>
    void push(std::vector<T>& list, T value, std::size_t max_items) {
        if (list.size() >= max_items) {
            fail(Errc::text_too_long);
            return;
        }
        list.push_back(std::move(value));
    }

    template <typename Enum>
    Enum enumerator(pbf_reader& r, Enum last) {
        const std::uint32_t value = r.get_uint32();
        if (value > static_cast<std::uint32_t>(last)) fail(Errc::malformed);
        return static_cast<Enum>(value);
    }

    void require(bool is_there) {
        if (!is_there) fail(Errc::field_missing);
    }
};

// decode_variant() finds `static void read(pbf_reader, Message&, Decoding&)` of each message, and where a message has
// one of its own, `renew`, in the file that calls it (by its argument's namespace: hence static, not unnamed).
template <typename Message, typename Variant>
Message& renew(Variant& out, Message* /*kind*/) {
    return out.template emplace<Message>();
}

// The messages of a direction count from 1 in the order of the variant: the member's number is its index plus one.
template <typename Variant, std::size_t index = 0>
bool read_member(std::uint32_t tag, pbf_reader& r, Variant& out, Decoding& d) {
    if constexpr (index < std::variant_size_v<Variant>) {
        if (tag != index + 1) return read_member<Variant, index + 1>(tag, r, out, d);
        using Message = std::variant_alternative_t<index, Variant>;
        read(r.get_message(), renew(out, static_cast<Message*>(nullptr)), d);
        return true;
    } else {
        return false;
    }
}

template <typename Variant>
Errc decode_variant(Bytes payload, Variant& out, std::uint64_t& unknown_fields) {
    Decoding d{unknown_fields};
    bool is_known = false;
    try {
        pbf_reader r(reinterpret_cast<const char*>(payload.data()), payload.size());
        while (r.next()) {
            if (r.wire_type() == pbf_wire_type::length_delimited && r.tag() <= std::variant_size_v<Variant>) {
                is_known = read_member(r.tag(), r, out, d);
            } else {
                d.skip(r);
            }
        }
    } catch (const protozero::exception&) {
        return Errc::malformed;
    }
    if (d.error != Errc::ok) return d.error;
    return is_known ? Errc::ok : Errc::no_message;
}

}  // namespace quipu::wire
