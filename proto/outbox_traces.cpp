// Traces on their way to quipud, in passes. A pass first fetches the list of ended traces, then drains every ring up
// to where it is now: whatever an ended trace has written lies before that. Then the ends can go.
#include <algorithm>
#include <vector>

#include "proto/limits.hpp"
#include "proto/outbox.hpp"

namespace quipu {

namespace {

// So few that they stay in the processor's cache from the ring to the frame.
constexpr std::size_t events_per_frame = 256;
constexpr std::size_t trace_bytes_per_frame = 256 * 1024;
constexpr std::size_t trace_bytes_per_push = 1024 * 1024;

}  // namespace

void Outbox::begin_pass() {
    ended_.clear();
    slots_.take_ended([this](std::uint32_t index) { ended_.push_back(index); });
    note_begun();
    pass_block_ = blocks_->first();
    is_in_pass_ = true;
}

// Traces that have begun since the last look become the courier's to announce.
void Outbox::note_begun() {
    slots_.take_begun([this](std::uint32_t index) {
        TraceSlot& slot = slots_[index];
        slot.is_live = true;
        slot.is_announced = false;
        slot.discarded = 0;
        __builtin_prefetch(slot.title.data());  // of announce_now(): written by another processor
        begun_.push_back(index);
    });
}

// Says that the trace has begun, unless that was said, or the trace is one to be held back.
void Outbox::announce(std::uint32_t index, std::string& out) {
    TraceSlot& slot = slots_[index];
    if (!slot.is_live || slot.is_announced || slot.is_held) return;
    if (const wire::Sampling* rule = held_.rule_for(slot.family->label, slot.id); rule && !is_resuming_) {
        slot.is_held = true;
        held_.hold(index, slot.begin_ns, rule->always_above_ns);
        return;
    }
    announce_now(slot, out);
}

// The trace, and before it all that had begun earlier: a parent must be known before its child comes, also where it has
// said nothing itself.
void Outbox::announce_in_order(std::uint32_t index, std::string& out) {
    const TraceSlot& slot = slots_[index];
    if (!slot.is_live || slot.is_announced || slot.is_held) return;
    while (begun_at_ < begun_.size() && !slot.is_announced && !slot.is_held) announce(begun_[begun_at_++], out);
    announce(index, out);
}

void Outbox::announce_now(TraceSlot& slot, std::string& out) {
    slot.is_announced = true;
    wire::TraceEvent event;
    event.trace = slot.id;
    event.kind = wire::TraceEventKind::begin;
    event.steady_ns = slot.begin_ns;
    event.text = {slot.title.data(), slot.title_size};
    event.family = slot.family->label;
    event.other = slot.parent;
    event.resumed = is_resuming_ || slot.discarded > 0;
    event.inferred = slot.is_inferred;
    event.dropped_before = std::exchange(slot.discarded, 0);
    send(event, out);
}

// A held trace that turned out to matter: everything that it has said so far, at once.
void Outbox::release_held(std::uint32_t index, std::string& out) {
    TraceSlot& slot = slots_[index];
    const HeldTrace held = held_.take(index);
    slot.is_held = false;
    announce_now(slot, out);
    for (const HeldEvent& one : held.events) {
        wire::TraceEvent event;
        event.trace = slot.id;
        event.kind = one.kind;
        event.steady_ns = one.steady_ns;
        event.text = one.text;
        event.other = one.other;
        event.dropped_before = one.lost_before;
        send(event, out);
    }
    slot.lost += held.lost;
}

void Outbox::send(const wire::TraceEvent& event, std::string& out) {
    frame_.add(event);
    if (frame_.event_count() >= events_per_frame || frame_.bytes().size() >= trace_bytes_per_frame) end_frame(out);
}

void Outbox::end_frame(std::string& out) {
    if (!frame_.bytes().empty()) wire::append_frame_of(out, frame_);
    frame_.clear();
}

// One ring, up to where it is now. Without `out` the events are thrown away and counted.
void Outbox::drain(ThreadBlock& block, std::string* out) {
    const std::uint64_t end = block.ring.end();
    std::uint64_t at = block.ring.begin();
    while (at < end) {
        RingRecord record{};
        std::string_view text;
        at += block.ring.read(at, record, text);
        if (record.kind == EventRing::filler) continue;
        TraceSlot& slot = slots_[record.slot];
        if (!slot.is_live) note_begun();
        if (!out) {
            slot.discarded += 1 + record.lost_before;
            dropped_events_.add();
            continue;
        }
        announce_in_order(record.slot, *out);
        const auto kind = static_cast<wire::TraceEventKind>(record.kind);
        if (slot.is_held) {
            held_.add(record.slot, {kind, record.steady_ns, record.other, record.lost_before, std::string(text)});
            if (kind == wire::TraceEventKind::error) release_held(record.slot, *out);
            continue;
        }
        wire::TraceEvent event;
        event.trace = slot.id;
        event.kind = kind;
        event.steady_ns = record.steady_ns;
        event.text = text;
        event.other = record.other;
        event.dropped_before = record.lost_before;
        send(event, *out);
        if (frame_.event_count() == 0) block.ring.release(at);  // now and then: the writer may be waiting for room
    }
    block.ring.release(at);
}

void Outbox::end_pass(std::string* out) {
    if (out) {
        if (!begun_.empty()) announce_in_order(begun_.back(), *out);
        forget_begun();
    }
    for (const std::uint32_t index : ended_) {
        TraceSlot& slot = slots_[index];
        if (out && slot.is_held && held_.is_worth_sending(index, slot.end_ns)) release_held(index, *out);
        if (out) announce(index, *out);
        if (slot.is_held) {
            held_.take(index);
            sampled_out_.add();
        } else if (out) {
            wire::TraceEvent event;
            event.trace = slot.id;
            event.kind = wire::TraceEventKind::end;
            event.steady_ns = slot.end_ns;
            event.dropped_before = slot.lost;
            send(event, *out);
        } else {
            dropped_traces_.add();
        }
    }
    // Where memory ran out above, this pass is ended once more.
    for (const std::uint32_t index : ended_) slots_.give_back(index);
    given_back_ += ended_.size();
    ended_.clear();
    is_in_pass_ = false;
}

bool Outbox::push_traces(std::string& out) {
    if (is_resuming_) {
        // Announced on an earlier connection and still open, or ended with the end not sent.
        note_begun();
        std::vector<std::uint32_t> by_age;
        for (std::uint32_t i = 0; i < slots_.used_count(); ++i) {
            if (slots_[i].is_live) by_age.push_back(i);  // the others are not ours to look at
        }
        std::sort(by_age.begin(), by_age.end(), [this](std::uint32_t a, std::uint32_t b) {
            return slots_[a].id < slots_[b].id;  // a child's is greater than its parent's
        });
        for (const std::uint32_t index : by_age) {
            slots_[index].is_announced = false;
            announce(index, out);
        }
        forget_begun();
        frame_.set_all_active_announced();
        end_frame(out);
        is_resuming_ = false;
    }
    const std::size_t end = out.size() + trace_bytes_per_push;
    if (!is_in_pass_) begin_pass();
    if (held_.count() > 0) {
        for (const std::uint32_t index : held_.overdue(steady_now_ns())) release_held(index, out);
    }
    while (pass_block_ && out.size() < end) {
        drain(*pass_block_, &out);
        pass_block_ = pass_block_->next;
    }
    const bool has_more = pass_block_ != nullptr;
    if (!has_more) end_pass(&out);
    end_frame(out);
    return has_more;
}

void Outbox::make_room() {
    clock_.adjust();
    const std::uint64_t begun = next_trace_.load(std::memory_order_relaxed) - first_trace_;
    bool is_tight = begun - given_back_ > slots_.max_open() / 2;
    for (ThreadBlock* block = blocks_->first(); block; block = block->next) {
        is_tight = is_tight || block->ring.used() > block->ring.size() / 2;
    }
    if (!is_tight) return;
    if (!is_in_pass_) begin_pass();
    for (; pass_block_; pass_block_ = pass_block_->next) drain(*pass_block_, nullptr);
    end_pass(nullptr);
    // Whoever began and did not end yet is announced at the next connection.
    forget_begun();
}

void Outbox::forget_begun() {
    begun_.clear();
    begun_at_ = 0;
}

}  // namespace quipu
