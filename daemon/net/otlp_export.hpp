// Sends ended traces to an OpenTelemetry collector, where otlp_endpoint is set. On the loop; what is to be decided is
// decided in otlp/outgoing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "daemon/core/state.hpp"
#include "daemon/net/log.hpp"
#include "daemon/net/otlp_client.hpp"
#include "daemon/otlp/outgoing.hpp"

namespace quipu {

class OtlpExport {
public:
    // Hears of ended traces from now on. `io` and `state` must outlive it.
    OtlpExport(asio::io_context& io, State& state, const OtlpEndpoint& endpoint, OtlpLimits limits);
    ~OtlpExport();

    OtlpExport(const OtlpExport&) = delete;
    OtlpExport& operator=(const OtlpExport&) = delete;

    void start();

    // Takes the counts over to State: about once a second, beside when a request has ended.
    void show();

    // Sends what waits, in one attempt and that time; drops the rest, counted.
    asio::awaitable<void> finish(std::chrono::milliseconds most);

    // See OtlpClient: the process cannot end in good order before that is over.
    [[nodiscard]] bool is_resolving() const { return client_.is_resolving(); }

private:
    void take(const TraceRecord& trace);
    std::shared_ptr<const std::string> resource_of(const TraceRecord& trace);
    void answered(const OtlpHttpResult& result);
    void tell(OtlpVerdict verdict, const OtlpHttpResult& result);
    asio::awaitable<void> run();

    asio::io_context& io_;
    State& state_;
    OtlpEndpoint endpoint_;
    OtlpOutgoing outgoing_;
    OtlpClient client_;
    asio::steady_timer due_;
    std::int64_t armed_until_steady_ns_ = 0;                                 // when due_ fires; 0: it does not run
    std::map<std::uint64_t, std::shared_ptr<const std::string>> resources_;  // by the first half of the instance
    std::minstd_rand random_;
    LogBrake complaints_;
    bool is_failing_ = false;  // the last request was not taken
    bool is_ending_ = false;
    bool is_over_ = false;
};

}  // namespace quipu
