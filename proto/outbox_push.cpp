// The courier's side: what has changed becomes frames, quipud's frames become calls. Traces: outbox_traces.cpp.
#include <bit>
#include <utility>

#include "proto/limits.hpp"
#include "proto/outbox.hpp"

namespace quipu {

namespace {

// Frames stay small enough for quipud to do other work between two of them.
constexpr std::size_t ids_per_frame = 8192;
constexpr std::size_t definitions_per_frame = 1024;
constexpr std::size_t definition_bytes_per_frame = 256 * 1024;
constexpr std::size_t text_bytes_per_frame = 256 * 1024;
constexpr std::size_t answer_bytes_per_push = 1024 * 1024;
// The first byte of a FromEmitter that holds TraceEvents: field 5, length-delimited.
constexpr std::uint8_t trace_events_tag = 5 << 3 | 2;
// Of each list in Hello: with the configuration, well within one frame.
constexpr std::size_t hello_bytes = 128 * 1024;

// What may go into Hello of a list of texts: neither more items than its limit, nor more bytes than are left.
class HelloRoom {
public:
    // false: no room for an item of that size.
    bool take(std::size_t bytes) {
        if (items_ == 0 || bytes > bytes_) return false;
        --items_;
        bytes_ -= bytes;
        return true;
    }

private:
    std::size_t items_ = limits::max_hello_items;
    std::size_t bytes_ = hello_bytes;
};

}  // namespace

void Outbox::connected(const Identity& identity, std::uint64_t wall_ns, std::uint64_t steady_ns, std::string& out) {
    is_welcome_ = is_acknowledged_ = false;
    refusal_.clear();
    reader_ = FrameReader();
    last_defined_ = nullptr;
    defined_end_ = 0;
    gauges_.clear();
    texts_.clear();
    frame_.clear();
    sent_.assign(sent_.size(), 0);
    is_resuming_ = true;
    answers_->connected();

    const std::lock_guard lock(describing_);
    sent_description_ = description_.load();
    wire::Hello hello;
    hello.protocol = limits::protocol_version;
    hello.program = std::string_view(options_.program).substr(0, limits::max_word_bytes);
    hello.version = std::string_view(options_.version).substr(0, limits::max_word_bytes);
    hello.instance = {identity.instance.data(), identity.instance.size()};
    hello.pid = identity.pid;
    hello.start_wall_ns = identity.start_wall_ns;
    hello.hostname = std::string_view(identity.hostname).substr(0, limits::max_word_bytes);
    HelloRoom cmdline_room;
    for (const std::string& whole : identity.cmdline) {
        const std::string_view arg = std::string_view(whole).substr(0, limits::max_text_bytes);
        if (cmdline_room.take(arg.size())) hello.cmdline.push_back(arg);
    }
    HelloRoom flags_room;
    for (const Flag& flag : identity.flags) {
        const std::string_view name = std::string_view(flag.name).substr(0, limits::max_word_bytes);
        const std::string_view value = std::string_view(flag.value).substr(0, limits::max_text_bytes);
        if (flags_room.take(name.size() + value.size())) hello.flags.push_back({name, value, flag.is_set});
    }
    hello.config_text = config_text_;
    hello.topics = topics();
    hello.wall_ns = wall_ns;
    hello.steady_ns = steady_ns;
    hello.is_companion = identity.is_companion;
    wire::append_frame_of(out, hello);
}

// Under describing_.
std::vector<std::string_view> Outbox::topics() const {
    std::vector<std::string_view> names;
    HelloRoom room;
    for (const auto& [topic, handler] : handlers_) {
        if (room.take(topic.size())) names.push_back(topic);
    }
    return names;
}

bool Outbox::push(std::string& out) {
    clock_.adjust();
    if (sent_description_ != description_.load()) {
        const std::lock_guard lock(describing_);
        sent_description_ = description_.load();
        wire::Describe describe;
        describe.topics = topics();
        describe.config_text = config_text_;
        wire::append_frame_of(out, describe);
    }
    // Traces before totals: what a finished trace counted is then in the totals that follow it.
    const bool has_more_traces = push_traces(out);
    push_definitions(out);
    push_deltas(out);
    push_values(out);
    const bool has_more_answers = answers_->append_frames(out, answer_bytes_per_push);
    return has_more_traces || has_more_answers;
}

void Outbox::push_counts_first(std::string& out, std::size_t written) {
    FrameReader frames;
    frames.feed({reinterpret_cast<const std::uint8_t*>(out.data()), out.size()});
    std::string counts;
    std::string traces;
    std::size_t begun = 0;  // frames of which something has gone stay as they are
    std::size_t at = 0;
    for (Bytes payload; frames.next(payload);) {
        const std::size_t size = limits::frame_header_bytes + payload.size();
        (payload.front() == trace_events_tag ? traces : counts).append(out, at, at < written ? 0 : size);
        if (at < written) begun = at + size;
        at += size;
    }
    out.resize(begun);
    out += counts;
    push_definitions(out);
    push_deltas(out);
    push_values(out);
    out += traces;
}

void Outbox::push_definitions(std::string& out) {
    wire::Define define;
    std::size_t bytes = 0;
    const auto flush = [&] {
        if (define.families.empty() && define.series.empty()) return;
        wire::append_frame_of(out, define);
        define = {};
        bytes = 0;
    };
    for (;;) {
        Definition* next = (last_defined_ ? last_defined_->next : first_).load(std::memory_order_acquire);
        if (!next) break;
        last_defined_ = next;
        if (const auto* family = std::get_if<FamilyPart>(&next->part)) {
            wire::Family& row = define.families.emplace_back();
            row.id = next->family;
            row.name = family->name;
            row.kind = family->kind;
            row.help = family->help;
            row.unit = family->unit;
            row.label_name = family->label_name;
            row.merge = static_cast<wire::Merge>(family->merge);
            row.bounds = family->bounds;
            row.sum_unit = family->bounds.empty() ? 0 : 1e-9;
            row.is_json = family->is_json;
            bytes += row.name.size() + row.help.size();
        } else {
            auto& series = std::get<SeriesPart>(next->part);
            define.series.push_back({series.index + 1, next->family, series.label});
            bytes += series.label.size();
            const bool is_histogram = next->kind == wire::Kind::histogram;
            defined_end_ = series.index + (is_histogram ? static_cast<std::uint32_t>(trace_bounds_s.size() + 2) : 1);
            series.is_sent = false;
            if (next->kind == wire::Kind::gauge) gauges_.push_back(&series);
            if (next->kind == wire::Kind::text) texts_.push_back(&series);
        }
        const std::size_t count = define.families.size() + define.series.size();
        if (count >= definitions_per_frame || bytes >= definition_bytes_per_frame) flush();
    }
    flush();
}

void Outbox::push_deltas(std::string& out) {
    totals_.resize(defined_end_);
    sent_.resize(defined_end_, 0);
    blocks_->sum(totals_);
    wire::Deltas deltas;
    const auto flush = [&deltas, &out] {
        if (deltas.ids.empty()) return;
        wire::append_frame_of(out, deltas);
        deltas.ids.clear();
        deltas.deltas.clear();
    };
    for (std::uint32_t i = 0; i < defined_end_; ++i) {
        if (totals_[i] == sent_[i]) continue;
        deltas.ids.push_back(i + 1);
        deltas.deltas.push_back(static_cast<std::int64_t>(totals_[i] - sent_[i]));
        sent_[i] = totals_[i];
        if (deltas.ids.size() >= ids_per_frame) flush();
    }
    flush();
}

void Outbox::push_values(std::string& out) {
    wire::Set set;
    std::size_t text_bytes = 0;
    const auto flush = [&] {
        if (set.gauge_ids.empty() && set.texts.empty()) return;
        wire::append_frame_of(out, set);
        set = {};
        text_bytes = 0;
    };
    for (SeriesPart* series : gauges_) {
        const double value = series->gauge.load(std::memory_order_relaxed);
        const bool is_same = std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(series->sent_gauge);
        if (series->is_sent && is_same) continue;
        set.gauge_ids.push_back(series->index + 1);
        set.gauge_values.push_back(value);
        series->sent_gauge = value;
        series->is_sent = true;
        if (set.gauge_ids.size() >= ids_per_frame) flush();
    }
    for (SeriesPart* series : texts_) {
        if (std::string* fresh = series->mailbox.exchange(nullptr, std::memory_order_acquire)) {
            const std::unique_ptr<std::string> owned(fresh);
            series->text = std::move(*owned);
            series->has_text = true;
            series->is_sent = false;
        }
        if (series->is_sent || !series->has_text) continue;
        series->is_sent = true;
        set.texts.push_back({series->index + 1, series->text});
        text_bytes += series->text.size();
        if (text_bytes >= text_bytes_per_frame) flush();
    }
    flush();
}

void Outbox::push_process(const wire::Process& process, std::string& out) {
    wire::append_frame_of(out, process);
}

Errc Outbox::take(Bytes bytes) {
    reader_.feed(bytes);
    Bytes payload;
    std::uint64_t unknown_fields = 0;
    while (reader_.next(payload)) {
        const Errc errc = wire::decode(payload, message_, unknown_fields);
        if (errc == Errc::no_message) continue;
        if (errc != Errc::ok) return errc;
        if (const auto* welcome = std::get_if<wire::Welcome>(&message_)) {
            is_welcome_ = true;
            flush_interval_ms_ = welcome->flush_interval_ms;
            held_.set_sampling(welcome->sampling);
        } else if (const auto* query = std::get_if<wire::Query>(&message_)) {
            on(*query);
        } else if (const auto* cancel = std::get_if<wire::Cancel>(&message_)) {
            answers_->cancelled(cancel->query);
        } else if (const auto* tune = std::get_if<wire::Tune>(&message_)) {
            if (tune->flush_interval_ms != 0) flush_interval_ms_ = tune->flush_interval_ms;
            held_.set_sampling(tune->sampling);
        } else if (std::holds_alternative<wire::Ack>(message_)) {
            is_acknowledged_ = true;
        } else if (const auto* refuse = std::get_if<wire::Refuse>(&message_)) {
            refusal_ = refuse->reason.empty() ? sentence(static_cast<Errc>(refuse->code)) : refuse->reason;
        }
    }
    return reader_.error();
}

void Outbox::on(const wire::Query& query) {
    auto pending = std::make_shared<PendingQuery>();
    pending->answers = answers_;
    pending->id = query.id;
    pending->connection = answers_->opened(query.id);
    pending->topic = query.topic;
    pending->deadline_ms = query.deadline_ms;
    for (const wire::Argument& arg : query.args) pending->args.emplace_back(arg.key, arg.value);
    answer(Query(std::move(pending)), defer_query_);
}

void Outbox::answer(Query question, const std::function<void(Query)>& defer) {
    Handler handler;
    {
        const std::lock_guard lock(describing_);
        if (const auto it = handlers_.find(question.topic()); it != handlers_.end()) handler = it->second;
    }
    if (!handler.call) {
        question.finish(AnswerStatus::unknown_topic, "this mail daemon does not answer that topic");
        return;
    }
    if (defer && !handler.is_ours) return defer(std::move(question));
    try {
        handler.call(std::move(question));
    } catch (...) {
        // The mail daemon's own fault must not end its courier; the dropped Query has answered "failed".
        return;
    }
}

}  // namespace quipu
