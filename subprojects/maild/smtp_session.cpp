#include "smtp_session.hpp"

#include "dsn.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace maild {

namespace {

using namespace std::chrono_literals;

// Whatever a client does within the time limits of each command, it is asked to come again after this.
constexpr auto max_session = 1h;
constexpr auto max_data_time = 30min;
// A client that ends its message with bare newlines waits for an answer: it gets one when it has been quiet so long.
constexpr auto quiet_after_fault = 5s;
constexpr std::size_t max_received_fields = 50;

template <typename Value>
std::string to_text(const Value& value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

// It ends up in Received, where a comment or a folded line must not be forged.
bool is_hello_name(std::string_view name) {
    return !name.empty() && name.size() <= max_domain_bytes && std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '(' && c != ')' && c != ';' && c != '<' && c != '>';
    });
}

}  // namespace

Session::Session(Context context, std::shared_ptr<Queue> queue, tcp::socket socket, const tcp::endpoint& peer)
    : context_(context),
      queue_(std::move(queue)),
      wire_(std::make_shared<Wire>(std::move(socket))),
      peer_ip_(peer.address().to_string()),
      is_peer_local_(peer.address().is_loopback()),
      trace_(context_.emitter.trace("SMTP.Conn", to_text(peer))),
      task_(context_.profiler.task("SMTP session", to_text(peer))),
      session_end_(Clock::now() + max_session) {}

awaitable<void> Session::run(bool has_room) {
    const auto self = shared_from_this();
    trace_.event("Connected, mode: SMTP");
    if (has_room) {
        reply(220, context_.options.hostname + " ESMTP maild");
    } else {
        reply(421, "4.3.2 Too many connections, try again later");
    }
    while (!is_closing_) {
        std::optional<Line> line = co_await read_line();
        if (!line) break;
        co_await dispatch(std::move(*line));
    }
    task_.waits_for("the client to hang up");
    co_await wire_->finish();
    trace_.finish();
}

awaitable<error_code> Session::fill(std::string_view what, Clock::time_point deadline) {
    task_.waits_for(what, hello_name_);
    const error_code ec = co_await wire_->fill(deadline);
    task_.runs();
    co_return ec;
}

awaitable<std::optional<Line>> Session::read_line() {
    const auto deadline = std::min(Clock::now() + context_.options.command_timeout, session_end_);
    std::optional<Line> line = lines_.next(wire_->input());
    while (!line) {
        if (const error_code ec = co_await fill("a command", deadline)) {
            command_name_ = "connection";
            reply_to(ec);
            break;
        }
        line = lines_.next(wire_->input());
    }
    co_return line;
}

void Session::reply_to(const error_code& ec) {
    if (ec == asio::error::timed_out) {
        reply(421, "4.4.2 You took too long");
    } else if (ec == asio::error::operation_aborted) {
        reply(421, "4.3.2 Shutting down, try again later");
    } else if (ec == asio::error::eof) {
        trace_.event("client hung up");
    } else {
        trace_.error("connection lost: %s", ec.message().c_str());
    }
    is_closing_ = true;
}

void Session::reply(int code, std::string_view text) {
    if (code >= 500 && ++errors_ >= context_.options.max_errors) {
        trace_.error("%s would have been refused with %d", command_name_.c_str(), code);
        code = 421;
        text = "4.7.0 Too many errors";
    }
    if (code == 421) is_closing_ = true;
    context_.counts.reply(code);
    const std::string number = std::to_string(code);
    const int size = static_cast<int>(text.size());
    trace_.printf("<- %d %.*s", code, size, text.data());
    if (code >= 400) trace_.error("%s failed: %d %.*s", command_name_.c_str(), code, size, text.data());
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        wire_->write(number + (text.empty() ? " " : "-") + std::string(line) + "\r\n");
    }
}

