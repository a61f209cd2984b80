#include "daemon/core/queries.hpp"

#include <algorithm>
#include <cassert>

#include "proto/message.hpp"

namespace quipu {

namespace {

bool is_done_all(const auto& pending) {
    return std::all_of(pending.begin(), pending.end(), [](const auto& one) { return one.is_done; });
}

void tell_cancel(Emitters& emitters, std::uint32_t number, std::uint32_t query) {
    EmitterRecord* emitter = emitters.find(number);
    if (!emitter || emitter->life != Life::connected) return;
    const wire::Cancel cancel{query};
    wire::append_frame_of(emitter->output, cancel);
}

}  // namespace

AskId Queries::open(const Ask& ask, Emitters& emitters, Now now) {
    if (open_.size() >= limits_.open) {
        ++counts_.refused;
        return 0;
    }
    const AskId id = ++last_id_;
    Open& open = open_[id];
    open.deadline_steady_ns = now.steady_ns + ask.deadline_ns;
    open.topic = ask.topic;
    open.pending.reserve(ask.emitters.size());
    for (const std::uint32_t number : ask.emitters) {
        Pending& pending = open.pending.emplace_back();
        pending.reply.emitter = number;
        EmitterRecord* emitter = emitters.find(number);
        if (!emitter || emitter->life != Life::connected) {
            pending.reply.outcome = Outcome::gone;
            pending.is_done = true;
            continue;
        }
        pending.query = ++last_query_ != 0 ? last_query_ : ++last_query_;
        asks_[pending.query] = id;
        wire::Query query;
        query.id = pending.query;
        query.topic = ask.topic;
        for (const auto& [key, value] : ask.args) query.args.push_back({key, value});
        query.deadline_ms = static_cast<std::uint32_t>(ask.deadline_ns / 1'000'000);
        wire::append_frame_of(emitter->output, query);
    }
    finish_if_done(id, open);
    return id;
}

Errc Queries::answer(EmitterRecord& from, const wire::Answer& answer) {
    const auto known = asks_.find(answer.query);
    if (known == asks_.end()) return Errc::query_unknown;
    const AskId id = known->second;
    Open& open = open_.at(id);
    const auto is_it = [&](const Pending& one) { return one.query == answer.query; };
    const auto it = std::find_if(open.pending.begin(), open.pending.end(), is_it);
    assert(it != open.pending.end());
    if (it->reply.emitter != from.number) return Errc::query_unknown;  // guessed another emitter's id
    Reply& reply = it->reply;
    const bool is_too_long = reply.body.size() + answer.chunk.size() > limits_.answer_bytes ||
                             body_bytes_ + answer.chunk.size() > limits_.total_answer_bytes;
    if (is_too_long) {
        ++counts_.too_long;
        const wire::Cancel cancel{answer.query};
        wire::append_frame_of(from.output, cancel);
        settle(id, open, *it, Outcome::too_long);
        return Errc::ok;
    }
    reply.body += answer.chunk;
    body_bytes_ += answer.chunk.size();
    if (answer.status != wire::Status::ok) reply.status = answer.status;
    if (answer.last) settle(id, open, *it, Outcome::answered);
    return Errc::ok;
}

void Queries::settle(AskId id, Open& open, Pending& pending, Outcome outcome) {
    if (pending.is_done) return;
    pending.is_done = true;
    pending.reply.outcome = outcome;
    asks_.erase(pending.query);
    if (outcome != Outcome::answered) {
        body_bytes_ -= pending.reply.body.size();
        pending.reply.body = {};
    }
    finish_if_done(id, open);
}

void Queries::finish_if_done(AskId id, const Open& open) {
    if (is_done_all(open.pending)) finished_.push_back(id);
}

void Queries::emitter_gone(const EmitterRecord& emitter) {
    for (auto& [id, open] : open_) {
        for (Pending& pending : open.pending) {
            if (pending.reply.emitter == emitter.number) settle(id, open, pending, Outcome::gone);
        }
    }
}

void Queries::expire(Emitters& emitters, Now now) {
    for (auto& [id, open] : open_) {
        if (open.deadline_steady_ns > now.steady_ns) continue;
        for (Pending& pending : open.pending) {
            if (pending.is_done) continue;
            tell_cancel(emitters, pending.reply.emitter, pending.query);
            settle(id, open, pending, Outcome::late);
        }
    }
}

void Queries::cancel(AskId id, Emitters& emitters) {
    const auto it = open_.find(id);
    if (it == open_.end()) return;
    for (Pending& pending : it->second.pending) {
        if (!pending.is_done) tell_cancel(emitters, pending.reply.emitter, pending.query);
        asks_.erase(pending.query);
        body_bytes_ -= pending.reply.body.size();
    }
    open_.erase(it);
    std::erase(finished_, id);
}

bool Queries::is_finished(AskId id) const {
    const auto it = open_.find(id);
    return it != open_.end() && is_done_all(it->second.pending);
}

std::vector<Reply> Queries::take(AskId id) {
    const auto it = open_.find(id);
    if (it == open_.end()) return {};
    assert(is_done_all(it->second.pending));
    std::vector<Reply> replies;
    for (Pending& pending : it->second.pending) {
        body_bytes_ -= pending.reply.body.size();
        replies.push_back(std::move(pending.reply));
    }
    open_.erase(it);
    return replies;
}

std::int64_t Queries::next_deadline_steady_ns() const {
    std::int64_t next = 0;
    for (const auto& [id, open] : open_) {
        if (is_done_all(open.pending)) continue;
        if (next == 0 || open.deadline_steady_ns < next) next = open.deadline_steady_ns;
    }
    return next;
}

std::int64_t Queries::busy_until_steady_ns(std::uint32_t emitter, std::string_view topic) const {
    std::int64_t until = 0;
    for (const auto& [id, open] : open_) {
        if (open.topic != topic) continue;
        for (const Pending& pending : open.pending) {
            const bool is_running = pending.reply.emitter == emitter && !pending.is_done;
            if (is_running) until = std::max(until, open.deadline_steady_ns);
        }
    }
    return until;
}

}  // namespace quipu
