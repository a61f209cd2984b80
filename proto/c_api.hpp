// What the files of the C interface (quipu.h) share: the emitter behind its handle, strings from C, and the wall that
// no exception passes.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "proto/emitter.hpp"
#include "proto/quipu.h"

namespace quipu {

inline std::string_view view(const char* text) {
    return text ? std::string_view(text) : std::string_view();
}

// What `work` returns, or `otherwise` where it throws: out of memory, out of threads.
template <typename Work, typename Value>
Value without_exceptions(Value otherwise, Work work) noexcept {
    try {
        return work();
    } catch (...) {
        return otherwise;
    }
}

// The same for work that returns nothing.
template <typename Work>
void without_exceptions(Work work) noexcept {
    without_exceptions(false, [&] { return work(), true; });
}

// Handles by name. A name that comes again gives the same handle, so that declaring in a loop does not grow.
template <typename Handle>
using Handles = std::map<std::string, std::unique_ptr<Handle>, std::less<>>;

}  // namespace quipu

struct quipu_counter {
    quipu::Counter counter;
};

struct quipu_gauge {
    quipu::Gauge gauge;
};

struct quipu_text {
    quipu::Text text;
};

struct quipu_counter_map {
    quipu::CounterMap map;
    quipu_emitter* owner = nullptr;
    quipu::Handles<quipu_counter> by_label;  // at most max_labels, and (other)
};

struct quipu_gauge_map {
    quipu::GaugeMap map;
    quipu_emitter* owner = nullptr;
    quipu::Handles<quipu_gauge> by_label;
};

struct quipu_emitter {
    explicit quipu_emitter(quipu::EmitterOptions options)
        : max_labels(options.max_labels), emitter(std::move(options)) {}

    const std::size_t max_labels;
    std::mutex mutex;  // over the handles below, and the maps' labels
    quipu::Handles<quipu_counter> counters;
    quipu::Handles<quipu_gauge> gauges;
    quipu::Handles<quipu_text> texts;
    quipu::Handles<quipu_counter_map> counter_maps;
    quipu::Handles<quipu_gauge_map> gauge_maps;
    quipu::Emitter emitter;  // last made, first gone: handlers run until then
};
