// The unwinder against the C library's own, and against stacks that are none.
#include "proto/unwind.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "proto/unwind_rules.hpp"
#include "tests/support/profiled.hpp"

using namespace quipu;

namespace proto_unwind {

namespace {

Stack ours;
std::array<void*, 200> theirs;
int their_depth = 0;

void on_signal(int /*number*/, siginfo_t* /*info*/, void* context) {
    const int kept_errno = errno;
    their_depth = backtrace(theirs.data(), static_cast<int>(theirs.size()));
    unwind(context, ours);
    errno = kept_errno;
}

struct Handled {
    Handled() {
        backtrace(theirs.data(), 1);  // its first call loads a library

        struct sigaction action {};

        action.sa_sigaction = on_signal;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigaction(SIGUSR2, &action, nullptr);
    }

    ~Handled() { signal(SIGUSR2, SIG_DFL); }
};

[[gnu::noinline]] int recurse(int depth) {
    if (depth == 0) return raise(SIGUSR2);
    const int result = recurse(depth - 1);
    asm volatile("");  // no tail call
    return result + 1;
}

int compare(const void* a, const void* b) {
    raise(SIGUSR2);
    return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

// The C library's begins inside the handler; the return addresses behind are the same, ours within the calls.
void check_same_stack() {
    std::vector<std::uint64_t> expected;
    for (int i = 0; i < their_depth; ++i)
        expected.push_back(reinterpret_cast<std::uint64_t>(theirs[static_cast<std::size_t>(i)]));
    const auto begin = std::find(expected.begin(), expected.end(), ours.addresses[0]);
    BOOST_REQUIRE(begin != expected.end());
    BOOST_REQUIRE(static_cast<std::size_t>(expected.end() - begin) == ours.depth);
    for (std::uint32_t i = 1; i < ours.depth; ++i) {
        const std::uint64_t address = begin[i];
        BOOST_TEST((ours.addresses[i] == address || ours.addresses[i] == address - 1));
    }
}

}  // namespace

}  // namespace proto_unwind

BOOST_FIXTURE_TEST_SUITE(proto_unwind, Handled)

BOOST_AUTO_TEST_CASE(this_build_can_unwind) {
    BOOST_TEST(can_unwind());
}

BOOST_AUTO_TEST_CASE(stacks_are_those_of_the_c_library) {
    recurse(20);
    BOOST_TEST(ours.depth > 22U);
    check_same_stack();
    int numbers[] = {3, 1, 2};
    std::qsort(numbers, 3, sizeof(int), compare);  // through a library without frame pointers
    check_same_stack();
}

#ifndef QUIPU_THREAD_SANITIZED

BOOST_AUTO_TEST_CASE(a_signal_inside_a_signal_handler_leads_on_to_what_that_interrupted) {
    struct sigaction outer {};

    outer.sa_handler = [](int) { recurse(3); };
    sigaction(SIGUSR1, &outer, nullptr);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    check_same_stack();
}

BOOST_AUTO_TEST_CASE(a_signal_on_a_stack_of_its_own_leads_back_to_the_thread_s) {
    std::vector<char> memory(64 * 1024);
    stack_t own{};
    own.ss_sp = memory.data();
    own.ss_size = memory.size();
    sigaltstack(&own, nullptr);

    struct sigaction outer {};

    outer.sa_handler = [](int) { recurse(3); };
    outer.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &outer, nullptr);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    own.ss_flags = SS_DISABLE;
    sigaltstack(&own, nullptr);
    check_same_stack();
}

#endif

BOOST_AUTO_TEST_CASE(a_stack_deeper_than_the_limit_is_cut_and_says_so) {
    recurse(500);
    BOOST_TEST(ours.depth == limits::max_stack_depth);
    BOOST_TEST(ours.is_cut);
    recurse(5);
    BOOST_TEST(!ours.is_cut);
}

#ifdef __x86_64__

BOOST_AUTO_TEST_CASE(registers_and_stacks_full_of_anything_end_in_a_short_stack) {
    std::uint64_t state = 1;  // xorshift: the same on every run
    const auto next = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    };
    // Code to be in: ours, the C library's, the loader's memory, nowhere.
    std::vector<std::uint64_t> places = {reinterpret_cast<std::uint64_t>(&recurse), 0, ~std::uint64_t{0}, 4096};
    for (const char* name : {"qsort", "raise", "dlsym", "printf", "memcpy", "system"}) {
        places.push_back(reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, name)));
    }
    std::vector<std::uint64_t> memory(512);
    for (int round = 0; round < 10'000; ++round) {
        for (std::uint64_t& word : memory) {
            switch (next() % 4) {
                case 0: word = next(); break;
                case 1: word = places[next() % places.size()] + next() % 4096; break;
                case 2: word = reinterpret_cast<std::uint64_t>(&memory[next() % memory.size()]) + next() % 9; break;
                default: word = 0;
            }
        }
        ucontext_t context{};
        for (greg_t& reg : context.uc_mcontext.gregs) reg = static_cast<greg_t>(memory[next() % memory.size()]);
        context.uc_mcontext.gregs[REG_RIP] =
            static_cast<greg_t>(places[next() % places.size()] + next() % (std::uint64_t{1} << next() % 20));
        if (next() % 4 != 0) context.uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(&memory[next() % 256]);
        Stack stack;
        unwind(&context, stack);
        BOOST_REQUIRE(stack.depth >= 1U);
        BOOST_REQUIRE(stack.depth <= limits::max_stack_depth);
    }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
