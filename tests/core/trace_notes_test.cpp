#include "daemon/core/trace_notes.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/trace_lines.hpp"

BOOST_AUTO_TEST_SUITE(core_trace_notes)

using namespace quipu;
using test::lines_of;

namespace {

// "1:a 2:b": times and texts.
std::string told(const TraceNotes::Part& part) {
    std::string out;
    for (const TraceNote& note : part) {
        if (!out.empty()) out += ' ';
        out.append(std::to_string(note.wall_ns)).append(":").append(note.text);
    }
    return out;
}

TraceNote line(std::int64_t wall_ns, std::string_view text) {
    return {.wall_ns = wall_ns, .text = text};
}

TraceNotes unpacked(std::string_view packed) {
    TraceNotes notes;
    bool is_inferred = false;
    BOOST_REQUIRE(notes.unpack(packed, is_inferred));
    return notes;
}

// A line of the state file as a quipud writes it that knows nothing of this class.
std::string field(char tag, std::string message) {
    return std::string{tag, static_cast<char>(message.size())} + std::move(message);
}

std::string time_field(char seconds) {
    return std::string("\x09", 1) + seconds + std::string(7, '\0');
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_lines_both_parts_are_empty_and_nothing_is_written) {
    const TraceNotes notes;
    BOOST_TEST(notes.first().empty());
    BOOST_TEST(notes.last().empty());
    BOOST_TEST((notes.first().begin() == notes.first().end()));
    BOOST_TEST(notes.packed(false) == "");
}

BOOST_AUTO_TEST_CASE(a_line_comes_back_as_it_was_whatever_bytes_it_has) {
    const std::int64_t min = std::numeric_limits<std::int64_t>::min();
    const std::uint32_t max32 = std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();
    const std::string hostile("\0\xff\xc3\x28\n\x0a\x12\x00", 8);
    const std::string large(70'000, '\xfe');
    const std::vector<TraceNote> notes = {
        {.wall_ns = min, .kind = TraceNoteKind::event, .text = ""},
        {.wall_ns = -1, .kind = TraceNoteKind::error, .lost_before = max32, .text = hostile},
        {.wall_ns = 0, .kind = TraceNoteKind::link, .other = max64, .text = large},
        {.wall_ns = -(min + 1), .kind = TraceNoteKind::child, .lost_before = 1, .other = 1, .text = "a b"},
    };
    TraceNotes kept;
    for (const TraceNote& note : notes) BOOST_TEST(kept.append(note, 30) == 0U);
    for (const TraceNotes& each : {kept, unpacked(kept.packed(false))}) {
        const std::vector<TraceNote> found = lines_of(each.first());
        BOOST_REQUIRE(found.size() == notes.size());
        BOOST_TEST(each.last().empty());
        for (std::size_t i = 0; i < notes.size(); ++i) {
            BOOST_TEST_CONTEXT(i) {
                BOOST_TEST(found[i].wall_ns == notes[i].wall_ns);
                BOOST_TEST((found[i].kind == notes[i].kind));
                BOOST_TEST(found[i].lost_before == notes[i].lost_before);
                BOOST_TEST(found[i].other == notes[i].other);
                BOOST_TEST((found[i].text == notes[i].text));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_third_is_kept_of_the_beginning_and_two_thirds_of_the_end) {
    TraceNotes notes;
    std::uint64_t given_up = 0;
    for (int i = 1; i <= 20; ++i) given_up += notes.append(line(i, "x"), 7);
    BOOST_TEST(told(notes.first()) == "1:x 2:x");
    BOOST_TEST(told(notes.last()) == "16:x 17:x 18:x 19:x 20:x");
    BOOST_TEST(notes.first().size() == 2U);
    BOOST_TEST(notes.last().size() == 5U);
    BOOST_TEST(notes.last().front().wall_ns == 16);
    BOOST_TEST(given_up == 13U);
}

BOOST_AUTO_TEST_CASE(what_a_line_says_was_lost_before_it_is_given_up_with_it) {
    TraceNotes notes;
    BOOST_TEST(notes.append({.wall_ns = 1, .lost_before = 7, .text = "first"}, 3) == 0U);
    BOOST_TEST(notes.append({.wall_ns = 2, .lost_before = 4'000'000'000, .text = "goes"}, 3) == 0U);
    BOOST_TEST(notes.append(line(3, "a"), 3) == 0U);
    BOOST_TEST(notes.append(line(4, "b"), 3) == 4'000'000'001U);
    BOOST_TEST(notes.append(line(5, "c"), 3) == 1U);
    BOOST_TEST(told(notes.first()) == "1:first");
    BOOST_TEST(told(notes.last()) == "4:b 5:c");
}

BOOST_AUTO_TEST_CASE(a_late_line_stands_where_its_time_says_in_either_part) {
    TraceNotes notes;
    for (const std::int64_t at : {10, 30, 20, 40}) notes.append(line(at, "f"), 12);
    for (const std::int64_t at : {50, 70, 60, 55, 70, 5}) notes.append(line(at, "l"), 12);
    BOOST_TEST(told(notes.first()) == "10:f 20:f 30:f 40:f");
    BOOST_TEST(told(notes.last()) == "5:l 50:l 55:l 60:l 70:l 70:l");
    notes.append(line(80, "end"), 12);
    notes.append(line(75, "late"), 12);
    BOOST_TEST(told(notes.last()) == "5:l 50:l 55:l 60:l 70:l 70:l 75:late 80:end");
    // The oldest goes, also where it is the one that has just come.
    BOOST_TEST(notes.append({.wall_ns = 1, .lost_before = 2, .text = "too late"}, 12) == 3U);
    BOOST_TEST(told(notes.last()) == "5:l 50:l 55:l 60:l 70:l 70:l 75:late 80:end");
}

BOOST_AUTO_TEST_CASE(lines_of_one_time_stay_in_the_order_in_which_they_came) {
    TraceNotes notes;
    for (const char* text : {"a", "b"}) notes.append(line(5, text), 30);
    notes.append(line(9, "z"), 30);
    notes.append(line(5, "c"), 30);
    BOOST_TEST(told(notes.first()) == "5:a 5:b 5:c 9:z");
}

BOOST_AUTO_TEST_CASE(a_very_late_line_passes_the_last_sixteen_and_no_more) {
    TraceNotes notes;
    for (int i = 1; i <= 20; ++i) notes.append(line(100 + i, ""), 300);
    notes.append(line(1, "late"), 300);
    const std::vector<TraceNote> lines = lines_of(notes.first());
    BOOST_REQUIRE(lines.size() == 21U);
    BOOST_TEST(lines[3].wall_ns == 104);
    BOOST_TEST(lines[4].text == "late");
    BOOST_TEST(lines[20].wall_ns == 120);
}

namespace {

// Against a list of lines, of which a late one passes at most sixteen; now and then through the state file.
void check_ring(std::uint32_t limit) {
    const std::size_t most = limit - limit / 3;
    TraceNotes notes;
    std::vector<std::pair<std::int64_t, std::string>> expected;
    std::uint64_t given_up = 0;
    std::uint32_t random = 1;
    for (std::uint32_t i = 0; i < limit / 3; ++i) notes.append(line(i, "first"), limit);
    for (std::int64_t i = 0; i < 2000; ++i) {
        random = random * 1'664'525 + 1'013'904'223;
        const std::int64_t at = 1000 + i - (random >> 27);
        const std::string text(random >> 20 & 127, static_cast<char>(i));
        given_up += notes.append(line(at, text), limit);
        auto place = expected.end();
        while (place != expected.begin() && std::prev(place)->first > at && expected.end() - place < 16) --place;
        expected.insert(place, {at, text});
        if (expected.size() > most) expected.erase(expected.begin());
        const std::vector<TraceNote> lines = lines_of(notes.last());
        const auto is_same = [](const TraceNote& a, const auto& b) {
            return a.wall_ns == b.first && a.text == b.second;
        };
        BOOST_REQUIRE(std::equal(lines.begin(), lines.end(), expected.begin(), expected.end(), is_same));
        if (random % 200 == 0) notes = unpacked(notes.packed(false));
    }
    BOOST_TEST(given_up == 2000 - most);
    BOOST_TEST(notes.first().size() == limit / 3);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_long_ring_with_lines_out_of_order_is_as_if_each_line_stood_alone) {
    for (const std::uint32_t limit : {3U, 12U, 24U, 30U, 45U, 60U, 150U, 600U}) {
        BOOST_TEST_CONTEXT("at most " << limit << " lines") {
            check_ring(limit);
        }
    }
}

BOOST_AUTO_TEST_CASE(memory_stays_within_three_times_the_lines_and_is_close_to_them_once_trimmed) {
    TraceNotes notes;
    const std::string text(100, 'x');
    for (int i = 0; i < 10'000; ++i) {
        notes.append(line(i, text), 150);
        BOOST_REQUIRE(notes.memory() <= 3 * notes.packed(false).size() + 300);
    }
    notes.trim();
    BOOST_TEST(notes.first().size() == 50U);
    BOOST_TEST(notes.last().size() == 100U);
    BOOST_TEST(notes.last().front().wall_ns == 9900);
    BOOST_TEST(notes.memory() <= notes.packed(false).size() * 9 / 8);
    BOOST_TEST(notes.append(line(10'000, text), 150) == 1U);
    BOOST_TEST(notes.last().front().wall_ns == 9901);
}

BOOST_AUTO_TEST_CASE(the_form_of_the_state_file_is_this_one) {
    TraceNotes notes;
    notes.append({.wall_ns = 1, .text = "a"}, 3);
    notes.append(
        {.wall_ns = 2,
         .kind = TraceNoteKind::link,
         .lost_before = 300,
         .other = 0x0102,
         .text = std::string_view("\0", 1)},
        3
    );
    using namespace std::string_literals;
    const std::string first =
        "\x0a\x0c"
        "\x09\x01\0\0\0\0\0\0\0"
        "\x2a\x01"
        "a"s;
    const std::string last =
        "\x12\x1a"
        "\x09\x02\0\0\0\0\0\0\0"
        "\x10\x02"
        "\x18\xac\x02"
        "\x21\x02\x01\0\0\0\0\0\0"
        "\x2a\x01\0"s;
    BOOST_TEST(notes.packed(false) == first + last);
    BOOST_TEST(notes.packed(true) == first + last + "\x18\x01");
    bool is_inferred = false;
    TraceNotes read;
    BOOST_TEST(read.unpack(notes.packed(true), is_inferred));
    BOOST_TEST(is_inferred);
    BOOST_TEST(told(read.first()) == "1:a");
    BOOST_TEST(told(read.last()) == "2:\0"s);
    BOOST_TEST(read.unpack(notes.packed(false), is_inferred));
    BOOST_TEST(!is_inferred);
}

BOOST_AUTO_TEST_CASE(lines_that_were_read_go_on_as_if_nothing_had_happened) {
    TraceNotes notes;
    for (int i = 0; i < 20; ++i) notes.append(line(i * 10, "x"), 12);
    TraceNotes read = unpacked(notes.packed(false));
    for (TraceNotes* each : {&notes, &read}) {
        BOOST_TEST(each->append(line(200, "end"), 12) == 1U);
        BOOST_TEST(each->append(line(195, "late"), 12) == 1U);
    }
    BOOST_TEST(told(read.last()) == told(notes.last()));
    BOOST_TEST(told(read.last()) == "140:x 150:x 160:x 170:x 180:x 190:x 195:late 200:end");
    // With a higher limit than before, the first part is filled up, though there is a last one.
    BOOST_TEST(read.append(line(35, "more"), 15) == 0U);
    BOOST_TEST(told(read.first()) == "0:x 10:x 20:x 30:x 35:more");
    BOOST_TEST(told(read.last()) == told(notes.last()));
    BOOST_TEST(read.append(line(210, "end"), 15) == 0U);
    BOOST_TEST(told(read.last()).ends_with("195:late 200:end 210:end"));
}

BOOST_AUTO_TEST_CASE(what_a_newer_quipud_wrote_is_skipped_and_its_kinds_are_events) {
    const std::string newer = "\x30\x05" +
                              field(
                                  '\x0a',
                                  time_field(1) + "\x10\x09" + "\x3a\x02zz" +
                                      "\x2a\x01"
                                      "a"
                              ) +
                              field(
                                  '\x12',
                                  time_field(3) +
                                      "\x2a\x01"
                                      "c"
                              ) +
                              field('\x3a', "more") + field('\x0a', time_field(2)) + "\x18\x01";
    bool is_inferred = false;
    TraceNotes notes;
    BOOST_REQUIRE(notes.unpack(newer, is_inferred));
    BOOST_TEST(is_inferred);
    BOOST_TEST(told(notes.first()) == "1:a 2:");
    BOOST_TEST(told(notes.last()) == "3:c");
    BOOST_TEST((notes.first().front().kind == TraceNoteKind::event));
    notes.append(line(4, "d"), 6);
    BOOST_TEST(told(notes.last()) == "3:c 4:d");
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_told_and_change_nothing) {
    TraceNotes notes;
    for (int i = 0; i < 4; ++i) {
        notes.append({.wall_ns = i, .kind = TraceNoteKind::child, .lost_before = 1, .other = 2, .text = "text"}, 6);
    }
    const std::string whole = notes.packed(true);
    const std::string one = field('\x0a', time_field(1));
    bool is_inferred = true;
    for (std::size_t size = 1; size < whole.size(); ++size) {
        // A cut is seen unless it falls between two fields.
        TraceNotes read = notes;
        if (read.unpack(std::string_view(whole).substr(0, size), is_inferred)) {
            BOOST_TEST(whole.starts_with(read.packed(is_inferred)));
            BOOST_TEST(read.packed(is_inferred).size() == size);
        } else {
            BOOST_TEST(read.packed(true) == whole);
        }
    }
    is_inferred = true;
    for (const std::string& bad : {
             std::string("\x0a"),               // no length
             std::string("\x0a\x7f"),           // longer than what is there
             one + std::string("\x0b"),         // a group
             one + std::string("\x18"),         // a bool without its byte
             one + std::string(11, '\x80'),     // an endless number
             one + std::string("\x00\x00", 2),  // field 0
             one + field(
                       '\x12',
                       "\x2a\x05"
                       "abc"
                   ),                                          // a text longer than its line
             one + field('\x12', std::string("\x09\x01", 2)),  // half a time
             one + field('\x0a', "\x18\x80"),                  // half a number
         }) {
        TraceNotes read = notes;
        BOOST_TEST(!read.unpack(bad, is_inferred));
        BOOST_TEST(is_inferred);
        BOOST_TEST(read.packed(true) == whole);
    }
}

// Every byte of a packed form set to every value: read or refused, and what is read is written as something that reads
// the same.
BOOST_AUTO_TEST_CASE(any_changed_byte_is_read_or_refused_and_does_no_harm) {
    TraceNotes notes;
    notes.append({.wall_ns = 1, .kind = TraceNoteKind::link, .lost_before = 1, .other = 2, .text = "ab"}, 3);
    notes.append({.wall_ns = 2, .text = "cd"}, 3);
    const std::string whole = notes.packed(true);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            std::string changed = whole;
            changed[at] = static_cast<char>(value);
            bool is_inferred = false;
            TraceNotes read;
            if (!read.unpack(changed, is_inferred)) continue;
            BOOST_REQUIRE(told(unpacked(read.packed(is_inferred)).first()) == told(read.first()));
            BOOST_REQUIRE(told(unpacked(read.packed(is_inferred)).last()) == told(read.last()));
            read.append(line(3, "e"), 3);
            BOOST_REQUIRE(read.first().size() + read.last().size() <= 4U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
