#include "questions.hpp"

#include <mailside/log.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "queue_text.hpp"

namespace relay {

namespace {

using namespace std::chrono_literals;
using mailside::as_result;
using mailside::awaitable;
using quipu::AnswerStatus;

constexpr auto cancel_poll = 50ms;
constexpr auto backlog_pause = 20ms;
constexpr std::size_t max_answer_bytes = 128 * 1024 * 1024;
constexpr auto longest_profile = 3600s;

struct Page {
    std::string_view topic;
    std::string_view path;
    std::array<std::string_view, 3> args;  // that it knows; empty: fewer
};

constexpr std::array pages = {
    Page{"allocs", "/debug/pprof/allocs", {"debug", "gc", "seconds"}},
    Page{"block", "/debug/pprof/block", {"debug", "seconds", ""}},
    Page{"goroutine", "/debug/pprof/goroutine", {"debug", "seconds", ""}},
    Page{"heap", "/debug/pprof/heap", {"debug", "gc", "seconds"}},
    Page{"mutex", "/debug/pprof/mutex", {"debug", "seconds", ""}},
    Page{"profile", "/debug/pprof/profile", {"seconds", "", ""}},
    Page{"queue", "/debug/queue", {"", "", ""}},
    Page{"symbol", "/debug/pprof/symbol", {"addresses", "", ""}},
    Page{"threadcreate", "/debug/pprof/threadcreate", {"debug", "seconds", ""}},
    Page{"trace", "/debug/pprof/trace", {"seconds", "", ""}},
};

constexpr auto topic_names = [] {
    std::array<std::string_view, pages.size()> names{};
    std::transform(pages.begin(), pages.end(), names.begin(), [](const Page& page) { return page.topic; });
    return names;
}();

// How long chasquid was asked to look before it answers.
std::chrono::milliseconds looking_time(const quipu::Query& query) {
    const std::string_view text = query.arg("seconds");
    double seconds = query.topic() == "profile" ? 30 : query.topic() == "trace" ? 1 : 0;
    if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!std::isfinite(seconds) || seconds < 0) seconds = 0;
    const std::chrono::duration<double> duration(std::min(seconds, double{longest_profile / 1s}));
    return std::chrono::ceil<std::chrono::milliseconds>(duration);
}

Allowance allowance_for(const quipu::Query& query) {
    Allowance allowance;
    const auto looking = looking_time(query);
    allowance.first_byte = looking + 10s;
    allowance.silence = looking + 10s;
    allowance.whole = looking + 120s;
    allowance.body_bytes = max_answer_bytes;
    if (query.time_limit() > 0ms) allowance.whole = std::min(allowance.whole, query.time_limit());
    return allowance;
}

// What a page that is no good says, on one line.
std::string first_line(std::string_view body) {
    return mailside::printable(body.substr(0, body.find('\n')), 300);
}

}  // namespace

std::string path_for(const quipu::Query& query) {
    const auto page =
        std::find_if(pages.begin(), pages.end(), [&query](const Page& one) { return one.topic == query.topic(); });
    if (page == pages.end()) return {};
    std::string path(page->path);
    if (page->topic == "symbol") {
        // "0x1f00+0x2f00" is the whole of the query.
        std::string addresses(query.arg("addresses"));
        std::erase_if(addresses, [](char c) {
            return std::string_view("0123456789abcdefABCDEFxX+").find(c) == std::string_view::npos;
        });
        return addresses.empty() ? path : path + "?" + addresses;
    }
    char separator = '?';
    for (const std::string_view arg : page->args) {
        if (arg.empty() || query.arg(arg).empty()) continue;
        path += separator;
        path += arg;
        path += '=';
        path += percent_encoded(query.arg(arg));
        separator = '&';
    }
    return path;
}

// One question, from when it is asked until it is answered.
struct Questions::Running {
    Running(quipu::Query question, asio::any_io_executor executor, const Target& target, asio::ssl::context& tls)
        : query(std::move(question)), client(std::move(executor), target, tls) {}

    quipu::Query query;
    HttpClient client;
    QueueText queue;
    std::vector<quipu::QueueItem> items;
    bool is_done = false;
    bool is_given_up = false;

