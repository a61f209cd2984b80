#include "counts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace maild {

namespace {

constexpr std::string_view deliver_attempts = "chasquid/queue/deliverAttempts";
constexpr std::string_view command_count = "chasquid/smtpIn/commandCount";
constexpr std::string_view response_codes = "chasquid/smtpIn/responseCodeCount";
constexpr std::string_view in_tls = "chasquid/smtpIn/tlsCount";
constexpr std::string_view out_tls = "chasquid/smtpOut/tlsCount";

int open_log(const std::string& path) {
    if (path.empty()) return -1;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd >= 0) return fd;
    throw std::runtime_error("cannot open --count_log " + path + ": " + std::generic_category().message(errno));
}

// One write of one line, so that the lines of two threads do not mix. It is a test's tool: a full disk shows there.
void write_line(int fd, std::string_view line) {
    if (fd >= 0 && ::write(fd, line.data(), line.size()) < 0) return;
}

}  // namespace

CountLog::CountLog(const std::string& path) : fd_(open_log(path)) {}

CountLog::~CountLog() {
    if (fd_ >= 0) ::close(fd_);
}

void CountLog::begin_count(std::string_view line) {
    is_counting_ = true;
    write_line(fd_, line);
}

void CountLog::push(quipu::PushStage stage) {
    if (fd_ < 0) return;
    constexpr std::array<const char*, 3> names = {"begins", "gathered", "sent"};
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const bool is_gathered = stage == quipu::PushStage::gathered;
    const char* const doubt = is_last_in_doubt_ ? " but 1" : " but 0";
    std::array<char, 64> line{};
    const int length = std::snprintf(
        line.data(),
        line.size(),
        "# push %s %lld.%09ld%s\n",
        names.at(static_cast<std::size_t>(stage)),
        static_cast<long long>(now.tv_sec),
        now.tv_nsec,
        is_gathered ? doubt : ""
    );
    write_line(fd_, {line.data(), static_cast<std::size_t>(length)});
    // Whoever is not counting now has counted all that was written before this line.
    if (stage == quipu::PushStage::begins) is_last_in_doubt_ = is_counting_;
}

Tally::Tally(quipu::Counter counter, std::string log_line, CountLog* log)
    : counter_(counter), log_line_(std::move(log_line)), log_(log) {}

void Tally::add() const {
    if (log_) log_->begin_count(log_line_);
    counter_.add();
    if (log_) log_->end_count();
}

Counts::Counts(quipu::Emitter& emitter, std::string_view version, std::int64_t source_date, CountLog& count_log)
    : metrics_(emitter, version, source_date),
      log_(count_log.is_open() ? &count_log : nullptr),
      alias_hook_skip(make(metrics_.aliases.hook_results, "chasquid/aliases/hookResults", "resolve:skip")),
      attempt_pipe(make(metrics_.queue.deliver_attempts, deliver_attempts, "pipe")),
      attempt_forward(make(metrics_.queue.deliver_attempts, deliver_attempts, "forward")),
      attempt_local(make(metrics_.queue.deliver_attempts, deliver_attempts, "email:local")),
      attempt_remote(make(metrics_.queue.deliver_attempts, deliver_attempts, "email:remote")),
      dsn_queued(make(metrics_.queue.dsn_queued, "chasquid/queue/dsnQueued")),
      items_written(make(metrics_.queue.items_written, "chasquid/queue/itemsWritten")),
      put_count(make(metrics_.queue.put_count, "chasquid/queue/putCount")),
      post_data_skip(make(metrics_.smtp_in.hook_results, "chasquid/smtpIn/hookResults", "post-data:skip")),
      loops_detected(make(metrics_.smtp_in.loops_detected, "chasquid/smtpIn/loopsDetected")),
      message_tls(make(metrics_.smtp_in.tls_count, in_tls, "tls")),
      message_plain(make(metrics_.smtp_in.tls_count, in_tls, "plain")),
      out_plain(make(metrics_.smtp_out.tls_count, out_tls, "plain")),
      out_insecure(make(metrics_.smtp_out.tls_count, out_tls, "tls:insecure")),
      out_secure(make(metrics_.smtp_out.tls_count, out_tls, "tls:secure")),
      out_failed(make(metrics_.smtp_out.tls_count, out_tls, "tls:failed")) {
    for (std::size_t i = 0; i < commands_.size(); ++i) {
        commands_[i] = make(metrics_.smtp_in.command_count, command_count, verb_names[i]);
    }
    for (const int code : {220, 221, 250, 354, 421, 500, 501, 503, 550, 554}) {
        replies_[code] = make(metrics_.smtp_in.response_code_count, response_codes, std::to_string(code));
    }
}

void Counts::command(const Command& command) {
    if (command.verb != Verb::unknown) return commands_[static_cast<std::size_t>(command.verb)].add();
    const std::string label = quipu::unknown_command_label(command.name);
    make(metrics_.smtp_in.command_count, command_count, label).add();
}

void Counts::reply(int code) {
    auto found = replies_.find(code);
    if (found == replies_.end()) {
        Tally tally = make(metrics_.smtp_in.response_code_count, response_codes, std::to_string(code));
        found = replies_.emplace(code, std::move(tally)).first;
    }
    found->second.add();
}

void Counts::wrong_protocol(std::string_view verb) {
    make(metrics_.smtp_in.wrong_proto_count, "chasquid/smtpIn/wrongProtoCount", verb).add();
}

Tally Counts::make(const quipu::Counter& counter, std::string_view name) const {
    return {counter, std::string(name) + " 1\n", log_};
}

Tally Counts::make(const quipu::CounterMap& family, std::string_view name, std::string_view label) const {
    return {family(label), std::string(name) + ' ' + std::string(label) + " 1\n", log_};
}

}  // namespace maild
