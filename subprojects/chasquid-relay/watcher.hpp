// Reads chasquid's variables once an interval and keeps quipud told: which chasquid runs, its variables, how the
// reading goes.
//
//     absent --answers--> reading --an error--> failing --answers again--> reading
//        ^                    |  another run: the emitter of the one before ends, a new one begins
//        +--------------------+-- no answer for a while: the emitter ends, with the reason
#pragma once

#include <quipu/emitter.hpp>

#include <mailside/query_gate.hpp>
#include <mailside/wire.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "about.hpp"
#include "expvar.hpp"
#include "http_client.hpp"
#include "options.hpp"
#include "state_text.hpp"
#include "vars_mirror.hpp"

namespace relay {

class Watcher {
public:
    // All of them outlive it. `own` is the relay's own emitter.
    Watcher(
        mailside::asio::io_context& io,
        const Options& options,
        mailside::asio::ssl::context& tls,
        quipu::Emitter& own,
        mailside::QueryGate& gate
    );
    ~Watcher();

    // Until stop().
    mailside::awaitable<void> run();
    void stop();

private:
    // One run of chasquid, from when it was first read.
    struct Run {
        About about;
        std::vector<std::string> cmdline;
        std::uint32_t generation = 0;
        std::unique_ptr<quipu::Emitter> emitter;
        std::unique_ptr<VarsMirror> mirror;
        bool is_ended = false;  // its emitter has said goodbye
    };

    // Empty: all is well; else what is wrong, as Reply::error.
    mailside::awaitable<std::string> look();
    mailside::awaitable<std::string> find_out_who();
    mailside::awaitable<std::string> read_vars(Snapshot& snapshot);
    mailside::awaitable<void> begin_run(const Snapshot& snapshot);
    [[nodiscard]] bool is_same_run(const Snapshot& snapshot) const;
    void end_run(const std::string& reason);
    void failed(const std::string& why);
    [[nodiscard]] mailside::Clock::duration pause_after(std::uint32_t failures) const;

    const Options& options_;
    mailside::QueryGate& gate_;
    HttpClient client_;
    mailside::asio::steady_timer pause_;
    quipu::Counter scrapes_;
    quipu::Counter failed_scrapes_;
    quipu::Counter runs_seen_;
    StateText state_;
    Complaints complaints_;
    About about_;  // of the chasquid at the other end of the present connection
    std::optional<Run> run_;
    std::uint32_t failures_ = 0;  // in a row
    mailside::Clock::time_point failing_since_{};
    bool is_stopped_ = false;
};

}  // namespace relay
