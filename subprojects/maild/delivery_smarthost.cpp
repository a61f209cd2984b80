#include "delivery.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace maild {

namespace {

using namespace std::chrono_literals;

// RFC 5321 4.5.3.2 asks for five minutes, ten after the message.
constexpr auto connect_timeout = 60s;
constexpr auto reply_timeout = 5min;
constexpr auto end_of_data_timeout = 10min;
constexpr std::size_t max_reply_line_bytes = 4096;
constexpr int max_reply_lines = 100;

struct Reply {
    int code = 0;  // 0: the connection failed, and text says how
    std::string text;

    [[nodiscard]] bool is(int family) const { return code / 100 == family; }
};

Outcome outcome_of(const Reply& reply, std::string_view what) {
    if (reply.is(2)) return {};
    return {
        reply.is(5) ? Outcome::Kind::permanent : Outcome::Kind::temporary,
        std::string(what) + ": " + (reply.code != 0 ? std::to_string(reply.code) + " " : "") + reply.text};
}

// The client side of one connection.
class Client {
public:
    Client(const Delivery& delivery, quipu::Trace& trace) : delivery_(delivery), trace_(trace) {}

    // Up to EHLO, over TLS where the server can and may_use_tls; a good reply ends with 250. tls_failed: try again
    // without.
    awaitable<Reply> open(bool may_use_tls, bool& tls_failed);
    awaitable<Reply> command(std::string line);
    awaitable<Reply> send_body();
    awaitable<void> quit();

    [[nodiscard]] bool offers(std::string_view extension) const {
        return std::find(extensions_.begin(), extensions_.end(), extension) != extensions_.end();
    }

private:
    // Of the command `to`, for people.
    awaitable<Reply> read_reply(std::string to, std::chrono::seconds timeout);
    awaitable<Reply> connect();
    awaitable<Reply> ehlo();

