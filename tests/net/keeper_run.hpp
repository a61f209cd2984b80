// A quipud without sockets on a real directory, to be killed at any moment, and a mail daemon that speaks to it.
#pragma once

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/emitter_session.hpp"
#include "daemon/net/exchange.hpp"
#include "daemon/net/keeper.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace quipu::test {

inline constexpr std::string_view mails = "m/mails";

// A run of quipud.
class Run {
public:
    explicit Run(const std::string& dir, Limits limits = {}) : state(limits) { keeper.emplace(io, state, dir); }

    void wait_until(const std::function<bool()>& is_done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!is_done()) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
            io.restart();
            io.run_one_for(std::chrono::milliseconds(1));
        }
    }

    // As before an answer leaves.
    void publish() {
        bool is_done = false;
        boost::asio::co_spawn(io, keeper->publish(), [&is_done](std::exception_ptr failure) {
            BOOST_REQUIRE(!failure);
            is_done = true;
        });
        wait_until([&is_done] { return is_done; });
    }

    [[nodiscard]] std::uint64_t commits() const { return state.own.store_commits.total + state.own.store_errors.total; }

    void commit() {
        if (!has_changes(state, Book::store)) return;
        const std::uint64_t before = commits();
        wait_until([this, before] {
            keeper->tick();
            return commits() > before;
        });
    }

    void close() {
        bool is_done = false;
        boost::asio::co_spawn(io, keeper->close(), [&is_done](std::exception_ptr) { is_done = true; });
        wait_until([&is_done] { return is_done; });
    }

    State state;
    boost::asio::io_context io{1};
    std::optional<Keeper> keeper;
};

// A process of a mail daemon, which outlives runs.
class Process {
public:
    explicit Process(char name) : outbox({.program = "maild", .version = "1.0"}), name_(name) {
        counter_ = outbox.counter(std::string(mails), "", "");
    }

    void connect(State& state) {
        session_ = std::make_unique<EmitterSession>(state, Peer{1000, 1000, 0});
        std::string out;
        outbox.connected(identity(name_), test_now.wall_ns, test_now.steady_ns, out);
        BOOST_REQUIRE(session_->feed(as_bytes(out), read_clocks()));
        push();
    }

    void add(std::uint64_t n) {
        counter_.add(n);
        added += n;
    }

    void push() {
        std::string out;
        while (outbox.push(out)) continue;
        BOOST_REQUIRE(session_->feed(as_bytes(out), read_clocks()));
        session_->output().clear();
    }

    // quipud is gone.
    void drop() { session_.reset(); }

    // The process is gone, and quipud notices.
    void end(State& state) {
        session_->closed(read_clocks());
        session_.reset();
        set_ended(state, *state.emitters.find(std::string(16, name_)), "killed", read_clocks());
    }

    Outbox outbox;
    std::uint64_t added = 0;

private:
    char name_;
    Counter counter_;
    std::unique_ptr<EmitterSession> session_;
};

// The directory as it stands, which is what a kill at this moment leaves.
inline void copy(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::create_directory(to);
    for (const auto& entry : std::filesystem::directory_iterator(from)) {
        const std::string name = entry.path().filename().string();
        if (name != "quipu.lock") std::filesystem::copy_file(entry.path(), to + "/" + name);
    }
}

inline std::uint64_t count_after_kill(const std::string& dir, const TempDir& scratch) {
    copy(dir, scratch.file("killed"));
    const Run again(scratch.file("killed"));
    return count_of(again.state, mails);
}

struct Quiet {
    Quiet() { spdlog::set_level(spdlog::level::off); }
};

}  // namespace quipu::test
