// Leads chasquid's log to the traces that are rebuilt of it: from a file, or from systemd's journal by way of
// journalctl.
#pragma once

#include <quipu/emitter.hpp>

#include <mailside/wire.hpp>

#include <string>
#include <string_view>

#include "log_line.hpp"
#include "log_tail.hpp"
#include "log_traces.hpp"
#include "options.hpp"
#include "state_text.hpp"

namespace relay {

class LogFollower {
public:
    // `own` is the relay's own emitter: what is inferred is not chasquid's word.
    LogFollower(mailside::asio::io_context& io, const Options& options, quipu::Emitter& own);

    // Until stop(); at once where there is no log to follow.
    mailside::awaitable<void> run();
    void stop();

private:
    mailside::awaitable<void> follow_file();
    mailside::awaitable<void> follow_journal();
    mailside::awaitable<std::string> read_journal();
    void take(std::string_view line, quipu::TraceTime written);
    void take_journal_entry(std::string_view json);
    void expire();

    const Options& options_;
    LogTraces traces_;
    LogClock clock_;
    mailside::asio::steady_timer pause_;
    mailside::asio::posix::stream_descriptor journal_;
    mailside::Clock::time_point next_expiry_{};
    quipu::Counter lines_;
    quipu::Counter unknown_lines_;
    quipu::Counter rotations_;
    StateText state_;
    bool is_stopped_ = false;
};

// What systemd's journal says of one entry, as `journalctl --output=json` writes it.
struct JournalEntry {
    std::string message;
    std::int64_t time_us = 0;  // since 1970; 0: not told
};

// false: the line is none.
bool parse_journal_entry(std::string_view json, JournalEntry& out);

}  // namespace relay
