#include "daemon/net/http_conn.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "daemon/net/http_message.hpp"
#include "daemon/net/keeper.hpp"

namespace quipu {

namespace {

constexpr std::size_t read_bytes = 16 * 1024;
// Read away after a refusal, so that closing does not wipe out what the client has not read yet.
constexpr std::size_t linger_bytes = 1024 * 1024;

}  // namespace

std::int64_t in_time(std::chrono::nanoseconds after) {
    return read_clocks().steady_ns + after.count();
}

std::shared_ptr<const Answer> alone(Response response) {
    return std::make_shared<const Answer>(Answer{std::move(response), {}});
}

HttpConn::HttpConn(HttpSide& side, Socket socket)
    : side_(side),
      transport_(std::move(socket), side.tls.get()),
      peer_(side.auth ? peer_of(transport_.socket().native_handle()) : HttpPeer{}),
      deadline_(side.exchange.io()),
      answered_(side.exchange.io(), asio::steady_timer::time_point::max()) {}

void HttpConn::start() {
    waiting_since_steady_ns_ = read_clocks().steady_ns;
    side_.open.push_back(this);
    asio::co_spawn(side_.exchange.io(), run(shared_from_this()), expect_no_exception);
}

void HttpConn::close() {
    if (is_closed_) return;
    is_closed_ = true;
    std::erase(side_.open, this);
    if (is_streaming_) --side_.streams;
    transport_.close();
    deadline_.cancel();
    answered_.cancel();
}

bool HttpConn::is_silent() {
    if (!is_waiting_ || in_.size() != 0 || transport_.has_input()) return false;
    char first = 0;
    return ::recv(transport_.socket().native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

// `self` keeps the connection alive as long as the coroutine runs.
asio::awaitable<void> HttpConn::run(std::shared_ptr<HttpConn> self) {
    bool goes_on = true;
    while (goes_on && !is_closed_) {
        const Got got = co_await read_request();
        is_waiting_ = false;
        if (got == Got::nothing) break;
        // Everybody else's turn first: a client that sends many requests at once waits like all others, and what mail
        // daemons had pushed before the request is on its page.
        co_await asio::post(side_.exchange.io(), asio::use_awaitable);
        if (got == Got::refusal) {
            count_error();
            Response refusal = is_plain_to_tls_ ? plain_to_tls_response() : edge_response(refusal_);
            (void)co_await write(alone(std::move(refusal)), true);
            goes_on = false;
        } else {
            goes_on = co_await answer();
        }
        if (!goes_on) co_await linger();
    }
    self->close();
}

// --- Reading --------------------------------------------------------------------------------------------------------

void HttpConn::begin_request() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(side_.limits.header_bytes);
    parser_->body_limit(side_.limits.body_bytes);
    is_waiting_ = true;
    waiting_since_steady_ns_ = read_clocks().steady_ns;
}

asio::awaitable<HttpConn::Got> HttpConn::read_request() {
    begin_request();
    bool has_begun = false;
    bool is_continue_sent = false;
    // A first request has the whole of its time from the start: connecting alone buys no idle time.
    std::int64_t due = waiting_since_steady_ns_ + (is_first_ ? side_.times.request : side_.times.idle).count();
    for (;;) {
        if (in_.size() != 0 && !has_begun) {
            has_begun = true;
            if (!is_first_) due = in_time(side_.times.request);
        }
        if (in_.size() != 0) refusal_ = parse();
        if (refusal_ != 0) co_return Got::refusal;
        if (parser_->is_done()) co_return Got::request;
        if (!is_continue_sent && wants_continue()) {
            is_continue_sent = true;
            const bool is_written = co_await write_continue();
            if (!is_written) co_return Got::nothing;
        }
        const bool is_ready = co_await ready(Socket::wait_read, due);
        if (!is_ready) co_return end_of_wait(has_begun);
        if (!receive()) co_return refusal_ != 0 ? Got::refusal : Got::nothing;
    }
}

// Whoever has begun a request and does not finish it in time is told so.
HttpConn::Got HttpConn::end_of_wait(bool has_begun) {
    if (!is_late_ || !has_begun || is_closed_) return Got::nothing;
    refusal_ = 408;
    return Got::refusal;
}

// Into in_. false: the client has ended, the socket or TLS failed, or a client that speaks no TLS is to be told so
// (refusal_).
bool HttpConn::receive() {
    const auto space = in_.prepare(read_bytes);
    std::size_t n = 0;
    const Moved moved = transport_.read_some(static_cast<char*>(space.data()), space.size(), n);
    in_.commit(n);
    if (moved == Moved::some || moved == Moved::blocked) return true;
    is_plain_to_tls_ = moved == Moved::plain_http;
    if (is_plain_to_tls_) refusal_ = 400;
    if (is_plain_to_tls_ || !transport_.tls_failure().empty()) count_tls_failure();
    return false;
}

void HttpConn::count_error() {
    ++side_.exchange.state().own.http_errors.total;
    side_.exchange.note_change();
}

// Scanners and clients that do not trust the certificate: of use to who looks for the reason, and no more than that.
void HttpConn::count_tls_failure() {
    ++side_.exchange.state().own.tls_failures.total;
    side_.exchange.note_change();
    std::uint64_t held_back = 0;
    if (!side_.complaints.admit(read_clocks(), held_back)) return;
    const std::string_view reason = is_plain_to_tls_ ? "the client speaks no TLS" : transport_.tls_failure();
    spdlog::info("TLS failed reason={} held_back={}", in_quotes(reason), held_back);
}

// Feeds in_ to the parser. 0, or the status to refuse with.
unsigned HttpConn::parse() {
    const auto front = [this] { return *static_cast<const char*>(in_.data().data()); };
    // RFC 9112: empty lines before a request line are skipped.
    while (!parser_->got_some() && in_.size() != 0 && (front() == '\r' || front() == '\n')) in_.consume(1);
    bool has_moved = in_.size() != 0;
    while (has_moved && !parser_->is_done()) {
        boost::system::error_code error;
        const std::size_t n = parser_->put(in_.data(), error);
        if (error && error != http::error::need_more) {
            return refusal_status(error, unparsed(), parser_->get().target().empty());
        }
        in_.consume(n);
        has_moved = n != 0 && in_.size() != 0;
    }
    return refusal_after_parsing();
}

unsigned HttpConn::refusal_after_parsing() const {
    if (!parser_->is_header_done()) {
        // Beast looks at a first line once it is whole, and now and then waits for more of one that cannot be right.
        const bool is_in_first_line = parser_->get().target().empty();
        if (!is_in_first_line) return 0;
        if (unparsed().find("\r\n\r\n") != std::string_view::npos) return 400;
        const bool is_long = unparsed().size() > side_.limits.target_bytes + 64;
        return is_long && unparsed().find('\n') == std::string_view::npos ? 414 : 0;
    }
    const HttpRequest& message = parser_->get();
    if (message.target().size() > side_.limits.target_bytes) return 414;
    if (message.count(http::field::host) > 1) return 400;
    const auto expectation = message[http::field::expect];
    if (!expectation.empty() && !beast::iequals(expectation, "100-continue")) return 417;
    // Lines between the chunks of a body that the parser waits to be whole.
    if (!parser_->is_done() && in_.size() > side_.limits.header_bytes) return 400;
    return 0;
}

bool HttpConn::wants_continue() const {
    if (!parser_->is_header_done() || parser_->is_done()) return false;
    const HttpRequest& message = parser_->get();
    return message.version() >= 11 && beast::iequals(message[http::field::expect], "100-continue");
}

// --- Answering ------------------------------------------------------------------------------------------------------

// false: nothing more comes on this connection.
asio::awaitable<bool> HttpConn::answer() {
    is_first_ = false;
    ++side_.exchange.state().own.http_requests.total;
    Request request = page_request(parser_->get());
    std::optional<Response> refused;
    if (side_.auth) refused = co_await refuse_stranger(request);
    // Quick pages are small, and /healthz is asked just when there is too much of everything.
    const bool needs_turn = !refused && !is_quick(request.target);
    const bool has_to_wait = needs_turn && !side_.turns.is_free();
    if (has_to_wait) co_await side_.turns.wait(is_closed_);
    // Who has not waited was read from a moment ago.
    if (is_closed_ || (has_to_wait && is_reset(transport_.socket().native_handle()))) co_return false;
    if (needs_turn && side_.answer_bytes > side_.limits.answer_bytes) refused = edge_response(503);
    const Now now = read_clocks();
    std::shared_ptr<const Answer> answer;
    if (refused) {
        answer = alone(std::move(*refused));
    } else {
        answer = side_.copies.find(request, side_.exchange.changes(), now);
    }
    bool goes_on = false;
    if (answer) {
        goes_on = co_await deliver(std::move(answer));
    } else {
        goes_on = co_await answer_anew(std::move(request), now);
    }
    co_return goes_on;
}

// As answer().
asio::awaitable<bool> HttpConn::answer_anew(Request request, Now now) {
    const std::uint64_t changes = side_.exchange.changes();
    PageResult result = dispatch_safely(request, now);
    if (auto* response = std::get_if<Response>(&result)) {
        const bool is_copied = response->is_copied;
        std::string head = is_copied ? response_head(*response, Framing::length, 11, false, now) : std::string();
        std::shared_ptr<const Answer> answer =
            std::make_shared<const Answer>(Answer{std::move(*response), std::move(head)});
        if (is_copied) side_.copies.keep(request, answer, changes, now);
        const bool goes_on = co_await deliver(std::move(answer));
        co_return goes_on;
    }
    if (auto* page = std::get_if<PageStream>(&result)) {
        const bool is_to_end = co_await stream(std::move(*page));
        co_return is_to_end;
    }
    Finished finished;
    if (auto* page = std::get_if<PageAsk>(&result)) {
        finished = co_await ask(std::move(*page), request);
        if (is_client_gone_ || is_closed_) co_return false;
    } else {
        finished = std::move(std::get<std::unique_ptr<PageWork>>(result));
    }
    bool goes_on = false;
    if (auto* long_page = std::get_if<std::unique_ptr<PageWork>>(&finished)) {
        goes_on = co_await work(std::move(*long_page), request);
    } else {
        goes_on = co_await deliver(alone(std::get<Response>(std::move(finished))));
    }
    co_return goes_on;
}

asio::awaitable<bool> HttpConn::deliver(std::shared_ptr<const Answer> answer) {
    const Response& response = answer->response;
    // What it shows must not be taken back by a kill once it has left.
    if (Keeper* keeper = side_.exchange.keeper(); keeper && response.shows_counts) co_await keeper->publish();
    if (is_client_gone_ || is_closed_) co_return false;
    if (response.status >= 400) count_error();
    log_answer(response);
    const bool is_last = !parser_->keep_alive() || side_.is_stopping;
    const bool is_written = co_await write(std::move(answer), is_last);
    co_return is_written && !is_last;
}

void HttpConn::log_answer(const Response& response) {
    if (!spdlog::should_log(spdlog::level::debug)) return;
    const auto target = in_quotes({parser_->get().target().data(), parser_->get().target().size()});
    spdlog::debug("answered status={} bytes={} target={}", response.status, response.body.size(), target);
}

// Whose request is refused anyway is not asked for a password.
asio::awaitable<std::optional<Response>> HttpConn::refuse_stranger(Request request) {
    std::optional<Response> refused = refusal_at_door(side_.exchange.state(), request);
    if (refused) co_return refused;
    const auto header = parser_->get()[http::field::authorization];
    const auto attempt = side_.auth->check({header.data(), header.size()}, peer_, [self = shared_from_this()] {
        self->answered_.cancel();
    });
    while (attempt->verdict == Auth::Verdict::pending && !is_closed_) {
        const auto [error] = co_await answered_.async_wait(as_result);  // cancelled: look again
        (void)error;
    }
    if (attempt->verdict == Auth::Verdict::admitted) co_return std::nullopt;
    co_return auth_response(*attempt);
}

PageResult HttpConn::dispatch_safely(Request& request, Now now) {
    State& state = side_.exchange.state();
    state.own.refresh(state);
    const SymbolCounts& symbols = side_.symbols.counts();
    state.own.named_addresses.total = symbols.named;
    state.own.nameless_addresses.total = symbols.nameless;
    state.own.late_lookups.total = symbols.late;
    state.own.failed_lookups.total = symbols.failed;
    try {
        PageResult result = dispatch(state, request, now);
        side_.turns.made_since(now.steady_ns);
        return result;
    } catch (const std::exception& failure) {
        spdlog::error("page failed target={} error={}", in_quotes(request.target), in_quotes(failure.what()));
        return edge_response(500);
    }
}

// --- Writing --------------------------------------------------------------------------------------------------------

// false: the client did not take it.
asio::awaitable<bool> HttpConn::write(std::shared_ptr<const Answer> answer, bool is_last) {
    const HttpRequest& request = parser_->get();
    const unsigned version = parser_->is_header_done() ? request.version() : 11;
    const Response& response = answer->response;
    std::string made;
    std::string_view head = answer->head;
    if (head.empty() || version < 11 || is_last) {
        made = response_head(response, Framing::length, version, is_last, read_clocks());
        head = made;
    }
    const std::string_view body = request.method() == http::verb::head ? std::string_view() : response.body;
    side_.answer_bytes += body.size();
    const bool is_written = co_await send_all(head, body);
    side_.answer_bytes -= body.size();
    if (!is_written) close();
    co_return is_written;
}

asio::awaitable<bool> HttpConn::write_continue() {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    constexpr std::string_view none;
    const bool is_written = co_await send_all(go_on, none);
    co_return is_written;
}

// Ends our side and reads away what still comes, so that the client gets to read our last answer.
asio::awaitable<void> HttpConn::linger() {
    if (is_closed_ || is_client_gone_ || side_.is_stopping) co_return;
    is_waiting_ = true;
    transport_.end_sending();
    const std::int64_t due = in_time(side_.times.linger);
    bool is_open = true;
    for (std::size_t seen = in_.size(); is_open && seen < linger_bytes; seen += in_.size()) {
        in_.clear();
        is_open = co_await ready(Socket::wait_read, due);
        is_open = is_open && receive();
    }
    in_.clear();
}

// false: the deadline passed (is_late_), or the socket failed or was closed.
asio::awaitable<bool> HttpConn::ready(Socket::wait_type what, std::int64_t due_steady_ns) {
    is_late_ = false;
    if (what == Socket::wait_read && transport_.has_input()) co_return !is_closed_;
    due_steady_ns_ = due_steady_ns;
    deadline_.expires_at(asio::steady_timer::time_point(std::chrono::nanoseconds(due_steady_ns)));
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->deadline_passed();
    });
    const auto [error] = co_await transport_.socket().async_wait(transport_.wait_for(what), as_result);
    due_steady_ns_ = 0;
    deadline_.cancel();
    co_return !error && !is_closed_;
}

void HttpConn::deadline_passed() {
    if (is_closed_ || due_steady_ns_ == 0 || read_clocks().steady_ns < due_steady_ns_) return;
    is_late_ = true;
    boost::system::error_code ignored;
    transport_.socket().cancel(ignored);
}

}  // namespace quipu
