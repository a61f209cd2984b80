// One SMTP client's conversation: reads commands, keeps their order, answers. reply() is the only place that answers,
// dispatch() the only one that takes commands; both count. Bounds: one command line, 16 KiB of input, max_recipients.
#pragma once

#include <quipu/emitter.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "names.hpp"
#include "queue.hpp"
#include "smtp_parse.hpp"

namespace maild {

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Context context, std::shared_ptr<Queue> queue, tcp::socket socket, const tcp::endpoint& peer);

    // has_room: false answers 421 and ends.
    awaitable<void> run(bool has_room);

    // Says 421 where the client is waited for, and ends.
    void stop() { wire_->interrupt(); }

private:
    // Reads on; the task tells what for.
    awaitable<error_code> fill(std::string_view what, Clock::time_point deadline);
    awaitable<std::optional<Line>> read_line();
    awaitable<void> dispatch(Line line);
    void reply(int code, std::string_view text);
    // The reply to a read that failed.
    void reply_to(const error_code& ec);

    void hello(const Command& command);
    void mail(const Command& command);
    void rcpt(const Command& command);
    awaitable<void> start_tls(bool has_args);
    awaitable<void> data(bool has_args);
    // Takes the message up to its end; false where the connection broke.
    awaitable<bool> receive(DataReader& reader, Spool& spool);
    void take(const DataReader& reader, Item item, Spool& spool);
    [[nodiscard]] std::string received_header(const Item& item) const;
    void reset();

    Context context_;
    std::shared_ptr<Queue> queue_;
    std::shared_ptr<Wire> wire_;
    LineReader lines_{max_command_bytes};
    std::string peer_ip_;
    bool is_peer_local_;
    quipu::Trace trace_;
    quipu::Task task_;
    Clock::time_point session_end_;
    std::string command_name_ = "connection";  // what reply() answers
    std::size_t errors_ = 0;
    bool is_closing_ = false;

    std::string hello_name_;  // empty before HELO or EHLO
    bool is_extended_ = false;
    std::optional<std::string> sender_;  // set by MAIL
    std::vector<Recipient> recipients_;
    std::size_t recipient_count_ = 0;  // accepted RCPTs; aliases make more or fewer recipients of them
};

}  // namespace maild
