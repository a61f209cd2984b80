#include "proto/message.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "tests/support/golden.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_message)

using test::as_bytes;
using test::nested;
using test::payload_of;
using test::Sample;
using test::samples;

namespace {

// The payload of what was decoded, encoded again; nullopt: it was refused.
template <typename Variant>
std::optional<std::string> encoded_again(std::string_view payload, Errc& error) {
    Variant message;
    std::uint64_t unknown_fields = 0;
    error = wire::decode(as_bytes(payload), message, unknown_fields);
    if (error != Errc::ok) return std::nullopt;
    return std::string(payload_of(test::frame_of(message)));
}

std::optional<std::string> encoded_again(const Sample& sample, std::string_view payload, Errc& error) {
    return sample.is_from_emitter() ? encoded_again<wire::FromEmitter>(payload, error)
                                    : encoded_again<wire::ToEmitter>(payload, error);
}

// Whatever decodes, decodes to the same again after one more round.
void check_stable(const Sample& sample, std::string_view payload, const std::string& what) {
    Errc error = Errc::ok;
    const auto once = encoded_again(sample, payload, error);
    if (!once) return;
    const auto twice = encoded_again(sample, *once, error);
    BOOST_REQUIRE_MESSAGE(twice, sample.name << ", " << what << ": cannot read what we wrote: " << error);
    BOOST_REQUIRE_MESSAGE(*once == *twice, sample.name << ", " << what << ": decodes to something else");
}

Errc decode_from(std::string_view payload, wire::FromEmitter& out, std::uint64_t& unknown_fields) {
    return wire::decode(as_bytes(payload), out, unknown_fields);
}

}  // namespace

// --- Golden frames ---------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_message_of_both_directions_has_a_sample) {
    for (const bool is_from : {true, false}) {
        std::vector<std::size_t> indexes;
        for (const Sample& sample : samples()) {
            if (sample.is_from_emitter() != is_from) continue;
            indexes.push_back(std::visit([](const auto& message) { return message.index(); }, sample.message));
        }
        const std::size_t count =
            is_from ? std::variant_size_v<wire::FromEmitter> : std::variant_size_v<wire::ToEmitter>;
        BOOST_REQUIRE(indexes.size() == count);
        for (std::size_t i = 0; i < count; ++i) BOOST_TEST(indexes[i] == i);
    }
}

BOOST_AUTO_TEST_CASE(frames_are_written_as_the_golden_ones) {
    for (const Sample& sample : samples()) {
        const std::string frame = frame_of(sample);
        const std::string head = "# " + std::string(sample.type()) + ", " + std::string(sample.name) +
                                 ".txtpb tells the same in words\n" + test::to_hex(frame.substr(0, 4));
        test::check_golden(
            "frames/" + std::string(sample.name) + ".hex", head + test::to_hex(std::string(payload_of(frame)))
        );
    }
}

