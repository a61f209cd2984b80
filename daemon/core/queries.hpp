// Questions to emitters, for everything that only the mail daemon knows: the queue, threads, profiles.
//
//     Ask --> open(): a Query frame into the output of each emitter concerned --> answer() in chunks, emitter_gone(),
//     expire() --> finished --> take()
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/core/emitters.hpp"
#include "daemon/core/now.hpp"
#include "proto/errc.hpp"

namespace quipu {

struct QueryLimits {
    std::uint32_t open = 256;                            // asks at a time; beyond: refused
    std::size_t answer_bytes = 128 * 1024 * 1024;        // of one answer; beyond: failed and cancelled
    std::size_t total_answer_bytes = 256 * 1024 * 1024;  // of all open ones
};

// How often a limit was hit: read by Own (own.hpp).
struct QueryCounts {
    std::uint64_t refused = 0;   // asks beyond `open`
    std::uint64_t too_long = 0;  // answers beyond either of the others
};

// What to ask, of whom.
struct Ask {
    std::string topic;
    std::vector<std::pair<std::string, std::string>> args;
    std::int64_t deadline_ns = 10'000'000'000;  // from now
    std::vector<std::uint32_t> emitters;        // EmitterRecord::number of connected ones that answer the topic
};

enum class Outcome : std::uint8_t {
    answered,  // see Reply::status
    gone,      // the emitter went away
    late,      // the deadline passed
    too_long,  // beyond QueryLimits::answer_bytes
};

struct Reply {
    std::uint32_t emitter = 0;  // EmitterRecord::number
    Outcome outcome = Outcome::answered;
    wire::Status status = wire::Status::ok;
    std::string body;
};

// 0 is no ask.
using AskId = std::uint64_t;

class Queries {
public:
    explicit Queries(QueryLimits limits = {}) : limits_(limits) {}

    // Puts a Query into each emitter's output. 0: too many are open. An ask of no emitter is finished at once.
    AskId open(const Ask& ask, Emitters& emitters, Now now);

    // From the emitter's connection. Errc::query_unknown where it is not open (cancelled or late): not fatal.
    Errc answer(EmitterRecord& from, const wire::Answer& answer);
    void emitter_gone(const EmitterRecord& emitter);
    // Ends those whose deadline has passed and tells their emitters (Cancel).
    void expire(Emitters& emitters, Now now);
    // The asker has gone.
    void cancel(AskId id, Emitters& emitters);

    // The asks that have finished since the last call.
    [[nodiscard]] std::vector<AskId> take_finished() { return std::exchange(finished_, {}); }

    [[nodiscard]] bool is_finished(AskId id) const;
    // The replies of a finished ask, in the order of Ask::emitters, and forgets it.
    [[nodiscard]] std::vector<Reply> take(AskId id);

    // When expire() is due; 0: no deadline runs.
    [[nodiscard]] std::int64_t next_deadline_steady_ns() const;

    // When the open ask of that topic that goes on longest is over at the latest; 0: none is open.
    [[nodiscard]] std::int64_t busy_until_steady_ns(std::uint32_t emitter, std::string_view topic) const;

    [[nodiscard]] std::size_t open_count() const { return open_.size(); }

    [[nodiscard]] const QueryCounts& counts() const { return counts_; }

private:
    struct Pending {
        Reply reply;
        std::uint32_t query = 0;  // Query.id in the emitter's connection
        bool is_done = false;
    };

    struct Open {
        std::int64_t deadline_steady_ns = 0;
        std::string topic;
        std::vector<Pending> pending;
    };

    void settle(AskId id, Open& open, Pending& pending, Outcome outcome);
    void finish_if_done(AskId id, const Open& open);

    QueryLimits limits_;
    QueryCounts counts_;
    std::map<AskId, Open> open_;                     // until taken or cancelled
    std::unordered_map<std::uint32_t, AskId> asks_;  // by Query.id, while an answer is awaited
    std::vector<AskId> finished_;
    AskId last_id_ = 0;
    std::uint32_t last_query_ = 0;
    std::size_t body_bytes_ = 0;
};

}  // namespace quipu
