#include "tests/support/profiled.hpp"

#include <signal.h>

// The linker tells where a section of this kind of name begins and ends.
extern "C" const char __start_quipu_busy[];
extern "C" const char __stop_quipu_busy[];

namespace quipu::test {

namespace {

[[gnu::noinline, gnu::section("quipu_busy")]] std::uint64_t spin(std::uint64_t value) {
    for (int i = 0; i < 100'000; ++i) value = (value ^ static_cast<std::uint64_t>(i)) * 0x100000001b3U;
    return value;
}

}  // namespace

[[gnu::noinline]] void spin_once() {
    static std::atomic<std::uint64_t> result;
    result = spin(result);
}

bool is_in_spin(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(&__start_quipu_busy) &&
           address < reinterpret_cast<std::uint64_t>(&__stop_quipu_busy);
}

std::uint64_t address_of_spin_once() {
    return reinterpret_cast<std::uint64_t>(&spin_once);
}

bool has_default_action() {
    struct sigaction now {};

    sigaction(SIGPROF, nullptr, &now);
    return (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

EmitterOptions Profiled::options() const {
    EmitterOptions it;
    it.program = "maild";
    it.socket_path = dir.file("ingest.sock");
    it.flush_interval = std::chrono::milliseconds(5);
    it.log = [](std::string_view) {};
    return it;
}

}  // namespace quipu::test