awaitable<void> Session::dispatch(Line line) {
    const Command command = parse_command(line.text);
    const std::string args = printable(command.args);
    command_name_ = printable(command.name);
    trace_.printf("-> %s %s", command_name_.c_str(), args.c_str());
    if (is_http_verb(command.name)) {
        context_.counts.wrong_protocol(command.name);
        reply(502, "5.7.0 This is not a web server");
        is_closing_ = true;
        co_return;
    }
    context_.counts.command(command);
    switch (line.fault) {
        case LineFault::none: break;
        case LineFault::too_long: reply(500, "5.5.2 Line too long"); co_return;
        case LineFault::bare_newline: reply(500, "5.5.2 Lines end with CRLF"); co_return;
        case LineFault::nul: reply(500, "5.5.2 NUL in a command"); co_return;
    }
    const bool has_args = !command.args.empty();
    switch (command.verb) {
        case Verb::ehlo:
        case Verb::helo: hello(command); break;
        case Verb::mail: mail(command); break;
        case Verb::rcpt: rcpt(command); break;
        case Verb::data: co_await data(has_args); break;
        case Verb::rset:
            if (has_args) co_return reply(501, "5.5.4 RSET takes no argument");
            reset();
            reply(250, "2.0.0 Reset");
            break;
        case Verb::noop: reply(250, "2.0.0 Fine"); break;
        case Verb::vrfy: reply(252, "2.5.0 Send some mail and see"); break;
        case Verb::help: reply(214, "2.0.0 See RFC 5321"); break;
        case Verb::quit:
            if (has_args) co_return reply(501, "5.5.4 QUIT takes no argument");
            reply(221, "2.0.0 Bye");
            is_closing_ = true;
            break;
        case Verb::starttls: co_await start_tls(has_args); break;
        case Verb::unknown: reply(500, "5.5.1 Unknown command"); break;
    }
}

void Session::reset() {
    sender_.reset();
    recipients_.clear();
    recipient_count_ = 0;
}

void Session::hello(const Command& command) {
    const std::string_view name = command.args.substr(0, command.args.find(' '));
    if (!is_hello_name(name)) return reply(501, "5.5.4 A host name or an address literal must follow");
    reset();
    hello_name_ = name;
    is_extended_ = command.verb == Verb::ehlo;
    if (!is_extended_) return reply(250, context_.options.hostname);
    std::string text = context_.options.hostname + " greets you\n8BITMIME\nPIPELINING\nENHANCEDSTATUSCODES\nSIZE " +
                       std::to_string(context_.options.max_data_bytes);
    if (context_.server_tls != nullptr && !wire_->is_tls()) text += "\nSTARTTLS";
    reply(250, text + "\nHELP");
}

void Session::mail(const Command& command) {
    if (hello_name_.empty()) return reply(503, "5.5.1 Say EHLO first");
    if (sender_) return reply(503, "5.5.1 There is a sender already");
    Path path;
    switch (parse_path(command.args, "FROM:", path)) {
        case PathFault::none: break;
        case PathFault::syntax: return reply(501, "5.1.7 Malformed sender address");
        case PathFault::too_long: return reply(553, "5.1.7 Sender address too long");
        case PathFault::not_ascii: return reply(553, "5.6.7 Non-ASCII addresses are not supported");
    }
    std::uint64_t size = 0;
    switch (parse_mail_params(path.params, size)) {
        case ParamFault::none: break;
        case ParamFault::bad_value: return reply(501, "5.5.4 Malformed parameter");
        case ParamFault::unknown: return reply(555, "5.5.4 Unknown parameter");
    }
    if (size > context_.options.max_data_bytes) return reply(552, "5.3.4 Message too big");
    if (queue_->is_full()) return reply(452, "4.3.1 The queue is full, try again later");
    sender_ = path.address ? path.address->text : std::string();
    reply(250, "2.1.0 Sender taken");
}

void Session::rcpt(const Command& command) {
    if (!sender_) return reply(503, "5.5.1 MAIL comes first");
    Path path;
    switch (parse_path(command.args, "TO:", path)) {
        case PathFault::none: break;
        case PathFault::syntax: return reply(501, "5.1.3 Malformed destination address");
        case PathFault::too_long: return reply(553, "5.1.3 Destination address too long");
        case PathFault::not_ascii: return reply(553, "5.6.7 Non-ASCII addresses are not supported");
    }
    if (!path.address) return reply(501, "5.1.3 A recipient cannot be empty");
    if (!path.params.empty()) return reply(555, "5.5.4 Unknown parameter");
    if (recipient_count_ >= context_.options.max_recipients) return reply(452, "4.5.3 Too many recipients");
    Routes::Resolution route = context_.routes.resolve(*path.address);
    switch (route.verdict) {
        case Routes::Verdict::local: break;
        case Routes::Verdict::unknown_user: return reply(550, "5.1.1 Destination address is unknown");
        case Routes::Verdict::elsewhere:
            if (!is_peer_local_ || !context_.options.smarthost) return reply(550, "5.7.1 Relay not allowed");
    }
    for (Recipient& recipient : route.recipients) {
        recipient.original = path.address->text;
        recipients_.push_back(std::move(recipient));
    }
    ++recipient_count_;
    reply(250, "2.1.5 Recipient taken");
}

