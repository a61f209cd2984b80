#include "daemon/pages/queue_list.hpp"

#include <algorithm>
#include <utility>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

// What one step reads: whichever comes first.
constexpr std::size_t items_per_step = 512;
constexpr std::size_t bytes_per_step = 256 * 1024;

constexpr std::string_view unreadable = "sent an answer that cannot be read.";

std::string about_emitter(std::uint32_t number, std::string_view rest) {
    std::string out = "Emitter ";
    append_integer(out, std::uint64_t{number});
    return out.append(" ").append(rest);
}

// Of outcomes that are no answer, the one with the greatest hope for another try decides the status.
unsigned status_of(const Reply& reply) {
    switch (reply.outcome) {
        case Outcome::late: return 504;
        case Outcome::gone: return 502;
        case Outcome::too_long: return 502;
        case Outcome::answered: break;
    }
    switch (reply.status) {
        case wire::Status::ok: return 200;
        case wire::Status::unknown_topic: return 404;
        case wire::Status::bad_argument: return 400;
        case wire::Status::busy: return 503;
        case wire::Status::failed: return 502;
        case wire::Status::cancelled: return 503;
    }
    return 502;
}

Bytes bytes_of(const std::string& body) {
    return {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()};
}

bool matches(const wire::QueueItem& item, std::string_view needle) {
    const auto has = [needle](std::string_view text) { return contains_folded(text, needle); };
    if (has(item.id) || has(item.from) || std::any_of(item.to.begin(), item.to.end(), has)) return true;
    return std::any_of(item.recipients.begin(), item.recipients.end(), [&has](const wire::QueueRecipient& recipient) {
        return has(recipient.address) || has(recipient.original_address) || has(recipient.last_failure);
    });
}

}  // namespace

std::vector<std::uint32_t> emitters_that_answer(const State& state, std::string_view topic) {
    std::vector<std::uint32_t> numbers;
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life == Life::connected && emitter->answers(topic)) numbers.push_back(emitter->number);
    }
    return numbers;
}

Response nobody_to_ask(const State& state, std::string_view topic) {
    if (state.emitters.connected_count() == 0) {
        Response response = error_response(503, "No mail daemon is connected that could be asked.");
        response.headers.emplace_back("Retry-After", "5");
        return response;
    }
    return error_response(404, "No connected mail daemon answers questions about its " + std::string(topic) + ".");
}

bool is_good(const Reply& reply) {
    return reply.outcome == Outcome::answered && reply.status == wire::Status::ok;
}

std::string failure_sentence(const Reply& reply) {
    constexpr std::size_t max_reason_bytes = 512;
    const auto with_reason = [&reply](std::string_view what) {
        std::string sentence = about_emitter(reply.emitter, what);
        if (reply.body.empty()) return sentence.append(".");
        return sentence.append(": ").append(visible(shortened(reply.body, max_reason_bytes)));
    };
    switch (reply.outcome) {
        case Outcome::late: return about_emitter(reply.emitter, "did not answer in time.");
        case Outcome::gone: return about_emitter(reply.emitter, "went away before it answered.");
        case Outcome::too_long: return about_emitter(reply.emitter, "sent more than quipud takes.");
        case Outcome::answered: break;
    }
    switch (reply.status) {
        case wire::Status::ok: return about_emitter(reply.emitter, unreadable);
        case wire::Status::unknown_topic: return about_emitter(reply.emitter, "does not know this topic.");
        case wire::Status::bad_argument: return with_reason("refused an argument");
        case wire::Status::busy: return about_emitter(reply.emitter, "is busy; try again in a moment.");
        case wire::Status::failed: return with_reason("could not answer");
        case wire::Status::cancelled: return about_emitter(reply.emitter, "cancelled the question.");
    }
    return {};
}

