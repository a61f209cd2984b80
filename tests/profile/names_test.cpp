#include "daemon/profile/names.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(profile_names)

using namespace quipu;

BOOST_AUTO_TEST_CASE(names_lose_what_makes_them_long) {
    const struct {
        std::string_view demangled;
        std::string_view name;
    } cases[] = {
        {"maild::Session::run(std::shared_ptr<maild::Session>)", "maild::Session::run"},
        {"void std::sort<int*>(int*, int*)", "std::sort"},
        {"std::vector<int, std::allocator<int> >::push_back(int&&)", "std::vector::push_back"},
        {"(anonymous namespace)::be_busy()", "(anonymous namespace)::be_busy"},
        {"maild::(anonymous namespace)::parse(std::basic_string_view<char>)", "maild::(anonymous namespace)::parse"},
        {"A::operator()(int) const", "A::operator()"},
        {"bool operator< <int>(A<int> const&, A<int> const&)", "operator<"},
        {"std::ostream& operator<<(std::ostream&, X const&)", "operator<<"},
        {"A::operator->() const", "A::operator->"},
        {"operator new(unsigned long)", "operator new"},
        {"A::operator bool() const", "A::operator bool"},
        {"f(int)::{lambda(int)#1}::operator()(int) const", "f::{lambda#1}::operator()"},
        {"non-virtual thunk to A::f()", "A::f"},
        {"void f<(E)1>(int) [clone .cold]", "f"},
        {"operators::go(int)", "operators::go"},
        {"main", "main"},
        {"unsigned long f<int>()", "f"},
        {"void (*g<int>())(int)", "void (*g<int>())(int)"},
    };

    for (const auto& c : cases) {
        BOOST_TEST_CONTEXT(c.demangled) {
            BOOST_TEST(short_function_name(c.demangled) == c.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(mangled_names_are_read_and_others_stay) {
    BOOST_TEST(readable_function_name("_ZN5maild7Session3runEv") == "maild::Session::run");
    BOOST_TEST(readable_function_name("_ZSt4sortIPiEvT_S1_") == "std::sort");
    BOOST_TEST(readable_function_name("busy_hash_inner") == "busy_hash_inner");
    BOOST_TEST(readable_function_name("_Znonsense") == "_Znonsense");
    BOOST_TEST(readable_function_name("") == "");
}

BOOST_AUTO_TEST_CASE(any_text_ends_and_stays_short) {
    for (const std::string_view text :
         {"<", "((((", ">>>>", "operator", "operator<", "a<b", "f(", "a b c ", "[clone", "{"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!short_function_name(text).empty());
        }
    }
    BOOST_TEST(short_function_name(std::string(100'000, 'x')).size() <= 1024U);
    BOOST_TEST(readable_function_name(std::string(100'000, 'x')).size() <= 1024U);
    BOOST_TEST(readable_function_name("_Z" + std::string(100'000, 'x')).size() <= 1024U);
}

BOOST_AUTO_TEST_SUITE_END()
