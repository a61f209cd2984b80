// The text of an event is vsnprintf's, byte by byte, whichever way it was made.
#include "proto/event_text.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

using namespace quipu;

namespace proto_event_text {

namespace {

// Not declared as printf-like: compilers know better than to let some of the formats below pass.
std::string made(const char* format, ...) {
    EventText text;
    EventArguments args;
    va_start(args.list, format);
    EventArguments again;
    va_start(again.list, format);
    std::string out(format_event(text, format, args, again));
    va_end(again.list);
    va_end(args.list);
    return out;
}

std::string wanted(const char* format, ...) {
    std::string out(10'000, 'x');
    std::va_list args;
    va_start(args, format);
    out.resize(static_cast<std::size_t>(std::vsnprintf(out.data(), out.size(), format, args)));
    va_end(args);
    return out;
}

}  // namespace

}  // namespace proto_event_text

using namespace proto_event_text;

BOOST_AUTO_TEST_SUITE(proto_event_text)

// The same arguments through both.
#define CHECK_SAME(...) BOOST_TEST(made(__VA_ARGS__) == wanted(__VA_ARGS__))

BOOST_AUTO_TEST_CASE(the_usual_conversions_are_printfs) {
    CHECK_SAME("plain");
    CHECK_SAME("%s", "");
    CHECK_SAME("-> %s, %d bytes", "250 2.1.5 ok", 17);
    CHECK_SAME("%s%s", "a", "b");
    CHECK_SAME("%.*s|", 3, "abcdef");
    CHECK_SAME("%.*s|", 0, "abc");
    CHECK_SAME("%.*s|", 10, "abc");
    CHECK_SAME("%c%c", 'a', 0);
    CHECK_SAME("100%%, %%s %d%%", 5);
    CHECK_SAME("%d %d %i", INT_MIN, INT_MAX, -0);
    CHECK_SAME("%u %x", UINT_MAX, 0xdeadbeefU);
    CHECK_SAME("%ld %lu %lx %li", LONG_MIN, ULONG_MAX, ULONG_MAX, -1L);
    CHECK_SAME("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, 255ULL);
    CHECK_SAME("%zu %zd %zx", SIZE_MAX, static_cast<std::ptrdiff_t>(-5), sizeof(int));
}

BOOST_AUTO_TEST_CASE(whatever_else_a_format_holds_is_printfs_too) {
    const char* const nothing = nullptr;
    const double third = 1.0 / 3;
    int here = 0;
    CHECK_SAME("%5d|%-5d|%05d|%+d|% d|%#x|%X", 42, 42, 42, 42, 42, 42U, 42U);
    CHECK_SAME("%*d|%.*f|%.3f|%g|%e|%a", 6, 42, 2, third, third, third, third, third);
    CHECK_SAME("%10s|%-10s|%.2s|%*s", "abc", "abc", "abc", 7, "abc");
    CHECK_SAME("%.*s|", -1, "abc");
    CHECK_SAME("%s after %d", nothing, here);
    CHECK_SAME("%hd %hhu", static_cast<short>(-3), static_cast<unsigned char>(7));
    CHECK_SAME("%jd %td %Lf", std::intmax_t{9}, std::ptrdiff_t{-4}, 0.5L);
    CHECK_SAME("%o %p", 8U, static_cast<void*>(&here));
    CHECK_SAME("%ls|", L"wide");
    CHECK_SAME("%2$s %1$s", "world", "hello");
    CHECK_SAME("%s then %5d then %s", "first", 7, "last");  // begun here, made anew there
    errno = ENOENT;
    CHECK_SAME("%m");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_cut_and_marked) {
    const std::string most(limits::max_event_bytes, 'a');
    BOOST_TEST(made("%s", most.c_str()) == most);
    const std::string cut = most.substr(3) + "...";
    BOOST_TEST(made("%s", (most + "a").c_str()) == cut);
    BOOST_TEST(made("%s%d", most.c_str(), 1) == cut);
    BOOST_TEST(made("%s%c", most.c_str(), 'x') == cut);
    const std::string room_for_two = most.substr(2);
    BOOST_TEST(made("%s%d", room_for_two.c_str(), 12) == room_for_two + "12");
    BOOST_TEST(made("%s%d", room_for_two.c_str(), 123).ends_with("a..."));
}

// A part of a larger text, as of a std::string_view, ends in no NUL.
BOOST_AUTO_TEST_CASE(a_piece_is_not_read_beyond_its_size) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, limits::max_event_bytes - 1, limits::max_event_bytes}) {
        const std::vector<char> piece(size, 'a');
        BOOST_TEST(made("%.*s", static_cast<int>(size), piece.data()) == std::string(size, 'a'));
    }
    const std::vector<char> longer(limits::max_event_bytes + 1, 'a');
    const std::string cut = std::string(limits::max_event_bytes - 3, 'a') + "...";
    BOOST_TEST(made("%.*s", static_cast<int>(longer.size()), longer.data()) == cut);
    BOOST_TEST(made("%.*s", 5000, "short") == "short");
}

BOOST_AUTO_TEST_CASE(numbers_around_each_count_of_digits_are_printfs) {
    for (const int number : {0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 9999, INT_MAX}) {
        CHECK_SAME("<- %d ok", number);
        CHECK_SAME("<- %d ok", -number);
        CHECK_SAME("%u%x", static_cast<unsigned>(number), static_cast<unsigned>(number));
    }
    const std::string room_for_two(limits::max_event_bytes - 2, 'a');
    BOOST_TEST(made("%s%d", room_for_two.c_str(), 7) == room_for_two + "7");
}

// It still tells where it was, and is no longer than other texts.
BOOST_AUTO_TEST_CASE(a_format_that_printf_refuses_is_the_text_itself) {
    const wchar_t unpaired[] = {0x110000, 0};
    BOOST_TEST(made("%ls", unpaired) == "%ls");
    const std::string long_one = std::string(limits::max_event_bytes, 'a') + "%ls";
    BOOST_TEST(made(long_one.c_str(), unpaired) == std::string(limits::max_event_bytes - 3, 'a') + "...");
}

BOOST_AUTO_TEST_SUITE_END()
