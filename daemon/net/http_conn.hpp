// One HTTP connection (TCP or Unix socket, plain or TLS): requests in, dispatch(), responses out. What pages say is not
// known here.
//
//     idle --first byte--> reading --whole request--> answering (ask?) --written--> idle ... or lingering --> closed
//
// Beast parses and serializes; this class only moves the bytes, because deadlines here end in an answer (408), not in
// a closed socket. Kept alive by its own coroutine; everything runs on the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/net/auth.hpp"
#include "daemon/net/background.hpp"
#include "daemon/net/exchange.hpp"
#include "daemon/net/log.hpp"
#include "daemon/net/own_answers.hpp"
#include "daemon/net/peer.hpp"
#include "daemon/net/transport.hpp"
#include "daemon/net/turns.hpp"
#include "daemon/net/unique_fd.hpp"
#include "daemon/pages/copies.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

namespace beast = boost::beast;
namespace http = boost::beast::http;

struct HttpTimes {
    std::chrono::nanoseconds request = std::chrono::seconds(10);            // from its first byte to its last
    std::chrono::nanoseconds idle = std::chrono::seconds(75);               // between two requests
    std::chrono::nanoseconds write = std::chrono::seconds(30);              // without the client taking a byte
    std::chrono::nanoseconds linger = std::chrono::seconds(2);              // for the client to read a refusal
    std::chrono::nanoseconds stream_turn = std::chrono::milliseconds(250);  // between two looks for news
    std::chrono::nanoseconds heartbeat = std::chrono::seconds(15);          // of a stream without news
};

struct HttpLimits {
    std::uint32_t connections = 256;               // beyond: the one that waited longest gives way, or 503
    std::uint32_t header_bytes = 16 * 1024;        // beyond: 431
    std::size_t target_bytes = 8 * 1024;           // beyond: 414
    std::uint64_t body_bytes = 64 * 1024;          // beyond: 413; never used, only read away
    std::size_t answer_bytes = 256 * 1024 * 1024;  // being written on all connections; beyond: 503
    std::uint32_t streams = 64;                    // that go on for ever; beyond: 503
    std::uint32_t page_jobs = 16;                  // slow pages being made or waiting for it; beyond: 503
};

class HttpConn;

// What all HTTP connections share. Outlives them.
struct HttpSide {
    Exchange& exchange;
    HttpTimes times;
    HttpLimits limits;
    LogBrake complaints;
    std::vector<HttpConn*> open{};
    std::size_t answer_bytes = 0;
    std::uint32_t streams = 0;
    Turns turns{exchange.io()};
    Copies copies{};
    bool is_stopping = false;                   // no second request on any connection
    std::shared_ptr<ssl_ctx_st> tls = nullptr;  // of connections accepted from now on; null: plain
    std::unique_ptr<Auth> auth = nullptr;       // null: nobody is asked who they are
    Background& works;                          // where slow pages are made
    Symbols& symbols;                           // used there and nowhere else
    OwnAnswers& own_answers;                    // of quipud about itself
};

// For one who asked.
std::shared_ptr<const Answer> alone(Response response);

// On the clock of deadlines.
std::int64_t in_time(std::chrono::nanoseconds after);

// Takes over an accepted connection, or answers 503.
void accept_http(HttpSide& side, UniqueFd fd);

// Closes the connection that has waited longest for a request. false: every one of them is being answered.
bool evict_longest_waiting(HttpSide& side);

// No second request on any connection: they finish what they answer, and close. Idle ones are closed at once; those
// that have just come and have not spoken yet with the first close_silent().
void stop_http(HttpSide& side);

// Closes those of which nothing has come that would wait for an answer. Called again and again after stop_http().
void close_silent(HttpSide& side);

class HttpConn : public std::enable_shared_from_this<HttpConn> {
public:
    using Socket = Transport::Socket;

    HttpConn(HttpSide& side, Socket socket);

    HttpConn(const HttpConn&) = delete;
    HttpConn& operator=(const HttpConn&) = delete;

