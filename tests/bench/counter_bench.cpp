// A count by handle: ours, one cell a thread as the limit, and one atomic for all.
#include <atomic>

#include "tests/bench/bench.hpp"

namespace {

using namespace quipu::bench;

thread_local std::atomic<std::uint64_t> own_cell;
std::atomic<std::uint64_t> one_for_all;

void ours(benchmark::State& state) {
    static Pushed pushed;
    const quipu::Counter counter = pushed.outbox.counter("bench/count", "counts", {});
    pin(state);
    for (auto _ : state) {
        counter.add();
        benchmark::ClobberMemory();
    }
}

void limit(benchmark::State& state) {
    pin(state);
    std::atomic<std::uint64_t>& cell = own_cell;
    for (auto _ : state) {
        cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        benchmark::ClobberMemory();
    }
}

void atomic(benchmark::State& state) {
    pin(state);
    for (auto _ : state) one_for_all.fetch_add(1, std::memory_order_relaxed);
}

BENCHMARK(ours)->Name("counter/ours")->Threads(1)->Threads(2);
BENCHMARK(limit)->Name("counter/limit")->Threads(1)->Threads(2);
BENCHMARK(atomic)->Name("counter/atomic")->Threads(1)->Threads(2);

}  // namespace
