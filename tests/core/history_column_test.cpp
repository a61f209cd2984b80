// Sixty points of a series as bytes, and back.
#include "daemon/core/history_column.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <random>

#include "daemon/core/history_block.hpp"

BOOST_AUTO_TEST_SUITE(core_history_column)

using namespace quipu;

namespace {

HistoryColumn filled(bool is_real, std::uint64_t (*value)(int)) {
    HistoryColumn column;
    column.is_real = is_real;
    for (int i = 0; i < block_points; ++i) column.set(i, value(i));
    return column;
}

std::string bytes_of(const HistoryColumn& column) {
    std::string bytes;
    append_column(bytes, column);
    return bytes;
}

// What comes back, point by point; gaps are gaps.
void check_comes_back(const HistoryColumn& column) {
    HistoryColumn back;
    BOOST_REQUIRE(read_column(bytes_of(column), back));
    BOOST_TEST(back.is_real == column.is_real);
    BOOST_TEST(back.present == column.present);
    for (int i = 0; i < block_points; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (column.has(i)) BOOST_TEST(back.values[at] == column.values[at]);
    }
}

std::uint64_t bits(double value) {
    return std::bit_cast<std::uint64_t>(value);
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_of_all_sizes_come_back_exactly) {
    const auto most = std::numeric_limits<std::uint64_t>::max();
    check_comes_back({});
    check_comes_back(filled(false, [](int) { return std::uint64_t{0}; }));
    check_comes_back(filled(false, [](int i) { return std::uint64_t{1} << i; }));
    check_comes_back(filled(false, [](int i) { return (std::uint64_t{1} << 53) + static_cast<std::uint64_t>(i); }));
    check_comes_back(filled(true, [](int i) { return bits(i * 0.1 - 3); }));
    HistoryColumn column;
    column.set(0, most);
    column.set(30, 0);
    column.set(59, most);
    check_comes_back(column);
    column.is_real = true;
    column.set(7, bits(std::numeric_limits<double>::denorm_min()));
    column.set(8, bits(-0.0));
    check_comes_back(column);
}

BOOST_AUTO_TEST_CASE(random_columns_with_gaps_come_back_exactly) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 2000; ++round) {
        HistoryColumn column;
        column.is_real = random() % 2 == 0;
        const std::uint64_t size = random() % 64;
        for (int i = 0; i < block_points; ++i) {
            if (random() % 4 != 0) column.set(i, random() >> size);
        }
        check_comes_back(column);
    }
}

BOOST_AUTO_TEST_CASE(what_stands_still_takes_few_bytes_and_nothing_takes_more_than_it_has) {
    BOOST_TEST(bytes_of(filled(false, [](int) { return std::uint64_t{0}; })).size() == 2u);
    BOOST_TEST(bytes_of(filled(false, [](int) { return std::uint64_t{1000000}; })).size() == 4u);
    // 59 changes of one byte each, the mask, the flags and the first value.
    BOOST_TEST(bytes_of(filled(false, [](int i) { return static_cast<std::uint64_t>(i) * 3; })).size() == 69u);
    BOOST_TEST(bytes_of(filled(true, [](int i) { return bits(i % 2); })).size() < 190u);
    const auto wild = [](int i) { return std::uint64_t{0x9e3779b97f4a7c15} * static_cast<std::uint64_t>(i + 1); };
    BOOST_TEST(bytes_of(filled(false, wild)).size() == 1u + 8u * block_points);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_some_column_and_never_beyond_their_end) {
    std::mt19937_64 random(2);
    HistoryColumn column;
    for (int i = 0; i < block_points; i += 2) column.set(i, random() >> 40);
    const std::string good = bytes_of(column);
    for (std::size_t length = 0; length < good.size(); ++length) {
        HistoryColumn out;
        BOOST_TEST(!read_column(std::string(good.substr(0, length)), out));
    }
    HistoryColumn out;
    BOOST_TEST(!read_column(good + '\0', out));
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            if (read_column(bad, out)) BOOST_TEST((out.present >> block_points) == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_block_has_each_series_once_and_damage_in_one_is_not_anothers) {
    HistoryBlock block;
    const HistoryColumn one = filled(false, [](int i) { return static_cast<std::uint64_t>(i); });
    const HistoryColumn two = filled(true, [](int i) { return bits(i / 2.0); });
    block.add(3, one);
    block.add(1000, two);
    HistoryBlock back;
    BOOST_REQUIRE(HistoryBlock::parse(block.bytes(), back));
    HistoryColumn column;
    BOOST_REQUIRE(back.read(3, column));
    BOOST_TEST(column.values[59] == 59u);
    BOOST_REQUIRE(back.read(1000, column));
    BOOST_TEST(column.values[59] == bits(29.5));
    for (const std::uint32_t id : {0U, 1U, 4U, 999U, 1001U}) BOOST_TEST(!back.read(id, column));

    for (std::size_t length = 1; length < block.bytes().size(); ++length) {
        HistoryBlock cut;
        const bool is_whole = HistoryBlock::parse(block.bytes().substr(0, length), cut);
        // Where it ends between two series it is a block of one.
        if (is_whole) BOOST_TEST((cut.read(3, column) && !cut.read(1000, column)));
    }
    HistoryBlock unsorted;
    unsorted.add(5, one);
    unsorted.add(4, one);
    BOOST_TEST(!HistoryBlock::parse(unsorted.bytes(), back));
}

BOOST_AUTO_TEST_SUITE_END()