    void start();
    void close();

    // No whole request is here: closing takes nothing from anybody.
    [[nodiscard]] bool is_waiting() const { return is_waiting_; }

    // is_waiting(), and nothing has come of a request; closing does not reset what a client has just sent.
    [[nodiscard]] bool is_silent();

    [[nodiscard]] bool is_first() const { return is_first_; }

    [[nodiscard]] std::int64_t waiting_since_steady_ns() const { return waiting_since_steady_ns_; }

private:
    using Parser = http::request_parser<http::string_body>;

    enum class Got : std::uint8_t { request, refusal, nothing };

    asio::awaitable<void> run(std::shared_ptr<HttpConn> self);
    asio::awaitable<Got> read_request();
    asio::awaitable<bool> answer();
    asio::awaitable<bool> answer_anew(Request request, Now now);
    asio::awaitable<Finished> ask(PageAsk page, Request request);
    asio::awaitable<std::vector<Reply>> ask_emitters(Ask question);
    asio::awaitable<std::vector<Reply>> ask_quipud(Ask question);  // http_jobs.cpp
    asio::awaitable<Response> do_job(PageJob page, Request request);
    asio::awaitable<void> done(std::shared_ptr<JobState> job);
    asio::awaitable<bool> deliver(std::shared_ptr<const Answer> answer);
    asio::awaitable<bool> work(std::unique_ptr<PageWork> page, Request request);  // http_work.cpp
    asio::awaitable<bool> work_in_steps(PageWork& page, Request request);
    asio::awaitable<bool> send_pieces(PageWork& page, Response head);
    std::optional<Response> head_safely(PageWork& page, const Request& request);
    bool more_safely(PageWork& page, std::string& body, bool& has_more);
    asio::awaitable<std::optional<Response>> refuse_stranger(Request request);
    asio::awaitable<bool> stream(PageStream page);  // http_stream.cpp
    std::string next_safely(const PageStream& page, Now now);
    asio::awaitable<bool> send_all(std::string_view first, std::string_view second);
    asio::awaitable<bool> send_news(std::string bytes, bool shows_counts);
    asio::awaitable<bool> write(std::shared_ptr<const Answer> answer, bool is_last);
    asio::awaitable<bool> write_continue();
    asio::awaitable<void> linger();
    asio::awaitable<bool> ready(Socket::wait_type what, std::int64_t due_steady_ns);

    void begin_request();
    Got end_of_wait(bool has_begun);
    bool receive();
    void log_answer(const Response& response);
    void count_error();
    void count_tls_failure();
    unsigned parse();

    [[nodiscard]] std::string_view unparsed() const {
        return {static_cast<const char*>(in_.data().data()), in_.size()};
    }

    [[nodiscard]] unsigned refusal_after_parsing() const;
    [[nodiscard]] bool wants_continue() const;
    PageResult dispatch_safely(Request& request, Now now);
    Finished finish_safely(const PageAsk& page, const Request& request, std::vector<Reply> replies);
    Response render_safely(const Job<PageJob::Render>& job, const Request& request);
    std::function<void()> waker();
    void watch_client();
    void deadline_passed();

    HttpSide& side_;
    Transport transport_;
    HttpPeer peer_;  // known only where it is asked for
    asio::steady_timer deadline_;
    asio::steady_timer answered_;     // cancelled when the ask is over or the client gone
    std::int64_t due_steady_ns_ = 0;  // of the wait that runs; 0: none
    bool is_late_ = false;            // the last wait ended by its deadline

    beast::flat_buffer in_;  // received, not parsed; requests may be pipelined
    std::optional<Parser> parser_;
    unsigned refusal_ = 0;  // the status, where a request cannot be taken
    bool is_plain_to_tls_ = false;
    bool is_first_ = true;
    bool is_waiting_ = true;
    std::int64_t waiting_since_steady_ns_ = 0;
    bool is_asking_ = false;
    bool is_client_gone_ = false;
    bool is_streaming_ = false;
    bool is_closed_ = false;
};

}  // namespace quipu
