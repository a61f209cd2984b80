#include "daemon/core/counts.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "daemon/core/metrics.hpp"

BOOST_AUTO_TEST_SUITE(core_counts)

using namespace quipu;

BOOST_AUTO_TEST_CASE(without_a_count_nothing_is_found) {
    Counts counts;
    const Cell cell;
    BOOST_TEST(!counts.find(cell));
    BOOST_TEST(counts.size() == 0U);
    BOOST_TEST((counts.begin() == counts.end()));
}

BOOST_AUTO_TEST_CASE(a_cell_has_one_count_which_stays_where_it_is_however_many_come) {
    Counts counts;
    std::vector<Cell> cells(20'000);
    std::vector<Count*> places;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        BOOST_REQUIRE(!counts.find(cells[i]));
        places.push_back(&counts.of(cells[i]));
        places.back()->now = i;
    }
    BOOST_TEST(counts.size() == cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        BOOST_REQUIRE(counts.find(cells[i]) == places[i]);
        BOOST_REQUIRE(&counts.of(cells[i]) == places[i]);
        BOOST_REQUIRE(places[i]->cell == &cells[i]);
        BOOST_REQUIRE(places[i]->now == i);
    }
    BOOST_TEST(counts.size() == cells.size());
    const Cell other;
    BOOST_TEST(!counts.find(other));
}

BOOST_AUTO_TEST_CASE(counts_come_in_the_order_in_which_they_were_made) {
    Counts counts;
    std::vector<Cell> cells(100);
    for (std::size_t i = cells.size(); i-- > 0;) counts.of(cells[i]);
    std::size_t next = cells.size();
    for (const Count& count : counts) BOOST_REQUIRE(count.cell == &cells[--next]);
    BOOST_TEST(next == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
