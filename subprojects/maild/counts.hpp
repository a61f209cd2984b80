// Every variable that maild counts, resolved once. With --count_log each increment is also a line in a file, which
// tests compare with what quipud shows.
#pragma once

#include <quipu/mail_metrics.hpp>

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "smtp_parse.hpp"

namespace maild {

// One counter, or one label of a counter map. A default-made one counts nothing.
class Tally {
public:
    Tally() = default;
    Tally(quipu::Counter counter, std::string log_line, int log_fd);

    void add() const;

private:
    quipu::Counter counter_;
    std::string log_line_;
    int log_fd_ = -1;
};

class Counts {
public:
    // Throws std::runtime_error where count_log is given and cannot be opened.
    Counts(quipu::Emitter& emitter, std::string_view version, std::int64_t source_date, const std::string& count_log);
    ~Counts();
    Counts(const Counts&) = delete;
    Counts& operator=(const Counts&) = delete;

    void command(const Command& command);
    void reply(int code);
    void wrong_protocol(std::string_view verb);

private:
    Tally make(const quipu::Counter& counter, std::string_view name) const;
    Tally make(const quipu::CounterMap& family, std::string_view name, std::string_view label) const;

    quipu::MailMetrics metrics_;
    int log_fd_;
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
