// What the queue tells about itself when quipud asks.
#include <algorithm>
#include <charconv>

#include "queue.hpp"

namespace maild {

namespace {

using namespace std::chrono_literals;

// A batch ends at either: many small items, or a few with many recipients.
constexpr std::size_t max_batch_items = 500;
constexpr std::size_t max_batch_bytes = 256 * 1024;
constexpr auto answer_limit = 60s;

quipu::QueueItem describe(const Item& item, std::size_t& bytes) {
    quipu::QueueItem result;
    result.id = item.id;
    result.created = item.created;
    result.from = item.from;
    result.to = item.to;
    for (const std::string& to : item.to) bytes += to.size();
    for (const Recipient& r : item.recipients) {
        quipu::QueueRecipient recipient;
        recipient.address = r.address;
        recipient.type = r.kind == Recipient::Kind::pipe      ? "PIPE"
                         : r.kind == Recipient::Kind::forward ? "FORWARD"
                                                              : "EMAIL";
        recipient.state = r.state == Recipient::State::sent     ? quipu::RecipientState::sent
                          : r.state == Recipient::State::failed ? quipu::RecipientState::failed
                                                                : quipu::RecipientState::pending;
        recipient.original_address = r.original;
        recipient.last_failure = r.last_failure;
        recipient.attempts = r.attempts;
        if (r.state == Recipient::State::pending) recipient.next_try = item.next_try;
        bytes += 64 + r.address.size() + r.original.size() + r.last_failure.size();
        result.recipients.push_back(std::move(recipient));
    }
    return result;
}

// An absent argument leaves number as it is.
bool read_argument(std::string_view text, std::size_t& number) {
    if (text.empty()) return true;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    return ec == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

awaitable<void> Queue::answer(quipu::Query query) {
    const auto self = shared_from_this();
    quipu::Task task = context_.profiler.task("queue", "answer");
    std::size_t offset = 0, limit = SIZE_MAX;
    if (!read_argument(query.arg("offset"), offset) || !read_argument(query.arg("limit"), limit)) {
        query.finish(quipu::AnswerStatus::bad_argument, "offset and limit must be whole numbers");
        co_return;
    }
    // Ids, not items: the queue moves on while the answer waits to be taken.
    std::vector<std::string> ids;
    auto entry = entries_.begin();
    std::advance(entry, static_cast<std::ptrdiff_t>(std::min(offset, entries_.size())));
    for (; entry != entries_.end() && ids.size() < limit; ++entry) ids.push_back(entry->first);

    const std::uint64_t total = entries_.size();
    const auto deadline = Clock::now() + answer_limit;
    asio::steady_timer pause(io_);
    std::vector<quipu::QueueItem> batch;
    std::size_t next = 0;
    do {
        batch.clear();
        for (std::size_t bytes = 0; next < ids.size() && batch.size() < max_batch_items && bytes < max_batch_bytes;) {
            const auto found = entries_.find(ids[next++]);
            if (found != entries_.end()) batch.push_back(describe(found->second->item, bytes));
        }
        while (!query.write_queue(batch, total)) {
            if (query.is_cancelled() || Clock::now() >= deadline) {
                query.finish(quipu::AnswerStatus::cancelled, "nobody took the answer");
                co_return;
            }
            task.waits_for("quipud to take the answer");
            pause.expires_after(20ms);
            co_await pause.async_wait(as_result);
        }
    } while (next < ids.size());
    query.finish();
}

}  // namespace maild
