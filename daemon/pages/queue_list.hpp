// The mail queues of all mail daemons that answered, as one list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/queries.hpp"
#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "proto/message.hpp"

namespace quipu {

struct QueueEntry {
    std::uint64_t created_wall_ns = 0;
    Bytes item;                 // a QueueItem, as it came
    std::uint32_t emitter = 0;  // Emitter::number
};

// Long queues are read, searched and walked in steps, each of a millisecond or so.
//
//     read_some() until true --> skip_some() until true, where not all is wanted --> next() ...
class QueueList {
public:
    // Keeps entries in which id, sender, a recipient or a failure contains `needle`.
    QueueList(std::vector<Reply> replies, std::string needle);

    QueueList(const QueueList&) = delete;
    QueueList& operator=(const QueueList&) = delete;

    // true: all has been read. What follows holds from then on.
    bool read_some();

    [[nodiscard]] const std::vector<Reply>& replies() const { return replies_; }

    // Of the replies; none: no mail daemon gave a queue.
    [[nodiscard]] std::size_t queue_count() const { return queue_count_; }

    // In the queues, also where fewer were sent, or are kept.
    [[nodiscard]] std::uint64_t total() const { return total_; }

    [[nodiscard]] std::size_t matching_count() const { return matching_count_; }

    // Who did not answer, and why: a sentence each.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    // What it holds: the replies, which the entries point into.
    [[nodiscard]] std::size_t bytes() const;

    // Leaves out entries until that many are behind us. true: they are.
    bool skip_some(std::size_t count);
    // The next entry, oldest first: those that read_some() kept. nullptr: that was all.
    const QueueEntry* next();

private:
    // Entries of one step, oldest first. All runs together are merged while they are walked: no step sorts it all.
    struct Run {
        std::vector<QueueEntry> entries;
        std::size_t at = 0;

        [[nodiscard]] const QueueEntry& front() const { return entries[at]; }
    };

    void begin_reply();
    void end_reply();
    void refuse_reply(std::string note);
    bool is_later(std::size_t a, std::size_t b) const;
    void begin_walk();

    std::vector<Reply> replies_;
    std::string needle_;
    std::size_t reply_ = 0;  // being read
    std::optional<wire::QueueReader> reader_;
    std::uint64_t items_read_ = 0;     // of this reply
    std::size_t reply_begin_run_ = 0;  // its first run
    wire::QueueItem item_;             // for its memory
    std::vector<Run> runs_;
    std::vector<std::size_t> heap_;  // while walked: runs that have entries left, the one with the oldest on top
    bool is_walked_ = false;
    std::size_t walked_count_ = 0;
    std::size_t queue_count_ = 0;
    std::uint64_t total_ = 0;
    std::size_t matching_count_ = 0;
    std::vector<std::string> notes_;
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

}  // namespace quipu
