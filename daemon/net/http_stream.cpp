// A response that goes on until somebody has had enough: the page gives news, this file paces them.
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "daemon/net/http_conn.hpp"
#include "daemon/net/http_message.hpp"
#include "daemon/net/keeper.hpp"

namespace quipu {

namespace {

// What a client may send while it listens; it has nothing to say.
constexpr std::size_t chatter_bytes = 16 * 1024;
constexpr std::size_t much_news_bytes = 32 * 1024;
// What the kernel holds for a follower that does not read; it doubles this. Left alone it would be megabytes for each,
// and one that falls behind would be told of it only when it had read all that.
constexpr int send_buffer_bytes = 128 * 1024;

}  // namespace

// The connection ends with the stream. false, always: nothing comes after it.
asio::awaitable<bool> HttpConn::stream(PageStream page) {
    if (side_.streams >= side_.limits.streams) {
        count_error();
        Response busy = edge_response(503);
        (void)co_await write(alone(std::move(busy)), true);
        co_return false;
    }
    is_streaming_ = true;
    ++side_.streams;  // until close()
    (void)::setsockopt(
        transport_.socket().native_handle(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes
    );
    const HttpRequest& request = parser_->get();
    std::string out = response_head(page.head, Framing::end_of_connection, request.version(), true, read_clocks());
    const bool is_head = request.method() == http::verb::head;
    if (!is_head) out += page.head.body;
    bool goes_on = co_await send_news(std::move(out), page.head.shows_counts && !is_head);
    std::int64_t heartbeat_due = in_time(side_.times.heartbeat);
    bool has_more = false;
    // Who may look is asked again when the passwords have changed: a browser comes back by itself.
    const auto generation = [this] { return side_.auth ? side_.auth->generation() : 0; };
    const std::uint64_t begun_in = generation();
    while (goes_on && !is_head && !side_.is_stopping && generation() == begun_in) {
        // After much news there is probably more: only the others on the loop get their turn before it.
        const std::int64_t turn_ns = has_more ? 0 : side_.times.stream_turn.count();
        const std::int64_t turn_due = read_clocks().steady_ns + turn_ns;
        const bool has_input = co_await ready(Socket::wait_read, turn_due);
        if (is_closed_ || (has_input && !receive()) || (!has_input && !is_late_)) break;
        if (in_.size() > chatter_bytes) break;
        const Now now = read_clocks();
        std::string news = next_safely(page, now);
        has_more = news.size() >= much_news_bytes;
        const bool is_news = !news.empty();
        if (!is_news && now.steady_ns >= heartbeat_due) news = page.heartbeat;
        if (news.empty()) continue;
        heartbeat_due = now.steady_ns + side_.times.heartbeat.count();
        goes_on = co_await send_news(std::move(news), page.head.shows_counts && is_news);
    }
    co_return false;
}

// As any answer: what it shows must not be taken back by a kill once it has left.
asio::awaitable<bool> HttpConn::send_news(std::string bytes, bool shows_counts) {
    if (Keeper* keeper = side_.exchange.keeper(); keeper && shows_counts) co_await keeper->publish();
    const std::string_view none;
    const bool is_sent = co_await send_all(bytes, none);
    co_return is_sent;
}

// A page that fails ends its stream, not quipud.
std::string HttpConn::next_safely(const PageStream& page, Now now) {
    try {
        return page.next(side_.exchange.state(), now);
    } catch (const std::exception& failure) {
        spdlog::error("stream failed error={}", in_quotes(failure.what()));
        close();
        return {};
    }
}

// Both, one after the other. Waits for a slow client, but not for ever. false: it does not take it.
asio::awaitable<bool> HttpConn::send_all(std::string_view first, std::string_view second) {
    while ((!first.empty() || !second.empty() || transport_.has_unsent()) && !is_closed_) {
        const bool is_all_taken = first.empty() && second.empty();
        std::size_t taken = 0;
        const Moved moved = is_all_taken ? transport_.flush() : transport_.write_some(first, second, taken);
        const std::size_t of_first = std::min(taken, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(taken - of_first);
        if (moved == Moved::blocked) {
            // The kernel asks for more only when a good part of its buffer is free: a reader who takes single bytes
            // does not get past this deadline.
            const bool is_ready = co_await ready(Socket::wait_write, in_time(side_.times.write));
            if (!is_ready) co_return false;
        } else if (moved != Moved::some) {
            co_return false;
        }
    }
    co_return !is_closed_;
}

}  // namespace quipu
