// Traces: a whole one, one event, and the limit: the clock read and 48 bytes copied into a ring.
#include <ctime>

#include <cstring>
#include <vector>

#include "tests/bench/bench.hpp"

namespace {

using namespace quipu::bench;

constexpr std::size_t ring_bytes = 256 * 1024;
constexpr std::string_view fixed_text = "accepted the message and put it into the queue: ";
static_assert(fixed_text.size() == 48);

// Drains the ring in time, outside of what is measured.
void drain_after(benchmark::State& state, Pushed& pushed, std::size_t& events, std::size_t more) {
    events += more;
    if (events < 1500) return;
    state.PauseTiming();
    pushed.drain();
    events = 0;
    state.ResumeTiming();
}

void whole(benchmark::State& state) {
    static Pushed pushed;
    pin(state);
    std::size_t events = 0;
    for (auto _ : state) {
        {
            quipu::Trace trace = pushed.outbox.begin_trace("SMTP.Conn", "192.0.2.1:4711", 0);
            for (int i = 0; i < 10; ++i) trace.printf("-> %s, %d bytes", "250 2.1.5 ok", i);
        }
        drain_after(state, pushed, events, 10);
    }
}

void one_printf(benchmark::State& state) {
    static Pushed pushed;
    pin(state);
    quipu::Trace trace = pushed.outbox.begin_trace("SMTP.Conn", "192.0.2.1:4711", 0);
    std::size_t events = 0;
    int i = 0;
    for (auto _ : state) {
        trace.printf("-> %s, %d bytes", "250 2.1.5 ok", ++i);
        drain_after(state, pushed, events, 1);
    }
}

void one_event(benchmark::State& state) {
    static Pushed pushed;
    pin(state);
    quipu::Trace trace = pushed.outbox.begin_trace("SMTP.Conn", "192.0.2.1:4711", 0);
    std::size_t events = 0;
    for (auto _ : state) {
        trace.event(fixed_text);
        drain_after(state, pushed, events, 1);
    }
}

void limit(benchmark::State& state) {
    pin(state);
    std::vector<char> ring(ring_bytes);
    std::size_t at = 0;
    for (auto _ : state) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        std::memcpy(ring.data() + at, &now, sizeof now);
        std::memcpy(ring.data() + at + sizeof now, fixed_text.data(), fixed_text.size());
        at = (at + 64) & (ring_bytes - 1);
        benchmark::ClobberMemory();
    }
}

BENCHMARK(whole)->Name("trace/ours")->Threads(1);
BENCHMARK(one_printf)->Name("trace/printf")->Threads(1);
BENCHMARK(one_event)->Name("trace/event")->Threads(1);
BENCHMARK(limit)->Name("trace/limit")->Threads(1);

}  // namespace
