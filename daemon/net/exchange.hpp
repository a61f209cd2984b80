// Where those who ask (HTTP connections) and those who answer (emitter connections) meet, on the one loop.
//
// The rule: whoever changed State in a way that may have ended an ask or put bytes into an emitter's output calls
// settle() afterwards. It wakes the askers whose ask is over and the emitter connections that have bytes to write, and
// sees to the many open traces of one that has ended.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <map>
#include <vector>

#include "daemon/core/now.hpp"
#include "daemon/core/queries.hpp"
#include "daemon/core/state.hpp"

namespace quipu {

namespace asio = boost::asio;

class EmitterConn;
class Keeper;

// co_await with the error_code as the first of the results, never as an exception.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Completion of a coroutine that must not fail: an exception is our bug and ends quipud, loudly.
inline void expect_no_exception(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
}

// The only reader of the clocks.
Now read_clocks();

class Exchange {
public:
    Exchange(asio::io_context& io, State& state) : io_(io), state_(state), deadline_(io) {}

    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] asio::io_context& io() const { return io_; }

    [[nodiscard]] State& state() const { return state_; }

    // 0: too many are open. `asker` is cancelled, and so wakes its waiter, when the ask is over; it must live until
    // take() or cancel().
    AskId open(const Ask& ask, asio::steady_timer& asker);
    // Of a finished ask.
    std::vector<Reply> take(AskId id);
    void cancel(AskId id);

    void add(EmitterConn& conn) { emitters_.push_back(&conn); }

    void remove(EmitterConn& conn) { std::erase(emitters_, &conn); }

    // The open emitter connections; closing one removes it.
    [[nodiscard]] const std::vector<EmitterConn*>& emitters() const { return emitters_; }

    void settle();

    // Grows with whatever a page may show, but for what quipud counts of its own answers.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

    // For what is changed without need of settle().
    void note_change() { ++changes_; }

    // Who keeps what State knows; told of every change by settle(). Null: nobody.
    [[nodiscard]] Keeper* keeper() const { return keeper_; }

    void keep_with(Keeper& keeper) { keeper_ = &keeper; }

private:
    void arm_deadline();
    void orphan_in_turns();

    asio::io_context& io_;
    State& state_;
    Keeper* keeper_ = nullptr;
    std::map<AskId, asio::steady_timer*> askers_;
    std::vector<EmitterConn*> emitters_;
    asio::steady_timer deadline_;  // of the ask that is due first
    std::int64_t armed_steady_ns_ = 0;
    bool is_orphaning_ = false;  // a turn of it has been posted
    std::uint64_t changes_ = 0;
};

}  // namespace quipu
