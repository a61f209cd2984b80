#include "proto/frame.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_frame)

using test::as_bytes;

namespace {

std::string prefix(std::uint32_t length) {
    std::string out;
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift & 0xff);
    return out;
}

std::vector<std::string> drain(FrameReader& reader) {
    std::vector<std::string> payloads;
    Bytes payload;
    while (reader.next(payload)) payloads.emplace_back(payload.begin(), payload.end());
    return payloads;
}

struct Conversation {
    std::string bytes;
    std::vector<std::string> payloads;
};

// Every sample as one stream, and a few frames of odd sizes.
Conversation conversation() {
    Conversation c;
    for (const test::Sample& sample : test::samples()) {
        const std::string frame = frame_of(sample);
        c.bytes += frame;
        c.payloads.emplace_back(test::payload_of(frame));
    }
    for (const std::size_t size : {1U, 3U, 127U, 128U, 255U, 256U, 257U}) {
        c.payloads.emplace_back(size, static_cast<char>(size));
        append_frame(c.bytes, c.payloads.back());
    }
    return c;
}

}  // namespace

BOOST_AUTO_TEST_CASE(append_frame_writes_a_little_endian_length_and_the_payload) {
    std::string out = "before";
    append_frame(out, std::string(258, 'x'));
    BOOST_TEST(out == "before" + std::string("\x02\x01\x00\x00", 4) + std::string(258, 'x'));
}

BOOST_AUTO_TEST_CASE(a_conversation_fed_whole_gives_its_frames) {
    const Conversation c = conversation();
    FrameReader reader;
    reader.feed(as_bytes(c.bytes));
    BOOST_TEST(drain(reader) == c.payloads, boost::test_tools::per_element());
    BOOST_TEST(!reader.is_inside_frame());
}

BOOST_AUTO_TEST_CASE(a_conversation_fed_byte_by_byte_gives_the_same_frames) {
    const Conversation c = conversation();
    FrameReader reader;
    std::vector<std::string> payloads;
    for (const char& byte : c.bytes) {
        reader.feed(as_bytes({&byte, 1}));
        for (std::string& payload : drain(reader)) payloads.push_back(std::move(payload));
    }
    BOOST_TEST(payloads == c.payloads, boost::test_tools::per_element());
    BOOST_TEST(!reader.is_inside_frame());
}

BOOST_AUTO_TEST_CASE(a_conversation_cut_at_any_point_gives_the_same_frames) {
    const Conversation c = conversation();
    for (std::size_t cut = 0; cut <= c.bytes.size(); ++cut) {
        FrameReader reader;
        reader.feed(as_bytes(std::string_view(c.bytes).substr(0, cut)));
        std::vector<std::string> payloads = drain(reader);
        reader.feed(as_bytes(std::string_view(c.bytes).substr(cut)));
        for (std::string& payload : drain(reader)) payloads.push_back(std::move(payload));
        BOOST_REQUIRE_MESSAGE(payloads == c.payloads, "cut at byte " << cut);
    }
}

BOOST_AUTO_TEST_CASE(frames_left_in_the_reader_survive_the_next_feed) {
    FrameReader reader;
    std::string bytes;
    append_frame(bytes, "one");
    append_frame(bytes, "two");
    reader.feed(as_bytes(bytes));
    Bytes payload;
    BOOST_REQUIRE(reader.next(payload));
    reader.feed(as_bytes(bytes));
    const std::vector<std::string> expected = {"two", "one", "two"};
    BOOST_TEST(drain(reader) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_golden_frame_cut_at_every_byte_gives_nothing_and_no_error) {
    for (const test::Sample& sample : test::samples()) {
        const std::string frame = frame_of(sample);
        for (std::size_t cut = 0; cut < frame.size(); ++cut) {
            FrameReader reader;
            reader.feed(as_bytes(std::string_view(frame).substr(0, cut)));
            Bytes payload;
            BOOST_REQUIRE_MESSAGE(!reader.next(payload), sample.name << " cut at byte " << cut);
            BOOST_REQUIRE(reader.error() == Errc::ok);
            BOOST_REQUIRE(reader.is_inside_frame() == (cut > 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_length_of_zero_is_refused) {
    FrameReader reader;
    reader.feed(as_bytes(prefix(0)));
    Bytes payload;
    BOOST_TEST(!reader.next(payload));
    BOOST_TEST(reader.error() == Errc::frame_empty);
}

BOOST_AUTO_TEST_CASE(a_frame_of_the_largest_size_is_taken) {
    FrameReader reader;
    std::string bytes;
    append_frame(bytes, std::string(limits::max_frame_bytes, 'x'));
    reader.feed(as_bytes(bytes));
    Bytes payload;
    BOOST_REQUIRE(reader.next(payload));
    BOOST_TEST(payload.size() == limits::max_frame_bytes);
    BOOST_TEST(reader.error() == Errc::ok);
}

BOOST_AUTO_TEST_CASE(a_length_beyond_the_limit_is_refused_before_any_memory_is_taken) {
    for (const std::uint32_t length :
         {std::uint32_t{limits::max_frame_bytes} + 1, 0x01000000U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
        BOOST_TEST_CONTEXT("length " << length) {
            FrameReader reader;
            reader.feed(as_bytes(prefix(length)));
            Bytes payload;
            BOOST_TEST(!reader.next(payload));
            BOOST_TEST(reader.error() == Errc::frame_too_long);
            BOOST_TEST(reader.buffered_bytes() <= 64U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_length_prefix_alone_takes_no_memory_for_its_payload) {
    FrameReader reader;
    reader.feed(as_bytes(prefix(limits::max_frame_bytes)));
    Bytes payload;
    BOOST_TEST(!reader.next(payload));
    BOOST_TEST(reader.error() == Errc::ok);
    BOOST_TEST(reader.is_inside_frame());
    BOOST_TEST(reader.buffered_bytes() <= 64U);
}

BOOST_AUTO_TEST_CASE(after_an_error_nothing_more_is_taken) {
    FrameReader reader;
    std::string bytes;
    append_frame(bytes, "good");
    bytes += prefix(0);
    append_frame(bytes, "never");
    reader.feed(as_bytes(bytes));
    const std::vector<std::string> expected = {"good"};
    BOOST_TEST(drain(reader) == expected, boost::test_tools::per_element());
    BOOST_TEST(reader.error() == Errc::frame_empty);
    reader.feed(as_bytes(bytes));
    BOOST_TEST(drain(reader).empty());
    BOOST_TEST(reader.error() == Errc::frame_empty);
}

BOOST_AUTO_TEST_CASE(memory_of_a_burst_is_given_back) {
    FrameReader reader;
    std::string bytes;
    append_frame(bytes, std::string(limits::max_frame_bytes, 'x'));
    reader.feed(as_bytes(bytes));
    BOOST_TEST(drain(reader).size() == 1U);
    BOOST_TEST(reader.buffered_bytes() >= limits::max_frame_bytes);
    std::string small;
    append_frame(small, "x");
    reader.feed(as_bytes(small));
    BOOST_TEST(drain(reader).size() == 1U);
    BOOST_TEST(reader.buffered_bytes() <= 4096U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
