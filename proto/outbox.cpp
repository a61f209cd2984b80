// The mail daemon's side: declaring, counting, tracing. The courier's side: outbox_push.cpp, outbox_traces.cpp.
#include "proto/outbox.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>

#include "proto/limits.hpp"

namespace quipu {

namespace {

// Trace numbers start anywhere, so that those of two processes seldom meet; never 0.
std::uint64_t first_trace_number() {
    std::random_device device;
    return (std::uint64_t{device()} << 20 | device()) | 1;
}

constexpr std::uint32_t histogram_width = trace_bounds_s.size() + 2;
constexpr std::uint32_t max_trace_families = 200;
// Of a busy mail daemon, between two pushes.
constexpr std::size_t usual_traces = 1024;
constexpr std::size_t usual_frame_bytes = 32 * 1024;

// As many bounds as are below it. Looked at one after the other without a branch: between two traces of a mail daemon
// the processor has forgotten which way the branches of a search go.
std::uint32_t latency_bucket(std::uint64_t duration_ns) {
    const double seconds = static_cast<double>(duration_ns) * 1e-9;
    std::uint32_t below = 0;
    for (const double bound : trace_bounds_s) below += bound < seconds ? 1 : 0;
    return below;
}

}  // namespace

Outbox::Outbox(const EmitterOptions& options)
    : blocks_(std::make_shared<ThreadBlocks>(
          std::clamp(options.max_series, 64U, limits::max_series), options.max_threads, options.trace_ring_bytes
      )),
      serial_(blocks_->serial()),
      slots_(options.max_open_traces),
      next_trace_(first_trace_number()),
      first_trace_(next_trace_),
      options_(options),
      answers_(std::make_shared<Answers>(options.max_answer_backlog_bytes)) {
    // What is kept is got now. Put between what a mail daemon gets and gives back with each mail, it may lead malloc to
    // give the rest of the heap back to the system each time, and to get it again.
    begun_.reserve(usual_traces);
    ended_.reserve(usual_traces);
    frame_.reserve(usual_frame_bytes);
    dropped_events_ = counter("quipu/emitter/droppedEvents", "trace events lost because a ring was full", {});
    dropped_traces_ = counter("quipu/emitter/droppedTraces", "traces lost whole because too many were open", {});
    sampled_out_ = counter("quipu/emitter/sampledOutTraces", "traces not sent because quipud asked for fewer", {});
    folded_labels_ = counter("quipu/emitter/foldedLabels", "counts that went to the label (other)", {});
    refused_series_ = counter("quipu/emitter/refusedSeries", "series refused: too many, or of another kind", {});
    latency_ = make_table("quipu/emitter/traceSeconds", "family", "how long traces took, by family", true);
}

Outbox::~Outbox() = default;

// --- declaring -----------------------------------------------------------------------------------------------------

void Outbox::publish(std::unique_ptr<Definition> definition) {
    Definition* last = definitions_.empty() ? nullptr : definitions_.back().get();
    Definition* added = definitions_.emplace_back(std::move(definition)).get();
    (last ? last->next : first_).store(added, std::memory_order_release);
}

// The family's record; null where the name is in use with another kind or there is no room.
Outbox::Known* Outbox::declare(std::string_view name, wire::Kind kind, FamilyPart part) {
    name = name.substr(0, limits::max_name_bytes);
    const bool is_labelled = !part.label_name.empty();
    if (const auto it = known_.find(name); it != known_.end()) {
        Known& known = it->second;
        return known.kind == kind && known.is_labelled == is_labelled ? &known : nullptr;
    }
    if (name.empty() || next_family_ > limits::max_families) return nullptr;
    part.name = name;
    part.kind = kind;
    part.help.resize(std::min(part.help.size(), limits::max_help_bytes));
    part.unit.resize(std::min(part.unit.size(), limits::max_word_bytes));
    part.label_name.resize(std::min(part.label_name.size(), limits::max_word_bytes));
    auto definition = std::make_unique<Definition>();
    Known& known = known_[std::string(name)];
    known.kind = kind;
    known.family = next_family_++;
    known.is_labelled = is_labelled;
    definition->family = known.family;
    definition->kind = kind;
    definition->part = std::move(part);
    publish(std::move(definition));
    return &known;
}

SeriesPart* Outbox::add_series(std::uint32_t family, wire::Kind kind, std::string_view label, std::uint32_t width) {
    const std::uint32_t room = std::clamp(options_.max_series, 64U, limits::max_series);
    const std::uint32_t kept = label == "(other)" ? 0 : reserved_;
    if (next_index_ + width + kept > room) return nullptr;
    auto definition = std::make_unique<Definition>();
    definition->family = family;
    definition->kind = kind;
    auto& series = definition->part.emplace<SeriesPart>();
    series.index = next_index_;
    series.label = label;
    next_index_ += width;
    publish(std::move(definition));
    return &series;
}

Counter Outbox::counter(std::string_view name, std::string_view help, std::string_view unit) {
    const std::lock_guard lock(declaring_);
    FamilyPart part;
    part.help = help;
    part.unit = unit;
    Known* known = declare(name, wire::Kind::counter, std::move(part));
    if (known && !known->series) known->series = add_series(known->family, known->kind, {}, 1);
    if (known && known->series) return {this, serial_, known->series->index};
    refused_series_.add();
    return {};
}

Gauge Outbox::gauge(std::string_view name, std::string_view help, std::string_view unit, Merge merge) {
    const std::lock_guard lock(declaring_);
    FamilyPart part;
    part.help = help;
    part.unit = unit;
    part.merge = merge;
    Known* known = declare(name, wire::Kind::gauge, std::move(part));
    if (known && !known->series) known->series = add_series(known->family, known->kind, {}, 1);
    if (known && known->series) return Gauge(&known->series->gauge);
    refused_series_.add();
    return {};
}

Text Outbox::text(std::string_view name, std::string_view help, bool is_json) {
    const std::lock_guard lock(declaring_);
    FamilyPart part;
    part.help = help;
    part.is_json = is_json;
    Known* known = declare(name, wire::Kind::text, std::move(part));
    if (known && !known->series) known->series = add_series(known->family, known->kind, {}, 1);
    if (known && known->series) return Text(&known->series->mailbox);
    refused_series_.add();
    return {};
}

LabelTable* Outbox::make_table(
    std::string_view name, std::string_view label_name, std::string_view help, bool is_latency
) {
    const std::lock_guard lock(declaring_);
    FamilyPart part;
    part.help = help;
    part.label_name = label_name.empty() ? "label" : label_name;
    if (is_latency) {
        part.unit = "seconds";
        part.bounds.assign(trace_bounds_s.begin(), trace_bounds_s.end());
    }
    Known* known = declare(name, is_latency ? wire::Kind::histogram : wire::Kind::counter, std::move(part));
    if (!known) {
        // Another kind has the name, or there is no room: refused. Declared labels would be refused likewise.
        refused_series_.add();
        return nullptr;
    }
    if (!known->table) {
        const std::uint32_t max_labels = is_latency ? max_trace_families : options_.max_labels;
        tables_.push_back(std::make_unique<LabelTable>(*this, serial_, known->family, max_labels));
        known->table = tables_.back().get();
        reserved_ += is_latency ? histogram_width : 1;
    }
    return known->table;
}

CounterMap Outbox::counter_map(std::string_view name, std::string_view label_name, std::string_view help) {
    return CounterMap(make_table(name, label_name, help, false));
}

GaugeMap Outbox::gauge_map(std::string_view name, std::string_view label_name, std::string_view help, Merge merge) {
    const std::lock_guard lock(declaring_);
    FamilyPart part;
    part.help = help;
    part.label_name = label_name.empty() ? "label" : label_name;
    part.merge = merge;
    if (const Known* known = declare(name, wire::Kind::gauge, std::move(part))) return {this, known->family};
    refused_series_.add();
    return {};
}

Gauge Outbox::gauge_of(std::uint32_t family, std::string_view label) {
    const std::lock_guard lock(declaring_);
    label = label.substr(0, limits::max_label_bytes);
    const std::pair key(family, std::string(label));
    if (const auto it = labelled_gauges_.find(key); it != labelled_gauges_.end()) return Gauge(&it->second->gauge);
    const bool has_room = labelled_gauges_.size() < options_.max_labels;
    SeriesPart* series = has_room ? add_series(family, wire::Kind::gauge, label, 1) : nullptr;
    if (!series) {
        refused_series_.add();
        return {};
    }
    labelled_gauges_.emplace(key, series);
    return Gauge(&series->gauge);
}

// A new label's node, or that of "(other)"; null where even that cannot be.
const LabelNode* Outbox::add_label(LabelTable& table, std::string_view label) {
    const std::lock_guard lock(declaring_);
    const bool is_latency = &table == latency_;
    const wire::Kind kind = is_latency ? wire::Kind::histogram : wire::Kind::counter;
    const std::uint32_t width = is_latency ? histogram_width : 1;
    if (const LabelNode* node = table.find(label)) return node;  // another thread was faster
    const bool has_room = table.size() < table.max_labels() && label.size() <= limits::max_label_bytes;
    if (has_room) {
        if (SeriesPart* series = add_series(table.family(), kind, label, width))
            return &table.add(label, series->index);
    }
    if (table.size() >= table.max_labels()) table.set_full();
    if (!table.other()) {
        const LabelNode* node = table.find("(other)");
        if (!node) {
            reserved_ -= width;
            SeriesPart* series = add_series(table.family(), kind, "(other)", width);
            if (!series) return nullptr;
            node = &table.add("(other)", series->index);
        }
        table.set_other(node);
    }
    return table.other();
}

[[gnu::hot]] const LabelNode* Outbox::node_of(LabelTable& table, std::string_view label) noexcept {
    const LabelNode* node = table.find(label);
    if (node) [[likely]]
        return node;
    try {
        node = table.is_full() && table.other() ? table.other() : add_label(table, label);
    } catch (const std::bad_alloc&) {
        node = table.other();
    }
    if (!node || node == table.other()) folded_labels_.add();
    return node;
}

Counter Outbox::counter_of(LabelTable& table, std::string_view label) noexcept {
    const LabelNode* node = node_of(table, label);
    return node ? Counter(this, table.emitter(), node->index) : Counter();
}

void Outbox::on_query(std::string_view topic, QueryHandler call, bool is_ours) {
    const std::string name(topic.substr(0, limits::max_word_bytes));
    Handler handler{std::move(call), is_ours};
    const std::lock_guard lock(describing_);
    std::swap(handlers_[name], handler);  // the one before is destroyed behind the lock
    if (!handlers_[name].call) handlers_.erase(name);
    ++description_;
}

void Outbox::set_config_text(std::string_view masked_text) {
    const std::lock_guard lock(describing_);
    config_text_ = masked_text.substr(0, limits::max_config_bytes);
    ++description_;
}

// --- counting ------------------------------------------------------------------------------------------------------

// After a fork no thread has cells, see ThreadBlocks::reset_after_fork().
[[gnu::always_inline]] inline ThreadBlock* Outbox::block() noexcept {
    if (this_thread_cells.emitter == serial_) [[likely]]
        return this_thread_cells.block;
    return block_slowly();
}

ThreadBlock* Outbox::block_slowly() noexcept {
    if (is_forked_.load(std::memory_order_relaxed) && is_forked_.exchange(false)) on_first_use_after_fork();
    return this_thread_cells.emitter == serial_ ? this_thread_cells.block : blocks_->mine();
}

void Outbox::add_slowly(std::uint32_t index, std::uint64_t n) noexcept {
    if (ThreadBlock* mine = block()) {
        auto& cell = mine->cells[index];
        cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    } else {
        blocks_->add_shared(index, n);
    }
}

// --- tracing -------------------------------------------------------------------------------------------------------

[[gnu::hot]] Trace Outbox::begin_trace(
    std::string_view family, std::string_view title, std::uint64_t parent, std::uint64_t steady_ns, bool is_inferred
) noexcept {
    if (is_forked_.load(std::memory_order_relaxed)) [[unlikely]]
        (void)block_slowly();
    const LabelNode* node = node_of(*latency_, family.substr(0, limits::max_family_bytes));
    const std::uint32_t index = node ? slots_.take() : TraceSlots::none;
    if (index == TraceSlots::none) {
        dropped_traces_.add();
        return {};
    }
    TraceSlot& slot = slots_[index];
    slot.id = next_trace_.fetch_add(1, std::memory_order_relaxed);
    slot.begin_ns = steady_ns;
    slot.end_ns = 0;
    slot.parent = parent;
    slot.is_inferred = is_inferred;
    slot.family = node;
    slot.first_cell = node->index;
    slot.lost = 0;
    slot.title_size = static_cast<std::uint16_t>(std::min(title.size(), slot.title.size()));
    title.copy(slot.title.data(), slot.title_size);
    const std::uint32_t generation = slot.generation.load(std::memory_order_relaxed);
    slots_.push_begun(index);
    return {this, {&slot, index, generation}};
}

[[gnu::hot]] TraceSlot* Outbox::open_slot(TracePlace place) noexcept {
    return place.slot->generation.load(std::memory_order_relaxed) == place.generation ? place.slot : nullptr;
}

// In its callers: a record that is handed over in memory is read in wider pieces than it was written in, and waits.
[[gnu::always_inline]] inline void Outbox::append(
    ThreadBlock* mine, TraceSlot& slot, RingRecord record, std::string_view text
) noexcept {
    record.lost_before = slot.lost;
    if (mine && mine->ring.write(record, text)) [[likely]] {
        slot.lost = 0;
    } else {
        ++slot.lost;
        dropped_events_.add();
    }
}

[[gnu::hot]] void Outbox::append_event(
    TracePlace place, wire::TraceEventKind kind, std::uint64_t steady_ns, std::string_view text, std::uint64_t other
) noexcept {
    TraceSlot* const slot = open_slot(place);
    if (!slot) return;
    RingRecord record{};
    record.slot = place.index;
    record.steady_ns = steady_ns;
    record.other = other;
    record.kind = static_cast<std::uint8_t>(kind);
    append(block(), *slot, record, text);
}

[[gnu::hot]] void Outbox::append_formatted(
    TracePlace place, wire::TraceEventKind kind, const char* format, EventArguments& args, EventArguments& again
) noexcept {
    TraceSlot* const slot = open_slot(place);
    if (!slot) return;
    RingRecord record{};
    record.slot = place.index;
    record.kind = static_cast<std::uint8_t>(kind);
    ThreadBlock* const mine = block();
    if (char* at = mine ? mine->ring.text_place(sizeof(EventText)) : nullptr) [[likely]] {
        const std::string_view text = format_event(*reinterpret_cast<EventText*>(at), format, args, again);
        record.steady_ns = now_ns();
        record.lost_before = slot->lost;
        slot->lost = 0;
        mine->ring.write_placed(record, text.size());
    } else {
        append_formatted_aside(mine, *slot, record, format, args, again);
    }
}

// Apart, since the text's 4 KiB would lead all that is called from the other way to stack that has gone cold.
void Outbox::append_formatted_aside(
    ThreadBlock* mine,
    TraceSlot& slot,
    RingRecord& record,
    const char* format,
    EventArguments& args,
    EventArguments& again
) noexcept {
    EventText aside;
    const std::string_view text = format_event(aside, format, args, again);
    record.steady_ns = now_ns();
    append(mine, slot, record, text);
}

[[gnu::hot]] void Outbox::finish_trace(TracePlace place, std::uint64_t steady_ns) noexcept {
    TraceSlot* const slot = open_slot(place);
    if (!slot) return;
    slot->end_ns = std::max(steady_ns, slot->begin_ns);
    const std::uint64_t duration_ns = slot->end_ns - slot->begin_ns;
    Counter(this, serial_, slot->first_cell + latency_bucket(duration_ns)).add();
    Counter(this, serial_, slot->first_cell + histogram_width - 1).add(duration_ns);
    slots_.push_ended(place.index);
}

std::uint64_t Outbox::steady_ns(TraceTime when) noexcept {
    constexpr std::int64_t tolerance_ns = 20'000'000;  // the clocks are not read at the same moment
    const auto ns = [](TraceTime time) {
        return static_cast<std::int64_t>(time.time_since_epoch() / std::chrono::nanoseconds(1));
    };
    const std::int64_t apart = ns(TraceTime::clock::now()) - static_cast<std::int64_t>(steady_now_ns());
    std::int64_t known = wall_minus_steady_ns_.load(std::memory_order_relaxed);
    if (apart - known > tolerance_ns || known - apart > tolerance_ns) {
        known = apart;
        wall_minus_steady_ns_.store(known, std::memory_order_relaxed);
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ns(when) - known, 1));
}

[[gnu::hot]] std::uint64_t Outbox::trace_id(TracePlace place) noexcept {
    const TraceSlot* const slot = open_slot(place);
    return slot ? slot->id : 0;
}

// --- fork ----------------------------------------------------------------------------------------------------------

void Outbox::lock_for_fork() {
    declaring_.lock();
    describing_.lock();
    answers_->lock_for_fork();
}

void Outbox::unlock_after_fork() {
    answers_->unlock_after_fork();
    describing_.unlock();
    declaring_.unlock();
}

void Outbox::reset_after_fork() noexcept {
    blocks_->reset_after_fork(next_index_);
    slots_.reset_after_fork();
    ended_.clear();
    pass_block_ = nullptr;
    is_in_pass_ = false;
    given_back_ = next_trace_.load(std::memory_order_relaxed) - first_trace_;
    forget_begun();
    held_.clear();
    is_forked_.store(true, std::memory_order_relaxed);
}

}  // namespace quipu