// Trace events are written by a writer of our own, which has to agree with the library's at every length of a length.
BOOST_AUTO_TEST_CASE(trace_events_of_every_size_are_written_as_the_library_writes_them) {
    const auto check = [](std::size_t text_bytes, std::size_t family_bytes, std::uint64_t number) {
        const std::string text(text_bytes, 'x');
        const std::string family(family_bytes, 'f');
        const std::uint64_t steady_ns = number ^ 0x0102030405060708U;
        const wire::TraceEvent event{
            .trace = number,
            .kind = wire::TraceEventKind::end,
            .steady_ns = steady_ns,
            .text = text,
            .family = family,
            .other = number,
            .dropped_before = 300,
            .resumed = true,
            .inferred = true};
        std::string one;
        protozero::pbf_writer fields(one);
        fields.add_uint64(1, number);
        fields.add_uint64(2, 4);
        fields.add_fixed64(3, steady_ns);
        if (!text.empty()) fields.add_bytes(4, text);
        if (!family.empty()) fields.add_bytes(5, family);
        fields.add_uint64(6, number);
        fields.add_uint64(7, 300);
        fields.add_bool(8, true);
        fields.add_bool(9, true);
        std::string events;
        protozero::pbf_writer list(events);
        list.add_message(1, one);
        list.add_message(1, one);
        list.add_uint64(2, number);
        list.add_uint64(3, number);
        list.add_bool(4, true);
        std::string payload;
        protozero::pbf_writer(payload).add_message(5, events);
        std::string frame = "before";
        wire::append_frame_of(frame, wire::TraceEvents{{event, event}, number, number, true});
        BOOST_REQUIRE_MESSAGE(
            payload_of(frame.substr(6)) == payload, "texts of " << text_bytes << " and " << family_bytes << " bytes"
        );

        std::string without_totals;
        protozero::pbf_writer fewer(without_totals);
        fewer.add_message(1, one);
        fewer.add_message(1, one);
        fewer.add_bool(4, true);
        wire::TraceFrame one_by_one;
        one_by_one.add(wire::TraceEvent{.trace = 1, .text = "of the frame before"});
        one_by_one.clear();
        one_by_one.add(event);
        one_by_one.add(event);
        BOOST_REQUIRE(one_by_one.event_count() == 2U);
        one_by_one.set_all_active_announced();
        BOOST_REQUIRE(one_by_one.bytes() == without_totals);
    };
    for (std::size_t bytes = 0; bytes < 300; ++bytes) check(bytes, bytes % 7, 1 + bytes);
    for (std::size_t bytes = 16'200; bytes < 16'500; bytes += 7) check(bytes, 0, std::uint64_t{1} << bytes % 64);
    check(0, 0, std::numeric_limits<std::uint64_t>::max());
    check(400'000, 3, std::numeric_limits<std::uint64_t>::max());
    for (int bit = 0; bit < 64; ++bit) {
        check(1, 1, std::uint64_t{1} << bit);
        check(1, 1, (std::uint64_t{1} << bit) - 1 + (bit == 0 ? 1 : 0));
    }
}

BOOST_AUTO_TEST_CASE(trace_events_in_a_frame_are_those_that_are_decoded) {
    wire::TraceFrame frame;
    frame.add({.trace = 7, .kind = wire::TraceEventKind::begin, .steady_ns = 5, .text = "a peer", .family = "SMTP.Conn"}
    );
    frame.add({.trace = 7, .kind = wire::TraceEventKind::event, .steady_ns = 6, .text = "-> NOOP"});
    frame.add({.trace = 8, .kind = wire::TraceEventKind::end});
    std::string out;
    wire::append_frame_of(out, frame);
    wire::FromEmitter message;
    std::uint64_t unknown_fields = 0;
    BOOST_REQUIRE(wire::decode(as_bytes(payload_of(out)), message, unknown_fields) == Errc::ok);
    const auto& events = std::get<wire::TraceEvents>(message);
    BOOST_REQUIRE(events.events.size() == 3U);
    BOOST_TEST(events.events[0].family == "SMTP.Conn");
    BOOST_TEST(events.events[1].text == "-> NOOP");
    BOOST_TEST(events.events[2].trace == 8U);
    BOOST_TEST(!events.all_active_announced);
}

BOOST_AUTO_TEST_CASE(golden_frames_decode_without_unknown_fields_and_encode_to_the_same_bytes) {
    for (const Sample& sample : samples()) {
        BOOST_TEST_CONTEXT(sample.name) {
            const std::string frame = test::from_hex(test::read_golden("frames/" + std::string(sample.name) + ".hex"));
            Errc error = Errc::ok;
            const auto again = encoded_again(sample, payload_of(frame), error);
            BOOST_TEST(error == Errc::ok);
            BOOST_REQUIRE(again.has_value());
            BOOST_TEST(*again == payload_of(frame));
            std::uint64_t unknown_fields = 0;
            if (sample.is_from_emitter()) {
                wire::FromEmitter out;
                BOOST_TEST(wire::decode(as_bytes(payload_of(frame)), out, unknown_fields) == Errc::ok);
            } else {
                wire::ToEmitter out;
                BOOST_TEST(wire::decode(as_bytes(payload_of(frame)), out, unknown_fields) == Errc::ok);
            }
            BOOST_TEST(unknown_fields == 0U);
        }
    }
}

// --- Hostile bytes ---------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_prefix_of_every_golden_payload_decodes_or_is_refused) {
    for (const Sample& sample : samples()) {
        const std::string frame = frame_of(sample);
        const std::string_view payload = payload_of(frame);
        for (std::size_t cut = 0; cut < payload.size(); ++cut) {
            Errc error = Errc::ok;
            // A copy of that very length, so that a sanitizer sees a read past the end.
            const std::vector<char> prefix(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(cut));
            // The whole payload is one nested message: no prefix of it is whole.
            BOOST_REQUIRE_MESSAGE(
                !encoded_again(sample, {prefix.data(), prefix.size()}, error), sample.name << " cut at byte " << cut
            );
            BOOST_REQUIRE(error == (cut == 0 ? Errc::no_message : Errc::malformed));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_prefix_of_every_golden_body_decodes_or_is_refused) {
    for (const Sample& sample : samples()) {
        const std::string frame = frame_of(sample);
        const std::string_view payload = payload_of(frame);
        // The oneof member's own bytes: behind its tag and its length, one or two bytes of it.
        const std::size_t head = (static_cast<unsigned char>(payload[1]) & 0x80) != 0 ? 3 : 2;
        const std::string_view body = payload.substr(head);
        const unsigned tag = static_cast<unsigned char>(payload[0]) >> 3;
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
            check_stable(sample, nested(tag, body.substr(0, cut)), "body cut at byte " + std::to_string(cut));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_byte_of_every_golden_payload_set_to_every_value_decodes_or_is_refused) {
    for (const Sample& sample : samples()) {
        const std::string frame = frame_of(sample);
        std::string payload(payload_of(frame));
        for (std::size_t at = 0; at < payload.size(); ++at) {
            for (unsigned flip = 1; flip < 256; ++flip) {
                payload[at] = static_cast<char>(static_cast<unsigned char>(payload[at]) ^ flip);
                check_stable(sample, payload, "byte " + std::to_string(at) + " flipped by " + std::to_string(flip));
                payload[at] = static_cast<char>(static_cast<unsigned char>(payload[at]) ^ flip);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_queue_cut_or_flipped_anywhere_decodes_or_is_refused) {
    std::string body;
    append_body(body, test::sample_queue());
    for (std::size_t at = 0; at < body.size(); ++at) {
        wire::Queue out;
        const std::vector<char> prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at));
        (void)wire::decode(as_bytes({prefix.data(), prefix.size()}), out);
        for (unsigned flip = 1; flip < 256; ++flip) {
            std::string flipped = body;
            flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ flip);
            wire::Queue first;
            if (wire::decode(as_bytes(flipped), first) != Errc::ok) continue;
            std::string once;
            append_body(once, first);
            wire::Queue second;
            BOOST_REQUIRE(wire::decode(as_bytes(once), second) == Errc::ok);
            std::string twice;
            append_body(twice, second);
            BOOST_REQUIRE(once == twice);
        }
    }
}

BOOST_AUTO_TEST_CASE(random_bytes_decode_or_are_refused) {
    std::uint64_t state = 1;  // xorshift: the same bytes on every run
    const auto next = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    };
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(next() % 64, '\0');
        for (char& byte : bytes) byte = static_cast<char>(next());
        check_stable(samples()[next() % samples().size()], bytes, "round " + std::to_string(round));
    }
}

// --- Growth ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_unknown_member_is_no_message_and_counted) {
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    BOOST_TEST(decode_from(nested(99, "from a newer peer"), out, unknown_fields) == Errc::no_message);
    BOOST_TEST(unknown_fields == 1U);
}

