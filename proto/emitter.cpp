// The public API, forwarded to the outbox and the courier.
#include "proto/emitter.hpp"

#include <cstdarg>
#include <new>

#include "proto/courier.hpp"
#include "proto/event_text.hpp"
#include "proto/limits.hpp"
#include "proto/masking.hpp"
#include "proto/outbox.hpp"

namespace quipu {

void Counter::add_slowly(std::uint64_t n) const noexcept {
    if (outbox_) outbox_->add_slowly(cell_, n);
}

Counter CounterMap::operator()(std::string_view label_value) const noexcept {
    return table_ ? table_->outbox().counter_of(*table_, label_value) : Counter();
}

// Look-up and count in one call, which keeps everything in registers.
void CounterMap::add(std::string_view label_value, std::uint64_t n) const noexcept {
    if (!table_) return;
    const LabelNode* node = table_->find(label_value);
    if (!node || !this_thread_cells.add(table_->emitter(), node->index, n)) [[unlikely]]
        add_slowly(label_value, n);
}

void CounterMap::add_slowly(std::string_view label_value, std::uint64_t n) const noexcept {
    (*this)(label_value).add(n);
}

void Gauge::set(double value) const noexcept {
    if (value_) value_->store(value, std::memory_order_relaxed);
}

void Gauge::add(double delta) const noexcept {
    if (value_) value_->fetch_add(delta, std::memory_order_relaxed);
}

Gauge GaugeMap::operator()(std::string_view label_value) const {
    return outbox_ ? outbox_->gauge_of(family_, label_value) : Gauge();
}

void Text::set(std::string_view value) const noexcept {
    if (!mailbox_) return;
    auto* fresh = new (std::nothrow) std::string(value.substr(0, limits::max_text_bytes));
    delete mailbox_->exchange(fresh, std::memory_order_acq_rel);
}

// --- Trace -----------------------------------------------------------------------------------------------------------

[[gnu::hot]] void Trace::printf(const char* form, ...) noexcept {
    if (!outbox_) return;
    EventArguments args;
    EventArguments again;
    va_start(args.list, form);
    va_start(again.list, form);
    outbox_->append_formatted(place_, wire::TraceEventKind::event, form, args, again);
    va_end(again.list);
    va_end(args.list);
}

void Trace::error(const char* form, ...) noexcept {
    if (!outbox_) return;
    EventArguments args;
    EventArguments again;
    va_start(args.list, form);
    va_start(again.list, form);
    outbox_->append_formatted(place_, wire::TraceEventKind::error, form, args, again);
    va_end(again.list);
    va_end(args.list);
}

[[gnu::hot]] void Trace::event(std::string_view text) noexcept {
    if (outbox_) append(wire::TraceEventKind::event, outbox_->now_ns(), text);
}

void Trace::event_at(TraceTime when, std::string_view text) noexcept {
    if (outbox_) append(wire::TraceEventKind::event, outbox_->steady_ns(when), text);
}

void Trace::error_at(TraceTime when, std::string_view text) noexcept {
    if (outbox_) append(wire::TraceEventKind::error, outbox_->steady_ns(when), text);
}

[[gnu::hot]] void Trace::append(
    wire::TraceEventKind kind, std::uint64_t when_steady_ns, std::string_view text
) noexcept {
    if (text.size() > limits::max_event_bytes) [[unlikely]]
        return append_cut(kind, when_steady_ns, text);
    outbox_->append_event(place_, kind, when_steady_ns, text, 0);
}

void Trace::append_cut(wire::TraceEventKind kind, std::uint64_t when_steady_ns, std::string_view text) noexcept {
    EventText cut;
    text.copy(cut.data(), limits::max_event_bytes);
    outbox_->append_event(place_, kind, when_steady_ns, cut_event(cut), 0);
}

[[gnu::hot]] Trace Trace::child(std::string_view family, std::string_view title) noexcept {
    return outbox_ ? outbox_->begin_trace(family, title, id()) : Trace();
}

Trace Trace::child_at(TraceTime begun, std::string_view family, std::string_view title) noexcept {
    return outbox_ ? outbox_->begin_trace(family, title, id(), outbox_->steady_ns(begun), true) : Trace();
}

[[gnu::hot]] void Trace::link(const Trace& other, std::string_view why) noexcept {
    if (outbox_) append_link(outbox_->now_ns(), other, why);
}

void Trace::link_at(TraceTime when, const Trace& other, std::string_view why) noexcept {
    if (outbox_) append_link(outbox_->steady_ns(when), other, why);
}

[[gnu::hot]] void Trace::append_link(std::uint64_t when_steady_ns, const Trace& other, std::string_view why) noexcept {
    const std::uint64_t target = other.id();
    if (target == 0) return;
    why = why.substr(0, limits::max_event_bytes);
    outbox_->append_event(place_, wire::TraceEventKind::link, when_steady_ns, why, target);
}

[[gnu::hot]] void Trace::finish() noexcept {
    if (Outbox* outbox = std::exchange(outbox_, nullptr)) outbox->finish_trace(place_, outbox->now_ns());
}

void Trace::finish_at(TraceTime when) noexcept {
    if (Outbox* outbox = std::exchange(outbox_, nullptr)) outbox->finish_trace(place_, outbox->steady_ns(when));
}

[[gnu::hot]] std::uint64_t Trace::id() const noexcept {
    return outbox_ ? outbox_->trace_id(place_) : 0;
}

// --- Emitter ---------------------------------------------------------------------------------------------------------

Emitter::Emitter(EmitterOptions options) : outbox_(std::make_unique<Outbox>(options)) {
    outbox_->set_config_text(masked_config(options.config_text, {options.secret_names, options.secret_values}));
    courier_ = std::make_unique<Courier>(*outbox_, std::move(options));
}

Emitter::~Emitter() = default;

Counter Emitter::counter(std::string_view name, std::string_view help, std::string_view unit) {
    return outbox_->counter(name, help, unit);
}

Gauge Emitter::gauge(std::string_view name, std::string_view help, std::string_view unit, Merge merge) {
    return outbox_->gauge(name, help, unit, merge);
}

Text Emitter::text(std::string_view name, std::string_view help) {
    return outbox_->text(name, help, false);
}

Text Emitter::json(std::string_view name, std::string_view help) {
    return outbox_->text(name, help, true);
}

CounterMap Emitter::counter_map(std::string_view name, std::string_view label_name, std::string_view help) {
    return outbox_->counter_map(name, label_name, help);
}

GaugeMap Emitter::gauge_map(std::string_view name, std::string_view label_name, std::string_view help, Merge merge) {
    return outbox_->gauge_map(name, label_name, help, merge);
}

Trace Emitter::trace(std::string_view family, std::string_view title) noexcept {
    return outbox_->begin_trace(family, title, 0);
}

Trace Emitter::inferred_trace(TraceTime begun, std::string_view family, std::string_view title) noexcept {
    return outbox_->begin_trace(family, title, 0, outbox_->steady_ns(begun), true);
}

void Emitter::on_query(std::string_view topic, QueryHandler handler) {
    outbox_->on_query(topic, std::move(handler), false);
}

void Emitter::on_query_anyhow(std::string_view topic, QueryHandler handler) {
    outbox_->on_query(topic, std::move(handler), true);
}

int Emitter::calls_fd() const noexcept {
    return courier_->calls_fd();
}

void Emitter::make_calls() {
    courier_->make_calls();
}

void Emitter::set_config_text(std::string_view text) {
    outbox_->set_config_text(masked_config(text, courier_->secrets()));
}

void Emitter::end(std::string_view reason) noexcept {
    courier_->stop(reason);
}

bool Emitter::flush() noexcept {
    return courier_->flush();
}

bool Emitter::is_connected() const noexcept {
    return courier_->is_connected();
}

}  // namespace quipu
