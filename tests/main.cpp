// The one unit test program. Suites are listed in meson.build; a suite's name is its path with underscores.
#define BOOST_TEST_MODULE quipu
#include <boost/test/unit_test.hpp>
