// Answers long questions one at a time, each on a thread that exists only meanwhile, with all signals blocked. A second
// question is answered "busy", unless the first one's asker has gone: then it comes next.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "proto/emitter.hpp"

namespace quipu {

class QueryDesk {
public:
    // Answers one question, on the desk's thread. What it throws answers "failed".
    using Work = std::function<void(QueryDesk&, Query&)>;

    QueryDesk(Work work, std::string busy_sentence);
    // As stop().
    ~QueryDesk();
    QueryDesk(const QueryDesk&) = delete;
    QueryDesk& operator=(const QueryDesk&) = delete;

    // Any thread; returns at once.
    void take(Query query);

    // Ends what is being answered, and waits for that; further questions are refused.
    void stop();

    // For the work. Waits; false: the answer is not wanted any more.
    [[nodiscard]] bool pause(const Query& query, std::chrono::milliseconds time);
    // Writes a body of any size, as fast as it is taken; false: the answer is not wanted any more.
    [[nodiscard]] bool write(Query& query, std::string_view body);

    // In a forked child, where the desk's thread is not: begins anew.
    void forget_after_fork();

private:
    struct State;

    void run(State& state);

    Work work_;
    std::string busy_sentence_;
    State* state_;
};

}  // namespace quipu