    const Delivery& delivery_;
    quipu::Trace& trace_;
    std::shared_ptr<Wire> wire_;
    LineReader lines_{max_reply_line_bytes};
    std::vector<std::string> reply_lines_;
    std::vector<std::string> extensions_;  // upper case, first words
};

awaitable<Reply> Client::read_reply(std::string to, std::chrono::seconds timeout) {
    const auto deadline = Clock::now() + timeout;
    reply_lines_.clear();
    Reply reply;
    while (reply_lines_.size() < max_reply_lines) {
        std::optional<Line> line = lines_.next(wire_->input());
        if (!line) {
            delivery_.task.waits_for("the smarthost's reply", to);
            const error_code ec = co_await wire_->fill(deadline);
            delivery_.task.runs();
            if (ec) {
                reply = {.code = 0, .text = "connection lost: " + ec.message()};
                co_return reply;
            }
            continue;
        }
        const std::string& text = line->text;
        if (text.size() < 3 || text.find_first_not_of("0123456789") < 3) break;
        reply_lines_.push_back(text.size() > 4 ? text.substr(4) : "");
        if (text.size() > 3 && text[3] == '-') continue;
        reply = {.code = std::stoi(text.substr(0, 3)), .text = printable(reply_lines_.back())};
        trace_.printf("-> %d %s", reply.code, reply.text.c_str());
        co_return reply;
    }
    reply.text = "not an SMTP reply";
    co_return reply;
}

awaitable<Reply> Client::command(std::string line) {
    trace_.printf("<- %s", printable(line).c_str());
    wire_->write(line + "\r\n");
    Reply reply = co_await read_reply(printable(line), reply_timeout);
    co_return reply;
}

awaitable<Reply> Client::connect() {
    const auto executor = co_await asio::this_coro::executor;
    const HostPort& host = *delivery_.options.smarthost;
    tcp::resolver resolver(executor);
    const std::string port = std::to_string(host.port);
    Reply failure{.code = 0, .text = "cannot reach " + host.host + ":" + port + ": "};
    delivery_.task.waits_for("the smarthost's address", host.host);
    auto [resolve_error, endpoints] = co_await resolver.async_resolve(host.host, port, as_result);
    if (resolve_error) {
        failure.text += resolve_error.message();
        co_return failure;
    }
    wire_ = std::make_shared<Wire>(mailside::StreamSocket(executor));
    lines_ = LineReader(max_reply_line_bytes);
    delivery_.task.waits_for("a connection to the smarthost", host.host);
    std::vector<mailside::StreamEndpoint> candidates;
    for (const auto& entry : endpoints) candidates.emplace_back(entry.endpoint());
    if (const error_code ec = co_await wire_->connect(std::move(candidates), Clock::now() + connect_timeout)) {
        failure.text += ec.message();
        co_return failure;
    }
    trace_.printf("connected to %s:%s", host.host.c_str(), port.c_str());
    std::string greeting = "the connection";
    Reply reply = co_await read_reply(std::move(greeting), reply_timeout);
    co_return reply;
}

awaitable<Reply> Client::ehlo() {
    std::string line = "EHLO " + delivery_.options.hostname;
    Reply reply = co_await command(std::move(line));
    extensions_.clear();
    for (const std::string& text : reply_lines_) extensions_.push_back(parse_command(text).name);
    co_return reply;
}

awaitable<Reply> Client::open(bool may_use_tls, bool& tls_failed) {
    tls_failed = false;
    Reply reply = co_await connect();
    if (!reply.is(2)) co_return reply;
    reply = co_await ehlo();
    if (!reply.is(2)) co_return reply;
    std::string starttls = "STARTTLS";
    if (may_use_tls && offers(starttls)) {
        reply = co_await command(std::move(starttls));
        if (reply.code == 0) co_return reply;
        if (reply.is(2)) {
            std::string host = delivery_.options.smarthost->host;
            const auto deadline = Clock::now() + connect_timeout;
            delivery_.task.waits_for("the TLS handshake with the smarthost");
            if (const error_code ec = co_await wire_->connect_tls(delivery_.client_tls, std::move(host), deadline)) {
                delivery_.counts.out_failed.add();
                trace_.error("TLS failed: %s", ec.message().c_str());
                tls_failed = true;
                co_return reply;
            }
            (wire_->is_verified() ? delivery_.counts.out_secure : delivery_.counts.out_insecure).add();
            trace_.event(wire_->is_verified() ? "TLS, certificate verified" : "TLS, certificate not verified");
            reply = co_await ehlo();
            co_return reply;
        }
    }
    delivery_.counts.out_plain.add();
    reply = {.code = 250, .text = {}};
    co_return reply;
}

awaitable<Reply> Client::send_body() {
    const File body = delivery_.dir.open_body(delivery_.item);
    DataWriter writer;
    std::string in(64 * 1024, '\0'), out;
    Reply failure{.code = 0, .text = "cannot read the queue item"};
    while (body.is_open()) {
        const ssize_t n = ::read(body.fd(), in.data(), in.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        out.clear();
        if (n > 0)
            writer.feed(std::string_view(in.data(), static_cast<std::size_t>(n)), out);
        else
            writer.finish(out);
        wire_->write(out);
        if (n == 0) {
            std::string message = "the message";
            Reply reply = co_await read_reply(std::move(message), end_of_data_timeout);
            co_return reply;
        }
        delivery_.task.waits_for("the smarthost to take the message");
        if (const error_code ec = co_await wire_->flush(Clock::now() + reply_timeout)) {
            failure.text = "connection lost: " + ec.message();
            break;
        }
    }
    co_return failure;
}

awaitable<void> Client::quit() {
    if (!wire_) co_return;
    wire_->write("QUIT\r\n");
    delivery_.task.waits_for("the smarthost to hang up");
    co_await wire_->finish();
}

// From MAIL to the end of the message; outcomes are of the same order as recipients.
awaitable<void> transact(
    Client& client, const Delivery& delivery, const std::vector<std::size_t>& recipients, std::vector<Outcome>& outcomes
) {
    std::string mail = "MAIL FROM:<" + delivery.item.from + ">";
    if (client.offers("8BITMIME")) mail += " BODY=8BITMIME";
    Reply reply = co_await client.command(std::move(mail));
    if (!reply.is(2)) {
        outcomes.assign(recipients.size(), outcome_of(reply, "MAIL"));
        co_return;
    }
    std::vector<std::size_t> accepted;
    for (std::size_t i = 0; i < recipients.size(); ++i) {
        std::string rcpt = "RCPT TO:<" + delivery.item.recipients[recipients[i]].address + ">";
        reply = co_await client.command(std::move(rcpt));
        outcomes[i] = outcome_of(reply, "RCPT");
        if (reply.is(2)) accepted.push_back(i);
    }
    if (accepted.empty()) co_return;
    std::string data = "DATA";
    reply = co_await client.command(std::move(data));
    // A 2xx here would be a server that talks another language; nothing was sent.
    if (reply.is(3))
        reply = co_await client.send_body();
    else if (reply.is(2))
        reply.code = 0;
    for (const std::size_t i : accepted) outcomes[i] = outcome_of(reply, "DATA");
}

}  // namespace

awaitable<std::vector<Outcome>> deliver_smarthost(
    const Delivery& delivery, const std::vector<std::size_t>& recipients, quipu::Trace& trace
) {
    const Outcome no_way{Outcome::Kind::permanent, "no way out of this host: no --smarthost is set"};
    std::vector<Outcome> outcomes(recipients.size(), no_way);
    if (!delivery.options.smarthost) co_return outcomes;
    Client client(delivery, trace);
    bool tls_failed = false;
    Reply reply = co_await client.open(true, tls_failed);
    if (tls_failed) reply = co_await client.open(false, tls_failed);
    if (reply.is(2)) {
        co_await transact(client, delivery, recipients, outcomes);
    } else {
        // Whatever its code, it is about this host or that one, not about the message.
        Outcome failure = outcome_of(reply, "smarthost");
        failure.kind = Outcome::Kind::temporary;
        outcomes.assign(recipients.size(), failure);
    }
    co_await client.quit();
    co_return outcomes;
}

}  // namespace maild
