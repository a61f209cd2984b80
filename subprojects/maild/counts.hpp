// Every variable that maild counts, resolved once. With --count_log each increment is also a line in a file, which
// tests compare with what quipud shows; and so is each stage of a push, which tells what quipud can know of a process
// that was killed:
//
//     chasquid/smtpIn/commandCount EHLO 1
//     # push begins 4711.000000001              by CLOCK_MONOTONIC, in seconds
//     # push gathered 4711.000000002 but 0      what was written before it began is in it, but 0 or 1 of the last lines
//     # push sent 4711.000000003                nothing is in it that was written after it was gathered
#pragma once

#include <quipu/mail_metrics.hpp>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <string_view>

#include "smtp_parse.hpp"

namespace maild {

// The file, opened for appending; without a path: none.
class CountLog {
public:
    // Throws std::runtime_error where it cannot be opened.
    explicit CountLog(const std::string& path);
    ~CountLog();
    CountLog(const CountLog&) = delete;
    CountLog& operator=(const CountLog&) = delete;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }

    // Around each count, on the one thread that counts. The line comes first: a process that is killed in between has
    // written what it did not count, never the other way.
    void begin_count(std::string_view line);

    void end_count() { is_counting_ = false; }

    // By whoever pushes: the loop, or the courier's thread.
    void push(quipu::PushStage stage);

private:
    int fd_;
    std::atomic<bool> is_counting_ = false;
    bool is_last_in_doubt_ = false;  // its line was there when the push began, and it was perhaps not counted
};

// One counter, or one label of a counter map. A default-made one counts nothing.
class Tally {
public:
    Tally() = default;
    Tally(quipu::Counter counter, std::string log_line, CountLog* log);

    void add() const;

private:
    quipu::Counter counter_;
    std::string log_line_;
    CountLog* log_ = nullptr;  // null: there is none
};

class Counts {
public:
    // The log must live as long.
    Counts(quipu::Emitter& emitter, std::string_view version, std::int64_t source_date, CountLog& count_log);
    Counts(const Counts&) = delete;
    Counts& operator=(const Counts&) = delete;

    void command(const Command& command);
    void reply(int code);
    void wrong_protocol(std::string_view verb);

private:
    Tally make(const quipu::Counter& counter, std::string_view name) const;
    Tally make(const quipu::CounterMap& family, std::string_view name, std::string_view label) const;

    quipu::MailMetrics metrics_;
    CountLog* log_;
    std::array<Tally, verb_names.size()> commands_;
    std::map<int, Tally> replies_;  // by code, all of them ours

public:
    const Tally alias_hook_skip;  // maild has no alias hook, as chasquid without one
    const Tally attempt_pipe, attempt_forward, attempt_local, attempt_remote;
    const Tally dsn_queued, items_written, put_count;
    const Tally post_data_skip;  // nor a post-data hook
    const Tally loops_detected, message_tls, message_plain;
    const Tally out_plain, out_insecure, out_secure, out_failed;
};

}  // namespace maild
