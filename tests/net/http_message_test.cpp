#include "daemon/net/http_message.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <ctime>
#include <string>

#include "daemon/pages/page.hpp"

using namespace quipu;

namespace net_http_message {

namespace {

std::string date_at(std::int64_t seconds) {
    const std::string head = response_head(Response{}, Framing::length, 11, false, Now{0, seconds * 1'000'000'000});
    const std::size_t begin = head.find("\r\nDate: ") + 8;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string strftimes(std::time_t seconds) {
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

}  // namespace

}  // namespace net_http_message

using namespace net_http_message;

BOOST_AUTO_TEST_SUITE(net_http_message)

BOOST_AUTO_TEST_CASE(the_date_of_an_answer_is_written_as_rfc_9110_wants_it) {
    BOOST_TEST(date_at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(date_at(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    BOOST_TEST(date_at(1'709'251'199) == "Thu, 29 Feb 2024 23:59:59 GMT");
}

BOOST_AUTO_TEST_CASE(the_date_of_an_answer_is_right_for_two_centuries) {
    constexpr std::int64_t last = 7'258'118'400;  // in 2200
    constexpr std::int64_t step = 12 * 86'400 + 12'345;
    for (std::int64_t at = 0; at < last; at += step) BOOST_TEST(date_at(at) == strftimes(at));
}

BOOST_AUTO_TEST_SUITE_END()
