// An emitter's outbox and a quipud session joined without a socket: what one says, the other takes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "proto/outbox.hpp"
#include "tests/support/hex.hpp"

namespace quipu::test {

inline constexpr Now test_now{1'000'000'000, 1'700'000'000'000'000'000};

inline Identity identity(char name) {
    Identity it;
    it.instance.fill(name);
    it.pid = 4711;
    it.start_wall_ns = 1'600'000'000'000'000'000;
    it.hostname = "mx.example";
    it.cmdline = {"maild", "--hostname=mx.example"};
    it.flags = {{"hostname", "mx.example", true}};
    return it;
}

// One process of a mail daemon, and its connection.
class Duct {
public:
    explicit Duct(State& state, char name = 'a', EmitterOptions options = {.program = "maild", .version = "1.0"})
        : outbox(options), state_(state), identity_(identity(name)) {}

    // Changes what the process is, before connect().
    void say_as(const std::function<void(Identity&)>& change) { change(identity_); }

    // Hello and Welcome.
    void connect() {
        session_ = std::make_unique<EmitterSession>(state_, Peer{1000, 1000, 4711});
        std::string out;
        outbox.connected(identity_, test_now.wall_ns, test_now.steady_ns, out);
        deliver(out);
    }

    // Everything that has changed.
    void push() {
        bool has_more = true;
        while (has_more) {
            std::string out;
            has_more = outbox.push(out);
            deliver(out);
        }
    }

    // The connection breaks; what the emitter has just said is lost.
    void lose_push() {
        std::string out;
        outbox.push(out);
        breaks();
    }

    void breaks() {
        session_->closed(test_now);
        session_.reset();
    }

    void deliver(std::string_view bytes) {
        is_open = session_->feed(as_bytes(bytes), test_now);
        std::string& answer = session_->output();
        is_understood = outbox.take(as_bytes(answer)) == Errc::ok;
        answer.clear();
    }

    EmitterSession& session() { return *session_; }

    Outbox outbox;
    bool is_open = true;
    bool is_understood = true;

private:
    State& state_;
    Identity identity_;
    std::unique_ptr<EmitterSession> session_;
};

// The published count, or ~0 where there is none.
inline std::uint64_t count_of(const State& state, std::string_view family, std::string_view label = {}) {
    const Family* found = state.metrics.find(family);
    if (!found) return ~std::uint64_t{0};
    const auto it = found->series.find(label);
    return it == found->series.end() ? ~std::uint64_t{0} : it->second.counter().total;
}

}  // namespace quipu::test
