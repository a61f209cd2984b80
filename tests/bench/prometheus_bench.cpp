// The peer prometheus-cpp.
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "tests/bench/bench.hpp"

namespace {

using namespace quipu::bench;

void by_handle(benchmark::State& state) {
    static prometheus::Registry registry;
    static auto& counter = prometheus::BuildCounter().Name("count").Register(registry).Add({});
    pin(state);
    for (auto _ : state) counter.Increment();
}

void by_label(benchmark::State& state) {
    static prometheus::Registry registry;
    static auto& family = prometheus::BuildCounter().Name("map").Register(registry);
    pin(state);
    std::size_t i = 0;
    for (auto _ : state) {
        family.Add({{"label", keys()[i]}}).Increment();
        i = i + 1 == keys().size() ? 0 : i + 1;
    }
}

BENCHMARK(by_handle)->Name("counter/prometheus-cpp")->Threads(1)->Threads(2);
BENCHMARK(by_label)->Name("map/prometheus-cpp")->Threads(1)->Threads(2);

}  // namespace
