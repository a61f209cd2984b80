#include "daemon/net/exchange.hpp"

#include <boost/asio/post.hpp>
#include <chrono>

#include "daemon/net/emitter_conn.hpp"
#include "daemon/net/keeper.hpp"

namespace quipu {

Now read_clocks() {
    using std::chrono::duration_cast;
    using std::chrono::nanoseconds;
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {duration_cast<nanoseconds>(steady).count(), duration_cast<nanoseconds>(wall).count()};
}

AskId Exchange::open(const Ask& ask, asio::steady_timer& asker) {
    const AskId id = state_.queries.open(ask, state_.emitters, read_clocks());
    if (id != 0) askers_[id] = &asker;
    settle();
    return id;
}

std::vector<Reply> Exchange::take(AskId id) {
    askers_.erase(id);
    return state_.queries.take(id);
}

void Exchange::cancel(AskId id) {
    askers_.erase(id);
    state_.queries.cancel(id, state_.emitters);
    settle();
}

void Exchange::settle() {
    note_change();
    for (const AskId id : state_.queries.take_finished()) {
        const auto it = askers_.find(id);
        if (it != askers_.end()) it->second->cancel();
    }
    for (EmitterConn* conn : emitters_) conn->wake_if_writable();
    arm_deadline();
    orphan_in_turns();
    if (keeper_) keeper_->changed();
}

// Everybody else on the loop has a turn in between.
void Exchange::orphan_in_turns() {
    if (is_orphaning_ || !state_.traces.is_orphaning()) return;
    is_orphaning_ = true;
    asio::post(io_, [this] {
        is_orphaning_ = false;
        state_.traces.orphan_some();
        orphan_in_turns();
    });
}

void Exchange::arm_deadline() {
    const std::int64_t due = state_.queries.next_deadline_steady_ns();
    if (due == armed_steady_ns_) return;
    armed_steady_ns_ = due;
    deadline_.cancel();
    if (due == 0) return;
    deadline_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
    deadline_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_steady_ns_ = 0;
        state_.queries.expire(state_.emitters, read_clocks());
        settle();
    });
}

}  // namespace quipu
