// Responses that take a thread of their own: quipud's answers about itself, and pages that are slow to make.
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/net/http_conn.hpp"
#include "daemon/net/http_message.hpp"

namespace quipu {

// Wakes whoever waits in done(), if the connection is still there.
std::function<void()> HttpConn::waker() {
    return [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->answered_.cancel();
    };
}

asio::awaitable<void> HttpConn::done(std::shared_ptr<JobState> job) {
    is_asking_ = true;
    watch_client();
    while (!job->is_done && !is_client_gone_ && !is_closed_) {
        const auto [error] = co_await answered_.async_wait(as_result);  // cancelled: look again
        (void)error;
    }
    is_asking_ = false;
    if (is_client_gone_ || is_closed_) {
        job->is_cancelled = true;
        co_return;
    }
    boost::system::error_code ignored;
    transport_.socket().cancel(ignored);  // the watch of the client
}

asio::awaitable<std::vector<Reply>> HttpConn::ask_quipud(Ask question) {
    std::vector<Reply> replies(1);
    const std::shared_ptr<Job<Reply>> job = side_.own_answers.answer(std::move(question), waker());
    if (!job) {
        replies[0].status = wire::Status::busy;
        co_return replies;
    }
    std::shared_ptr<JobState> state = job;
    co_await done(std::move(state));
    if (job->result) replies[0] = std::move(*job->result);
    if (!job->problem.empty()) replies[0] = {0, Outcome::answered, wire::Status::failed, job->problem};
    co_return replies;
}

asio::awaitable<Response> HttpConn::do_job(PageJob page, Request request) {
    std::function<PageJob::Render(const std::atomic<bool>&)> run =
        [&symbols = side_.symbols, page = std::move(page)](const std::atomic<bool>& is_cancelled) {
            return page.run(JobTools{symbols, is_cancelled});
        };
    const auto job = side_.works.run<PageJob::Render>(std::move(run), waker());
    if (!job) co_return edge_response(503);
    std::shared_ptr<JobState> state = job;
    co_await done(std::move(state));
    if (is_client_gone_ || is_closed_) co_return Response{};
    co_return render_safely(*job, request);
}

Response HttpConn::render_safely(const Job<PageJob::Render>& job, const Request& request) {
    std::string problem = job.problem;
    try {
        if (job.result) return (*job.result)(side_.exchange.state(), request, read_clocks());
    } catch (const std::exception& failure) {
        problem = failure.what();
    }
    // Without a result and a problem it was cancelled: quipud stops.
    if (problem.empty()) return edge_response(503);
    spdlog::error("page failed target={} error={}", in_quotes(request.target), in_quotes(problem));
    return edge_response(500);
}

}  // namespace quipu
