// The emitter that does nothing: the functions of <quipu/emitter.hpp> and <quipu/profiler.hpp> that maild calls, empty.
// maild's own objects linked with it are the maild that nobody watches. Nothing of libquipu.a is taken then; where
// maild calls more than what is here, that library comes in and the linker finds these functions twice.
#include <sys/eventfd.h>

#include "proto/emitter.hpp"
#include "proto/profiler.hpp"

namespace quipu {

constinit thread_local ThreadCells this_thread_cells;

void Counter::add_slowly(std::uint64_t) const noexcept {}

Counter CounterMap::operator()(std::string_view) const noexcept {
    return {};
}

void Gauge::set(double) const noexcept {}

Gauge GaugeMap::operator()(std::string_view) const {
    return {};
}

void Text::set(std::string_view) const noexcept {}

// --- Traces ----------------------------------------------------------------------------------------------------------

void Trace::printf(const char*, ...) noexcept {}

void Trace::event(std::string_view) noexcept {}

void Trace::error(const char*, ...) noexcept {}

Trace Trace::child(std::string_view, std::string_view) noexcept {
    return {};
}

void Trace::link(const Trace&, std::string_view) noexcept {}

void Trace::finish() noexcept {}

// --- Questions, which nobody asks ------------------------------------------------------------------------------------

struct PendingQuery {};

Query::~Query() = default;
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;

std::string_view Query::topic() const {
    return {};
}

std::string_view Query::arg(std::string_view) const {
    return {};
}

bool Query::is_cancelled() const {
    return true;
}

bool Query::write(std::string_view) {
    return false;
}

bool Query::write_queue(std::span<const QueueItem>, std::uint64_t) {
    return false;
}

void Query::finish(AnswerStatus, std::string_view) {}

// --- The emitter and the profiler ------------------------------------------------------------------------------------

class Outbox {};

class Courier {};

Emitter::Emitter(EmitterOptions) {}

Emitter::~Emitter() = default;

Counter Emitter::counter(std::string_view, std::string_view, std::string_view) {
    return {};
}

Gauge Emitter::gauge(std::string_view, std::string_view, std::string_view, Merge) {
    return {};
}

Text Emitter::text(std::string_view, std::string_view) {
    return {};
}

CounterMap Emitter::counter_map(std::string_view, std::string_view, std::string_view) {
    return {};
}

GaugeMap Emitter::gauge_map(std::string_view, std::string_view, std::string_view, Merge) {
    return {};
}

Trace Emitter::trace(std::string_view, std::string_view) noexcept {
    return {};
}

void Emitter::on_query(std::string_view, QueryHandler) {}

// One that never becomes readable.
int Emitter::calls_fd() const noexcept {
    static const int never = ::eventfd(0, EFD_CLOEXEC);
    return never;
}

void Emitter::make_calls() {}

struct Profiler::Parts {};

Profiler::Profiler(Emitter& emitter, const ProfilerOptions&) : emitter_(emitter) {}

Profiler::~Profiler() = default;

Task Profiler::task(std::string_view, std::string_view) noexcept {
    return {};
}

void Task::waits_for(std::string_view, std::string_view) noexcept {}

void Task::runs() noexcept {}

void Task::end() noexcept {}

}  // namespace quipu