awaitable<void> Session::start_tls(bool has_args) {
    if (has_args) co_return reply(501, "5.5.4 STARTTLS takes no argument");
    if (wire_->is_tls()) co_return reply(503, "5.5.1 TLS is on already");
    if (context_.server_tls == nullptr) co_return reply(502, "5.5.1 STARTTLS is not offered");
    if (!wire_->input().empty()) {
        // Someone may have put commands before the client's own, to be taken as if they had come over TLS.
        trace_.error("commands after STARTTLS thrown away: %zu bytes", wire_->input().size());
    }
    reply(220, "2.0.0 Go ahead");
    const auto deadline = Clock::now() + context_.options.command_timeout;
    task_.waits_for("the TLS handshake", hello_name_);
    if (const error_code ec = co_await wire_->accept_tls(*context_.server_tls, deadline)) {
        trace_.error("TLS handshake failed: %s", ec.message().c_str());
        is_closing_ = true;
        co_return;
    }
    trace_.event("<> ... jump to TLS was successful");
    hello_name_.clear();
    reset();
}

awaitable<void> Session::data(bool has_args) {
    if (has_args) co_return reply(501, "5.5.4 DATA takes no argument");
    if (!sender_) co_return reply(503, "5.5.1 MAIL comes first");
    if (recipients_.empty()) co_return reply(503, "5.5.1 RCPT comes first");
    auto [item, spool] = queue_->begin(*sender_, std::move(recipients_));
    reset();
    spool->append(received_header(item));
    if (!spool->is_good()) co_return reply(452, "4.3.1 Cannot store mail now, try again later");
    reply(354, "End with a dot alone on a line");
    DataReader reader(context_.options.max_data_bytes);
    if (co_await receive(reader, *spool)) take(reader, std::move(item), *spool);
}

awaitable<bool> Session::receive(DataReader& reader, Spool& spool) {
    const auto end = Clock::now() + max_data_time;
    std::string text;
    while (true) {
        const std::size_t used = reader.feed(wire_->input(), text);
        wire_->input().erase(0, used);
        if (reader.fault() == DataFault::none) spool.append(text);
        text.clear();
        if (reader.is_done()) co_return true;
        const bool has_bad_ends = reader.fault() == DataFault::bare_newline;
        const auto limit = has_bad_ends ? quiet_after_fault : context_.options.command_timeout;
        const error_code ec = co_await fill("more of the message", std::min(Clock::now() + limit, end));
        if (!ec) continue;
        if (has_bad_ends && ec == asio::error::timed_out) {
            reply(521, "5.5.2 Lines end with CRLF, and so does the message");
            is_closing_ = true;
        } else {
            reply_to(ec);
        }
        co_return false;
    }
}

void Session::take(const DataReader& reader, Item item, Spool& spool) {
    trace_.printf("-> ... %zu bytes of data", reader.size());
    switch (reader.fault()) {
        case DataFault::none: break;
        case DataFault::bare_newline: return reply(554, "5.5.2 Lines end with CRLF");
        case DataFault::nul: return reply(554, "5.6.0 NUL in the message");
        case DataFault::too_big: return reply(552, "5.3.4 Message too big");
    }
    if (reader.received_count() > max_received_fields) {
        context_.counts.loops_detected.add();
        return reply(554, "5.4.6 Too many hops, this mail goes in a circle");
    }
    context_.counts.post_data_skip.add();
    const std::string id = item.id;
    std::string to;
    for (const std::string& address : item.to) to += (to.empty() ? "" : " ") + address;
    const std::string from = item.from.empty() ? "<>" : item.from;
    if (!queue_->put(std::move(item), spool, trace_)) {
        return reply(452, "4.3.1 Cannot store mail now, try again later");
    }
    (wire_->is_tls() ? context_.counts.message_tls : context_.counts.message_plain).add();
    trace_.printf("Queued from %s to [%s] - %s", from.c_str(), to.c_str(), id.c_str());
    reply(250, "2.0.0 Queued as " + id);
}

std::string Session::received_header(const Item& item) const {
    const char* protocol = !is_extended_ ? "SMTP" : wire_->is_tls() ? "ESMTPS" : "ESMTP";
    return "Received: from " + hello_name_ + " ([" + peer_ip_ + "])\n\tby " + context_.options.hostname + " with " +
           protocol + " id " + item.id + ";\n\t" + mail_date(item.created) + "\n";
}

}  // namespace maild
