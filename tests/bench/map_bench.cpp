// A count by label value.
#include "tests/bench/bench.hpp"

namespace {

using namespace quipu::bench;

void ours(benchmark::State& state) {
    static Pushed pushed;
    const quipu::CounterMap map = pushed.outbox.counter_map("bench/map", "label", "counts");
    pin(state);
    const auto& labels = keys();
    std::size_t i = 0;
    for (auto _ : state) {
        map.add(labels[i]);
        i = i + 1 == labels.size() ? 0 : i + 1;
    }
}

BENCHMARK(ours)->Name("map/ours")->Threads(1)->Threads(2);

}  // namespace
