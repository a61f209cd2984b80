#include "daemon/pages/json.hpp"

#include <boost/json/src.hpp>  // here alone: the parser of all page tests, without a library to link
#include <boost/test/unit_test.hpp>
#include <limits>

BOOST_AUTO_TEST_SUITE(pages_json)

using quipu::JsonWriter;

BOOST_AUTO_TEST_CASE(writes_nested_values_with_commas_where_they_belong) {
    std::string out;
    JsonWriter json(out);
    json.open_object().key("a").open_array().integer(std::uint64_t{1}).text("x").flag(true).close_array();
    json.key("b").open_object().close_object().key("c").open_array().open_array().close_array().close_array();
    json.close_object();
    BOOST_TEST(out == R"({"a":[1,"x",true],"b":{},"c":[[]]})");
    BOOST_CHECK_NO_THROW(boost::json::parse(out));
}

BOOST_AUTO_TEST_CASE(integers_beyond_2_to_53_are_texts) {
    std::string out;
    JsonWriter json(out);
    json.open_array().integer(std::uint64_t{9007199254740992}).integer(std::uint64_t{9007199254740993});
    json.integer(std::numeric_limits<std::uint64_t>::max()).integer(std::int64_t{-5}).close_array();
    BOOST_TEST(out == R"([9007199254740992,"9007199254740993","18446744073709551615",-5])");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_does_not_know_are_null) {
    std::string out;
    JsonWriter json(out);
    json.open_array().number(0.1).number(std::numeric_limits<double>::quiet_NaN());
    json.number(-std::numeric_limits<double>::infinity()).number(1e300).close_array();
    BOOST_TEST(out == "[0.1,null,null,1e+300]");
}

BOOST_AUTO_TEST_CASE(keys_are_escaped) {
    std::string out;
    JsonWriter json(out);
    json.open_object().key("<\"\\>").text("\n").close_object();
    BOOST_TEST(out == R"({"\u003c\u0022\u005c\u003e":"\u000a"})");
}

BOOST_AUTO_TEST_SUITE_END()