    // Takes a piece; false: nobody waits any more.
    awaitable<bool> hand_on(std::string piece) {
        const bool is_queue = query.topic() == "queue";
        if (is_queue) queue.feed(piece, items);
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer pause(executor);
        while (!query.is_cancelled()) {
            if (is_queue ? write_items() : query.write(piece)) co_return true;
            pause.expires_after(backlog_pause);
            co_await pause.async_wait(as_result);
        }
        co_return false;
    }

    bool write_items() {
        if (items.empty()) return true;
        if (!query.write_queue(items, std::max<std::uint64_t>(queue.length(), items.size()))) return false;
        items.clear();
        return true;
    }

    void finish(const Reply& reply, const std::string& url) {
        is_done = true;
        if (is_given_up) return query.finish(AnswerStatus::cancelled, "the relay ends");
        if (!reply.error.empty()) return query.finish(AnswerStatus::failed, "chasquid at " + url + " " + reply.error);
        if (reply.status == 200) return query.finish();
        const std::string said = "chasquid says " + std::to_string(reply.status) + ": " + first_line(reply.body);
        if (reply.status == 400) return query.finish(AnswerStatus::bad_argument, said);
        // Go's word for a profile that is being taken for somebody else.
        const bool is_busy = reply.body.find("already in use") != std::string::npos ||
                             reply.body.find("already enabled") != std::string::npos;
        query.finish(is_busy ? AnswerStatus::busy : AnswerStatus::failed, said);
    }

    // The last of a queue, whose end shows only now. What is wrong with the page becomes the reply's error.
    awaitable<void> hand_on_rest(Reply& reply) {
        queue.finish(items);
        if (!queue.is_queue()) {
            reply.error = "has no /debug/queue of a form that is known";
            co_return;
        }
        if (items.empty()) query.write_queue({}, queue.length());
        std::string nothing;
        if (!co_await hand_on(std::move(nothing))) reply.error = "was not asked any longer";
    }
};

Questions::Questions(asio::any_io_executor executor, Target target, asio::ssl::context& tls)
    : executor_(std::move(executor)), target_(std::move(target)), tls_(tls) {}

std::span<const std::string_view> Questions::topics() {
    return topic_names;
}

awaitable<void> Questions::answer(quipu::Query query) {
    // One that is done may live on until watch() sees it.
    std::erase_if(running_, [](const auto& weak) {
        const auto running = weak.lock();
        return !running || running->is_done;
    });
    if (is_stopped_) co_return query.finish(AnswerStatus::failed, "the relay ends");
    if (running_.size() >= max_at_once) {
        co_return query.finish(AnswerStatus::busy, "the relay answers eight questions already; ask again in a moment");
    }
    if (path_for(query).empty()) {
        co_return query.finish(AnswerStatus::unknown_topic, "chasquid is not asked about that");
    }
    auto running = std::make_shared<Running>(std::move(query), executor_, target_, tls_);
    running_.push_back(running);
    mailside::spawn(executor_, watch(running), "watching a question");
    co_await ask(std::move(running));
}

awaitable<void> Questions::ask(std::shared_ptr<Running> running) {
    HttpClient::Take take = [running](std::string piece) { return running->hand_on(std::move(piece)); };
    std::string path = path_for(running->query);
    Reply reply = co_await running->client.stream(std::move(path), allowance_for(running->query), std::move(take));
    running->client.close();
    const bool is_good = reply.error.empty() && reply.status == 200;
    if (is_good && running->query.topic() == "queue") co_await running->hand_on_rest(reply);
    running->finish(reply, target_.url);
}

// The query does not tell when it is cancelled, it has to be asked.
awaitable<void> Questions::watch(std::shared_ptr<Running> running) {
    asio::steady_timer pause(executor_);
    while (!running->is_done) {
        if (running->query.is_cancelled()) running->client.interrupt();
        pause.expires_after(cancel_poll);
        co_await pause.async_wait(as_result);
    }
}

void Questions::stop() {
    is_stopped_ = true;
    for (const auto& weak : running_) {
        if (const auto running = weak.lock()) {
            running->is_given_up = true;
            running->client.interrupt();
        }
    }
}

}  // namespace relay