Response no_answer(const std::vector<Reply>& replies) {
    const auto hope = [](const Reply& reply) {
        constexpr std::string_view order = "400 404 200 502 504 503";  // 200: good, but its body is not
        return order.find(std::to_string(status_of(reply)));
    };
    const Reply& best = *std::max_element(replies.begin(), replies.end(), [&hope](const Reply& a, const Reply& b) {
        return hope(a) < hope(b);
    });
    const unsigned status = is_good(best) ? 502 : status_of(best);
    Response response = error_response(status, failure_sentence(best));
    if (status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

// --- QueueList ------------------------------------------------------------------------------------------------------

QueueList::QueueList(std::vector<Reply> replies, std::string needle)
    : replies_(std::move(replies)), needle_(std::move(needle)) {}

std::size_t QueueList::bytes() const {
    std::size_t bytes = 0;
    for (const Reply& reply : replies_) bytes += reply.body.size();
    return bytes;
}

bool QueueList::read_some() {
    if (reply_ == replies_.size()) return true;
    if (!reader_) begin_reply();
    if (!reader_) return false;
    Run run;
    std::size_t bytes = 0;
    auto found = wire::QueueReader::Found::item;
    for (std::size_t i = 0; i < items_per_step && bytes < bytes_per_step; ++i) {
        found = reader_->next(item_);
        if (found == wire::QueueReader::Found::end || found == wire::QueueReader::Found::error) break;
        if (found == wire::QueueReader::Found::other) continue;
        ++items_read_;
        bytes += reader_->item_bytes().size();
        if (!needle_.empty() && !matches(item_, needle_)) continue;
        run.entries.push_back({item_.created_wall_ns, reader_->item_bytes(), replies_[reply_].emitter});
    }
    if (!run.entries.empty()) {
        std::stable_sort(run.entries.begin(), run.entries.end(), [](const QueueEntry& a, const QueueEntry& b) {
            return a.created_wall_ns < b.created_wall_ns;
        });
        matching_count_ += run.entries.size();
        runs_.push_back(std::move(run));
    }
    if (found == wire::QueueReader::Found::error) refuse_reply(about_emitter(replies_[reply_].emitter, unreadable));
    if (found == wire::QueueReader::Found::end) end_reply();
    return reply_ == replies_.size();
}

void QueueList::begin_reply() {
    const Reply& reply = replies_[reply_];
    reply_begin_run_ = runs_.size();
    items_read_ = 0;
    if (is_good(reply)) {
        reader_.emplace(bytes_of(reply.body));
    } else {
        refuse_reply(failure_sentence(reply));
    }
}

void QueueList::end_reply() {
    const std::uint64_t total = reader_->total();
    total_ += std::max(total, items_read_);
    if (total > items_read_) {
        std::string what = "sent ";
        append_integer(what, items_read_);
        what += " of the ";
        append_integer(what, total);
        notes_.push_back(about_emitter(replies_[reply_].emitter, what + " items in its queue."));
    }
    ++queue_count_;
    ++reply_;
    reader_.reset();
}

// Of one that cannot be read to its end nothing is shown.
void QueueList::refuse_reply(std::string note) {
    notes_.push_back(std::move(note));
    for (std::size_t i = reply_begin_run_; i < runs_.size(); ++i) matching_count_ -= runs_[i].entries.size();
    runs_.resize(reply_begin_run_);
    ++reply_;
    reader_.reset();
}

// Among those of one age, in the order in which they came.
bool QueueList::is_later(std::size_t a, std::size_t b) const {
    return std::pair(runs_[a].front().created_wall_ns, a) > std::pair(runs_[b].front().created_wall_ns, b);
}

void QueueList::begin_walk() {
    is_walked_ = true;
    for (std::size_t i = 0; i < runs_.size(); ++i) heap_.push_back(i);
    std::make_heap(heap_.begin(), heap_.end(), [this](std::size_t a, std::size_t b) { return is_later(a, b); });
}

const QueueEntry* QueueList::next() {
    if (!is_walked_) begin_walk();
    if (heap_.empty()) return nullptr;
    const auto later = [this](std::size_t a, std::size_t b) { return is_later(a, b); };
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Run& run = runs_[heap_.back()];
    const QueueEntry* entry = &run.front();
    ++walked_count_;
    if (++run.at < run.entries.size()) {
        std::push_heap(heap_.begin(), heap_.end(), later);
    } else {
        heap_.pop_back();
    }
    return entry;
}

bool QueueList::skip_some(std::size_t count) {
    constexpr std::size_t skips_per_step = 4096;
    for (std::size_t i = 0; i < skips_per_step && walked_count_ < count; ++i) (void)next();
    return walked_count_ >= count || (is_walked_ && heap_.empty());
}

}  // namespace quipu