BOOST_AUTO_TEST_CASE(unknown_fields_of_every_wire_type_are_skipped_and_counted) {
    using namespace std::string_literals;
    const std::string fields[] = {
        "\xf8\x06\x01"s,                              // 111: varint
        "\xf9\x06\x01\x02\x03\x04\x05\x06\x07\x08"s,  // 111: fixed64
        "\xfa\x06\x02hi"s,                            // 111: bytes
        "\xfd\x06\x01\x02\x03\x04"s,                  // 111: fixed32
    };
    for (const std::string& field : fields) {
        wire::FromEmitter out;
        std::uint64_t unknown_fields = 0;
        const std::string payload = nested(8, field + "\x0a\x04"s + "exit");
        BOOST_TEST(decode_from(payload, out, unknown_fields) == Errc::ok);
        BOOST_REQUIRE(std::holds_alternative<wire::Bye>(out));
        BOOST_TEST(std::get<wire::Bye>(out).reason == "exit");
        BOOST_TEST(unknown_fields == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_known_field_of_another_wire_type_counts_as_unknown) {
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    BOOST_TEST(decode_from(nested(8, "\x08\x05"), out, unknown_fields) == Errc::ok);  // Bye.reason as a varint
    BOOST_TEST(unknown_fields == 1U);
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_taken_as_it_is) {
    const std::string frame = test::frame_of(wire::FromEmitter(wire::Bye{.reason = "\xff\xc3"}));
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    BOOST_TEST(decode_from(payload_of(frame), out, unknown_fields) == Errc::ok);
    BOOST_REQUIRE(std::holds_alternative<wire::Bye>(out));
    BOOST_TEST(std::get<wire::Bye>(out).reason == "\xff\xc3");
}

BOOST_AUTO_TEST_CASE(packed_lists_may_come_unpacked) {
    using namespace std::string_literals;
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    BOOST_TEST(decode_from(nested(3, "\x08\x01\x08\x02\x10\x02\x10\x03"s), out, unknown_fields) == Errc::ok);
    BOOST_REQUIRE(std::holds_alternative<wire::Deltas>(out));
    const auto& deltas = std::get<wire::Deltas>(out);
    const std::vector<std::uint32_t> ids = {1, 2};
    const std::vector<std::int64_t> values = {1, -2};
    BOOST_TEST(deltas.ids == ids, boost::test_tools::per_element());
    BOOST_TEST(deltas.deltas == values, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_reused_variant_keeps_nothing_of_the_frame_before) {
    for (const Sample& first : samples()) {
        if (!first.is_from_emitter()) continue;
        for (const Sample& second : samples()) {
            if (!second.is_from_emitter()) continue;
            const std::string first_frame = frame_of(first);
            const std::string second_frame = frame_of(second);
            wire::FromEmitter out;
            std::uint64_t unknown_fields = 0;
            BOOST_REQUIRE(decode_from(payload_of(first_frame), out, unknown_fields) == Errc::ok);
            BOOST_REQUIRE(decode_from(payload_of(second_frame), out, unknown_fields) == Errc::ok);
            BOOST_TEST(test::frame_of(out) == second_frame, second.name << " after " << first.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_queue_cut_between_items_concatenates) {
    wire::Queue one = test::sample_queue();
    std::string body;
    append_body(body, one);
    append_body(body, one);
    wire::Queue both;
    BOOST_TEST(wire::decode(as_bytes(body), both) == Errc::ok);
    BOOST_TEST(both.items.size() == 2U);
    BOOST_TEST(both.total == 1U);
}

BOOST_AUTO_TEST_CASE(extreme_numbers_survive) {
    using Int = std::numeric_limits<std::int64_t>;
    const wire::Deltas message{
        .ids = {1, 2, 3, std::numeric_limits<std::uint32_t>::max()}, .deltas = {Int::min(), Int::max(), 0, -1}};
    const std::string frame = test::frame_of(wire::FromEmitter(message));
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    BOOST_REQUIRE(decode_from(payload_of(frame), out, unknown_fields) == Errc::ok);
    BOOST_REQUIRE(std::holds_alternative<wire::Deltas>(out));
    BOOST_TEST(std::get<wire::Deltas>(out).ids == message.ids, boost::test_tools::per_element());
    BOOST_TEST(std::get<wire::Deltas>(out).deltas == message.deltas, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
