#include "proto/answers.hpp"

#include <algorithm>

#include "proto/limits.hpp"
#include "proto/message.hpp"

namespace quipu {

bool Answers::write(const PendingQuery& query, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    const bool is_current = query.connection == connection_ && open_.contains(query.id);
    if (!is_current || backlog_bytes_ > max_backlog_bytes_) return false;
    while (!bytes.empty()) {
        const std::string_view chunk = bytes.substr(0, limits::max_chunk_bytes);
        put({query.id, AnswerStatus::ok, std::string(chunk), false});
        bytes.remove_prefix(chunk.size());
    }
    return true;
}

void Answers::finish(const PendingQuery& query, AnswerStatus status, std::string_view sentence) {
    const std::lock_guard lock(mutex_);
    if (query.connection != connection_ || open_.erase(query.id) == 0) return;
    sentence = sentence.substr(0, limits::max_reason_bytes);
    put({query.id, status, std::string(sentence), true});
}

void Answers::put(Part part) {
    const bool was_empty = parts_.empty();
    backlog_bytes_ += part.bytes.size();
    parts_.push_back(std::move(part));
    if (was_empty && wake_) wake_();
}

void Answers::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

bool Answers::is_open(const PendingQuery& query) {
    const std::lock_guard lock(mutex_);
    return query.connection == connection_ && open_.contains(query.id);
}

void Answers::connected() {
    const std::lock_guard lock(mutex_);
    ++connection_;
    open_.clear();
    parts_.clear();
    backlog_bytes_ = 0;
}

std::uint64_t Answers::opened(std::uint32_t query) {
    const std::lock_guard lock(mutex_);
    open_.insert(query);
    return connection_;
}

void Answers::cancelled(std::uint32_t query) {
    const std::lock_guard lock(mutex_);
    open_.erase(query);
    const auto is_its = [query](const Part& part) { return part.query == query; };
    for (const Part& part : parts_) backlog_bytes_ -= is_its(part) ? part.bytes.size() : 0;
    std::erase_if(parts_, is_its);
}

bool Answers::append_frames(std::string& out, std::size_t max_bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t end = out.size() + max_bytes;
    while (!parts_.empty() && out.size() < end) {
        const Part& part = parts_.front();
        wire::Answer answer;
        answer.query = part.query;
        answer.status = static_cast<wire::Status>(part.status);
        answer.chunk = part.bytes;
        answer.last = part.is_last;
        wire::append_frame_of(out, answer);
        backlog_bytes_ -= part.bytes.size();
        parts_.pop_front();
    }
    return !parts_.empty();
}

// --- Query, the handler's side ---------------------------------------------------------------------------------------

Query::Query(std::shared_ptr<PendingQuery> pending) : pending_(std::move(pending)) {}

Query::Query(Query&&) noexcept = default;

Query& Query::operator=(Query&& other) noexcept {
    if (this != &other) {
        if (pending_) finish(AnswerStatus::failed, "the mail daemon dropped the question");
        pending_ = std::move(other.pending_);
    }
    return *this;
}

Query::~Query() {
    if (pending_) finish(AnswerStatus::failed, "the mail daemon dropped the question");
}

std::string_view Query::topic() const {
    return pending_ ? std::string_view(pending_->topic) : std::string_view{};
}

std::string_view Query::arg(std::string_view key) const {
    if (!pending_) return {};
    const auto is_it = [key](const auto& arg) { return arg.first == key; };
    const auto it = std::find_if(pending_->args.begin(), pending_->args.end(), is_it);
    return it == pending_->args.end() ? std::string_view{} : std::string_view(it->second);
}

std::chrono::milliseconds Query::time_limit() const {
    return std::chrono::milliseconds(pending_ ? pending_->deadline_ms : 0);
}

bool Query::is_cancelled() const {
    return !pending_ || !pending_->answers->is_open(*pending_);
}

bool Query::write(std::string_view bytes) {
    return pending_ && pending_->answers->write(*pending_, bytes);
}

bool Query::write_queue(std::span<const QueueItem> items, std::uint64_t total) {
    const auto wall_ns = [](std::chrono::system_clock::time_point time) {
        return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
    };
    wire::Queue queue;
    queue.total = total;
    queue.items.reserve(items.size());
    for (const QueueItem& item : items) {
        wire::QueueItem& out = queue.items.emplace_back();
        out.id = item.id;
        out.created_wall_ns = wall_ns(item.created);
        out.from = item.from;
        out.to.assign(item.to.begin(), item.to.end());
        for (const QueueRecipient& recipient : item.recipients) {
            out.recipients.push_back(
                {recipient.address,
                 recipient.type,
                 static_cast<std::uint32_t>(recipient.state),
                 recipient.original_address,
                 recipient.last_failure,
                 recipient.attempts,
                 wall_ns(recipient.next_try)}
            );
        }
    }
    std::string body;
    wire::append_body(body, queue);
    return write(body);
}

void Query::finish(AnswerStatus status, std::string_view sentence) {
    if (!pending_) return;
    pending_->answers->finish(*pending_, status, sentence);
    pending_.reset();
}

}  // namespace quipu
