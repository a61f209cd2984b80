#include "proto/event_ring.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proto/limits.hpp"

BOOST_AUTO_TEST_SUITE(proto_event_ring)

using namespace quipu;

namespace {

// Reads everything; fails where a record is not the next one expected.
void read_all(EventRing& ring, std::uint64_t& next) {
    const std::uint64_t end = ring.end();
    std::uint64_t at = ring.begin();
    while (at < end) {
        RingRecord record{};
        std::string_view text;
        at += ring.read(at, record, text);
        if (record.kind == EventRing::filler) continue;
        BOOST_REQUIRE(record.other == next);
        BOOST_REQUIRE(text == std::string(next % 100, 'x'));
        ++next;
    }
    ring.release(at);
}

}  // namespace

BOOST_AUTO_TEST_CASE(records_of_any_length_come_back_whole_and_in_order) {
    EventRing ring;
    ring.set_size(4096);
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        RingRecord record{};
        record.other = i;
        while (!ring.write(record, std::string(i % 100, 'x'))) read_all(ring, next);
    }
    read_all(ring, next);
    BOOST_TEST(next == 10'000U);
}

BOOST_AUTO_TEST_CASE(a_text_that_was_written_in_its_place_is_read_like_one_that_was_copied) {
    EventRing ring;
    ring.set_size(4096);
    std::uint64_t next = 0;
    std::size_t in_place = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        RingRecord record{};
        record.other = i;
        const std::string text(i % 100, 'x');
        for (;;) {
            if (char* const place = ring.text_place(100)) {
                text.copy(place, text.size());
                ring.write_placed(record, text.size());
                ++in_place;
                break;
            }
            if (ring.write(record, text)) break;
            read_all(ring, next);
        }
    }
    read_all(ring, next);
    BOOST_TEST(next == 10'000U);
    BOOST_TEST(in_place > 9'000U);
    BOOST_TEST(in_place < 10'000U);  // at the ring's end there is no such place
}

BOOST_AUTO_TEST_CASE(a_record_is_read_as_it_was_written_whatever_it_holds) {
    EventRing ring;
    ring.set_size(1 << 20);
    constexpr std::uint32_t most = 0xffffffff;
    std::vector<std::pair<RingRecord, std::string>> written;
    for (const std::uint32_t slot : {0U, 7U, most}) {
        for (const std::uint32_t lost : {0U, 1U, most}) {
            for (const std::uint64_t other : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
                for (const std::size_t size :
                     {std::size_t{0}, std::size_t{1}, std::size_t{8}, limits::max_event_bytes}) {
                    const auto kind = static_cast<std::uint8_t>(written.size() % 5);
                    written.push_back({{slot, lost, other + 5, other, kind}, std::string(size, 'x')});
                    BOOST_REQUIRE(ring.write(written.back().first, written.back().second));
                }
            }
        }
    }
    std::uint64_t at = ring.begin();
    for (const auto& [wanted, wanted_text] : written) {
        RingRecord record{};
        std::string_view text;
        at += ring.read(at, record, text);
        BOOST_TEST(record.slot == wanted.slot);
        BOOST_TEST(record.lost_before == wanted.lost_before);
        BOOST_TEST(record.steady_ns == wanted.steady_ns);
        BOOST_TEST(record.other == wanted.other);
        BOOST_TEST(record.kind == wanted.kind);
        BOOST_TEST(text == wanted_text);
    }
    BOOST_TEST(at == ring.end());
}

BOOST_AUTO_TEST_CASE(a_full_ring_refuses_and_takes_again_after_reading) {
    EventRing ring;
    ring.set_size(1024);
    std::uint64_t written = 0;
    RingRecord record{};
    while (ring.write(record, {})) ++written;
    BOOST_TEST(written == 1024 / EventRing::head_bytes);
    BOOST_TEST(!ring.write(record, {}));
    ring.release(ring.end());
    BOOST_TEST(ring.write(record, {}));
}

BOOST_AUTO_TEST_CASE(a_record_larger_than_the_ring_is_refused) {
    EventRing ring;
    ring.set_size(1024);
    BOOST_TEST(!ring.write({}, std::string(2000, 'x')));
    BOOST_TEST(ring.write({}, std::string(900, 'x')));
}

BOOST_AUTO_TEST_CASE(writer_and_reader_in_two_threads_agree) {
    EventRing ring;
    ring.set_size(8192);
    constexpr std::uint64_t count = 100'000;
    std::jthread writer([&ring] {
        for (std::uint64_t i = 0; i < count; ++i) {
            RingRecord record{};
            record.other = i;
            while (!ring.write(record, std::string(i % 100, 'x'))) std::this_thread::yield();
        }
    });
    std::uint64_t next = 0;
    while (next < count) read_all(ring, next);
    BOOST_TEST(next == count);
}

BOOST_AUTO_TEST_SUITE_END()
