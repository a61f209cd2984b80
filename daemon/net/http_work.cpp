// Pages that take a while: those that ask emitters, and those that are made a step at a time, between two of which
// everybody else on the loop has a turn.
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/net/http_conn.hpp"
#include "daemon/net/http_message.hpp"

namespace quipu {

namespace {

// What a client may send ahead while its answer is awaited.
constexpr std::size_t ahead_bytes = 16 * 1024;

}  // namespace

// --- Asking ---------------------------------------------------------------------------------------------------------

Finished HttpConn::finish_safely(const PageAsk& page, const Request& request, std::vector<Reply> replies) {
    try {
        return page.finish(side_.exchange.state(), request, read_clocks(), std::move(replies));
    } catch (const std::exception& failure) {
        spdlog::error("page failed target={} error={}", in_quotes(request.target), in_quotes(failure.what()));
        return edge_response(500);
    }
}

// A client that goes away while it waits is noticed; what was asked is cancelled then.
asio::awaitable<Finished> HttpConn::ask(PageAsk page, Request request) {
    std::vector<Reply> replies;
    if (page.is_of_quipud) {
        replies = co_await ask_quipud(page.ask);
    } else {
        replies = co_await ask_emitters(page.ask);
    }
    if (is_client_gone_ || is_closed_) co_return Response{};
    if (replies.empty()) co_return edge_response(503);
    Finished finished = finish_safely(page, request, std::move(replies));
    if (auto* job = std::get_if<PageJob>(&finished)) {
        Response response = co_await do_job(std::move(*job), std::move(request));
        co_return response;
    }
    co_return finished;
}

// None: too much is being asked, or nobody waits any more.
asio::awaitable<std::vector<Reply>> HttpConn::ask_emitters(Ask question) {
    const AskId id = side_.exchange.open(question, answered_);
    if (id == 0) co_return std::vector<Reply>{};
    is_asking_ = true;
    watch_client();
    const Queries& queries = side_.exchange.state().queries;
    while (!queries.is_finished(id) && !is_client_gone_ && !is_closed_) {
        const auto [error] = co_await answered_.async_wait(as_result);  // cancelled: look again
        (void)error;
    }
    is_asking_ = false;
    if (is_client_gone_ || is_closed_) {
        side_.exchange.cancel(id);
        co_return std::vector<Reply>{};
    }
    boost::system::error_code ignored;
    transport_.socket().cancel(ignored);  // the watch of the client
    co_return side_.exchange.take(id);
}

// While an ask runs: a client that ends is noticed, and what it sends ahead is kept up to a bound.
void HttpConn::watch_client() {
    bool is_open = true;
    while (is_open && transport_.has_input() && in_.size() < ahead_bytes) is_open = receive();
    if (!is_open) {
        is_client_gone_ = true;
        answered_.cancel();
        return;
    }
    if (in_.size() >= ahead_bytes) return;
    const auto what = transport_.wait_for(Socket::wait_read);
    transport_.socket().async_wait(what, [self = shared_from_this()](boost::system::error_code error) {
        if (error || !self->is_asking_ || self->is_closed_) return;
        if (self->receive()) {
            self->watch_client();
            return;
        }
        self->is_client_gone_ = true;
        self->answered_.cancel();
    });
}

// --- Making and sending in steps ------------------------------------------------------------------------------------

// As answer(). What the page holds counts as an answer that is being written.
asio::awaitable<bool> HttpConn::work(std::unique_ptr<PageWork> page, Request request) {
    const std::size_t held = page->bytes();
    side_.answer_bytes += held;
    const bool goes_on = co_await work_in_steps(*page, std::move(request));
    side_.answer_bytes -= held;
    co_return goes_on;
}

asio::awaitable<bool> HttpConn::work_in_steps(PageWork& page, Request request) {
    std::optional<Response> head = head_safely(page, request);
    while (!head) {
        co_await side_.turns.step(is_closed_);
        if (is_closed_) co_return false;
        head = head_safely(page, request);
    }
    bool has_more = true;
    if (!more_safely(page, head->body, has_more)) head = edge_response(500);
    bool goes_on = false;
    if (has_more && head->status < 400) {
        goes_on = co_await send_pieces(page, std::move(*head));
    } else {
        // Over with its first piece: it has a length, as any other.
        goes_on = co_await deliver(alone(std::move(*head)));
    }
    co_return goes_on;
}

asio::awaitable<bool> HttpConn::send_pieces(PageWork& page, Response head) {
    const unsigned version = parser_->get().version();
    const bool is_head = parser_->get().method() == http::verb::head;
    const bool shows_counts = head.shows_counts;
    const bool is_last = version < 11 || !parser_->keep_alive() || side_.is_stopping;
    std::string out = response_head(head, piece_framing(version), version, is_last, read_clocks());
    if (!is_head) out += framed_piece(std::move(head.body), version);
    bool has_more = !is_head;
    for (;;) {
        const bool is_sent = co_await send_news(std::move(out), shows_counts);
        if (!is_sent) co_return false;
        if (!has_more) co_return !is_last;
        co_await side_.turns.step(is_closed_);
        std::string piece;
        // Cut short, the client sees that the end is missing.
        if (is_closed_ || !more_safely(page, piece, has_more)) co_return false;
        out = piece.empty() ? std::string() : framed_piece(std::move(piece), version);
        if (!has_more) out += end_of_pieces(version);
    }
}

std::optional<Response> HttpConn::head_safely(PageWork& page, const Request& request) {
    try {
        return page.head(side_.exchange.state(), request, read_clocks());
    } catch (const std::exception& failure) {
        spdlog::error("page failed target={} error={}", in_quotes(request.target), in_quotes(failure.what()));
        return edge_response(500);
    }
}

// false: it failed.
bool HttpConn::more_safely(PageWork& page, std::string& body, bool& has_more) {
    try {
        has_more = page.more(side_.exchange.state(), body);
        return true;
    } catch (const std::exception& failure) {
        spdlog::error("page failed while it was being sent error={}", in_quotes(failure.what()));
        return false;
    }
}

}  // namespace quipu
