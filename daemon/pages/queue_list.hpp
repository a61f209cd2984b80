// The mail queues of all mail daemons that answered, as one list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/queries.hpp"
#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "proto/message.hpp"

namespace quipu {

struct QueueEntry {
    const wire::QueueItem* item = nullptr;
    std::uint32_t emitter = 0;  // Emitter::number
};

// Holds the replies that the items point into.
struct QueueList {
    std::vector<Reply> replies;
    std::vector<wire::Queue> queues;
    std::vector<QueueEntry> entries;  // oldest first
    std::uint64_t total = 0;          // in the queues, also where fewer were sent
    std::vector<std::string> notes;   // who did not answer, and why: a sentence each
};

// Every emitter that can be asked; none is no error here.
std::vector<std::uint32_t> emitters_that_answer(const State& state, std::string_view topic);

// Why nobody can be asked: 503 where nobody is connected, 404 where nobody knows the topic.
Response nobody_to_ask(const State& state, std::string_view topic);

// The response where no reply is of use; the most hopeful outcome decides. `replies` is not empty.
Response no_answer(const std::vector<Reply>& replies);

// One sentence: "emitter 2 did not answer in time."
std::string failure_sentence(const Reply& reply);
bool is_good(const Reply& reply);

QueueList read_queues(std::vector<Reply> replies);
// Keeps entries in which id, sender, a recipient or a failure contains the needle.
void filter_queue(QueueList& list, std::string_view needle);

}  // namespace quipu
