#include "daemon/pages/queue_list.hpp"

#include <algorithm>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

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

QueueList read_queues(std::vector<Reply> replies) {
    QueueList list;
    list.replies = std::move(replies);
    list.queues.reserve(list.replies.size());  // entries point into it
    for (const Reply& reply : list.replies) {
        if (!is_good(reply)) {
            list.notes.push_back(failure_sentence(reply));
            continue;
        }
        wire::Queue queue;
        if (wire::decode(bytes_of(reply.body), queue) != Errc::ok) {
            list.notes.push_back(about_emitter(reply.emitter, unreadable));
            continue;
        }
        list.total += std::max<std::uint64_t>(queue.total, queue.items.size());
        if (queue.total > queue.items.size()) {
            std::string what = "sent ";
            append_integer(what, std::uint64_t{queue.items.size()});
            what += " of the ";
            append_integer(what, queue.total);
            list.notes.push_back(about_emitter(reply.emitter, what + " items in its queue."));
        }
        list.queues.push_back(std::move(queue));
        for (const wire::QueueItem& item : list.queues.back().items) list.entries.push_back({&item, reply.emitter});
    }
    std::stable_sort(list.entries.begin(), list.entries.end(), [](const QueueEntry& a, const QueueEntry& b) {
        return a.item->created_wall_ns < b.item->created_wall_ns;
    });
    return list;
}

void filter_queue(QueueList& list, std::string_view needle) {
    if (needle.empty()) return;
    std::erase_if(list.entries, [needle](const QueueEntry& entry) { return !matches(*entry.item, needle); });
}

}  // namespace quipu
