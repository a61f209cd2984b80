// Work on a thread of its own, for the loop: started there, and done there when its result is. The thread gets values
// and returns a value; all of a Job but is_cancelled belongs to the loop.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quipu {

namespace asio = boost::asio;

struct JobState {
    bool is_done = false;
    std::atomic<bool> is_cancelled{false};  // nobody waits any more: the work looks at it now and then
    std::string problem;                    // what the work threw; empty: there is a result
};

template <typename Result>
struct Job : JobState {
    std::optional<Result> result;
};

class Background {
public:
    // `io` must outlive it. `most`: jobs at a time, waiting ones included.
    Background(asio::io_context& io, std::size_t most) : io_(io), most_(most) {}

    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    // Null: there are too many. `on_done` is called on the loop.
    template <typename Result>
    std::shared_ptr<Job<Result>> run(
        std::function<Result(const std::atomic<bool>&)> work, std::function<void()> on_done
    ) {
        if (jobs_.size() >= most_ || is_stopped_) return nullptr;
        auto job = std::make_shared<Job<Result>>();
        jobs_.push_back(job);
        if (!pool_) pool_.emplace(1);
        asio::post(*pool_, [this, job, work = std::move(work), on_done = std::move(on_done)]() mutable {
            auto result = std::make_shared<std::optional<Result>>();
            std::string problem;
            try {
                if (!job->is_cancelled) *result = work(job->is_cancelled);
            } catch (const std::exception& failure) {
                problem = failure.what();
            }
            work = nullptr;  // what it held is not for the loop to free
            asio::post(io_, [this, job = std::move(job), result, problem = std::move(problem), on_done]() mutable {
                job->result = std::move(*result);
                job->problem = std::move(problem);
                job->is_done = true;
                std::erase(jobs_, job);
                on_done();
            });
        });
        return job;
    }

    // Takes no more, and cancels what runs.
    void stop() {
        is_stopped_ = true;
        for (const auto& job : jobs_) job->is_cancelled = true;
    }

    [[nodiscard]] bool is_idle() const { return jobs_.empty(); }

private:
    asio::io_context& io_;
    std::size_t most_;
    bool is_stopped_ = false;
    std::vector<std::shared_ptr<JobState>> jobs_;
    std::optional<asio::thread_pool> pool_;  // made when it is first needed
};

}  // namespace quipu
