#include "daemon/net/otlp_export.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "daemon/net/exchange.hpp"

namespace quipu {

namespace {

using namespace std::chrono_literals;

// More processes than are ever on record; beyond, the cache begins anew.
constexpr std::size_t max_resources = 1024;
constexpr std::int64_t hour_ns = 3'600'000'000'000;

std::string user_agent(const State& state) {
    return "quipud/" + state.build.version;
}

}  // namespace

OtlpExport::OtlpExport(asio::io_context& io, State& state, const OtlpEndpoint& endpoint, OtlpLimits limits)
    : io_(io),
      state_(state),
      endpoint_(endpoint),
      outgoing_(state.build.version, limits),
      client_(io, endpoint, user_agent(state)),
      due_(io),
      random_(std::random_device{}()),
      complaints_(state.own.held_back_lines) {
    state_.traces.on_ended([this](const TraceRecord& trace) { take(trace); });
    show();
}

OtlpExport::~OtlpExport() {
    state_.traces.on_ended(nullptr);
}

void OtlpExport::start() {
    asio::co_spawn(io_, run(), expect_no_exception);
}

// --- What ends ------------------------------------------------------------------------------------------------------

void OtlpExport::take(const TraceRecord& trace) {
    if (is_over_) return;
    const Now now = read_clocks();
    outgoing_.push({resource_of(trace), encode_otlp_span(trace, state_.traces)}, now);
    if (armed_until_steady_ns_ > outgoing_.due_steady_ns()) {
        armed_until_steady_ns_ = 0;
        due_.cancel();
    }
}

std::shared_ptr<const std::string> OtlpExport::resource_of(const TraceRecord& trace) {
    if (const auto it = resources_.find(trace.ref.instance); it != resources_.end()) return it->second;
    const auto is_its = [&trace](const auto& emitter) { return emitter->traces.instance == trace.ref.instance; };
    const auto& all = state_.emitters.all();
    const auto emitter = std::find_if(all.begin(), all.end(), is_its);
    if (resources_.size() >= max_resources) resources_.clear();
    auto resource =
        std::make_shared<const std::string>(encode_otlp_resource(trace, emitter == all.end() ? nullptr : emitter->get())
        );
    return resources_.emplace(trace.ref.instance, std::move(resource)).first->second;
}

// --- What goes ------------------------------------------------------------------------------------------------------

asio::awaitable<void> OtlpExport::run() {
    while (!is_over_) {
        const Now now = read_clocks();
        const std::string* request = outgoing_.next(now);
        show();
        if (request) {
            const OtlpHttpResult result = co_await client_.post(*request);
            answered(result);
            continue;
        }
        const std::int64_t wait_ns = std::clamp<std::int64_t>(outgoing_.due_steady_ns() - now.steady_ns, 0, hour_ns);
        armed_until_steady_ns_ = now.steady_ns + wait_ns;
        due_.expires_after(std::chrono::nanoseconds(wait_ns));
        const auto [error] = co_await due_.async_wait(as_result);  // cancelled: look again
        (void)error;
        armed_until_steady_ns_ = 0;
    }
}

void OtlpExport::answered(const OtlpHttpResult& result) {
    const OtlpReply reply{.status = result.status, .retry_after = result.retry_after, .body = result.body};
    constexpr double span = static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min());
    const double random = static_cast<double>(random_() - std::minstd_rand::min()) / span;
    const OtlpVerdict verdict = outgoing_.answered(reply, read_clocks(), random);
    tell(verdict, result);
    if (verdict == OtlpVerdict::again && is_ending_) is_over_ = true;
    show();
}

void OtlpExport::tell(OtlpVerdict verdict, const OtlpHttpResult& result) {
    const bool is_well = verdict == OtlpVerdict::taken;
    const bool was_failing = std::exchange(is_failing_, !is_well);
    if (is_well) {
        if (was_failing) spdlog::info("the collector takes traces again otlp_endpoint={}", endpoint_.authority());
        return;
    }
    std::uint64_t held_back = 0;
    if (!complaints_.admit(read_clocks(), held_back)) return;
    const std::string why = result.status == 0 ? result.problem : "HTTP status " + std::to_string(result.status);
    const std::string_view then = verdict == OtlpVerdict::again     ? "tried again"
                                  : verdict == OtlpVerdict::refused ? "dropped: check otlp_endpoint"
                                                                    : "some were refused";
    spdlog::warn(
        "traces were not taken otlp_endpoint={} error={} said={} then=\"{}\" held_back={}",
        endpoint_.authority(),
        in_quotes(why),
        in_quotes(result.status == 200 ? decode_otlp_answer(result.body).message : result.body),
        then,
        held_back
    );
}

void OtlpExport::show() {
    const OtlpCounts& counts = outgoing_.counts();
    state_.own.otlp_sent.total = counts.sent;
    state_.own.otlp_dropped.total = counts.dropped;
    state_.own.otlp_failed.total = counts.failed;
    state_.own.otlp_retries.total = counts.retries;
    Metrics::set_own(state_.own.otlp_queue, "waiting", static_cast<double>(outgoing_.waiting()));
    Metrics::set_own(state_.own.otlp_queue, "sending", static_cast<double>(outgoing_.on_their_way()));
}

// --- The end --------------------------------------------------------------------------------------------------------

asio::awaitable<void> OtlpExport::finish(std::chrono::milliseconds most) {
    is_ending_ = true;
    outgoing_.hurry();
    due_.cancel();
    const auto until = asio::steady_timer::clock_type::now() + most;
    asio::steady_timer pause(io_);
    while (!outgoing_.is_empty() && !is_over_ && asio::steady_timer::clock_type::now() < until) {
        pause.expires_after(5ms);
        const auto [error] = co_await pause.async_wait(as_result);
        (void)error;
    }
    is_over_ = true;
    if (!outgoing_.is_empty()) {
        const std::size_t left = outgoing_.waiting() + outgoing_.on_their_way();
        spdlog::warn("traces are dropped at the end otlp_endpoint={} spans={}", endpoint_.authority(), left);
    }
    client_.close();
    due_.cancel();
    outgoing_.give_up();
    show();
}

}  // namespace quipu
