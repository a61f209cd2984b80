#include "daemon/net/server.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "daemon/net/log.hpp"
#include "daemon/net/systemd.hpp"

namespace quipu {

namespace {

using namespace std::chrono_literals;

// Accepted in a row before others get their turn.
constexpr int accepts_per_turn = 64;
// For answers that are being given when the end comes.
constexpr auto answer_grace = 1000ms;
// For connections that have just come, to say what they came for.
constexpr auto silent_grace = 100ms;
constexpr auto end_grace = 1900ms;
// For the last traces to reach their collector.
constexpr auto otlp_grace = 500ms;

int duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw StartError("cannot duplicate a descriptor: " + std::generic_category().message(errno));
    return copy;
}

// To just behind the second's begin: points of history are taken there.
std::chrono::nanoseconds until_next_second(Now now) {
    constexpr std::int64_t margin_ns = 1'000'000;  // the clock may be slewed meanwhile
    return std::chrono::nanoseconds(second_ns - now.wall_ns % second_ns + margin_ns);
}

std::unique_ptr<Listener> open_ingest(const ServerOptions& options) {
    if (options.handed.ingest < 0) return std::make_unique<Listener>(options.ingest);
    return std::make_unique<Listener>(UniqueFd(options.handed.ingest), options.ingest);
}

std::unique_ptr<Listener> open_http(const ServerOptions& options) {
    const HttpAddress& address = options.monitoring;
    if (options.handed.http >= 0) return std::make_unique<Listener>(UniqueFd(options.handed.http), address);
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) return std::make_unique<Listener>(*tcp);
    if (const auto* path = std::get_if<UnixAddress>(&address)) return std::make_unique<Listener>(*path);
    return nullptr;
}

}  // namespace

Server::Server(asio::io_context& io, State& state, const ServerOptions& options)
    : io_(io),
      state_(state),
      options_(options),
      exchange_(io, state),
      keeper_(io, state, options.state_dir),  // first: once a socket is there, what comes in must find the old totals
      processes_(io, 4 * state.emitters.limits().connected, [this](std::uint32_t n) { end_process(ingest_side_, n); }),
      symbols_(options.debug_dirs),
      works_(io, options.http_limits.page_jobs),
      own_answers_(io),
      ingest_side_(exchange_, processes_, options.ingest_users, options.ingest_times),
      http_side_{
          .exchange = exchange_,
          .times = options.http_times,
          .limits = options.http_limits,
          .complaints = LogBrake(state.own.held_back_lines),
          .works = works_,
          .symbols = symbols_,
          .own_answers = own_answers_},
      ingest_ready_(io),
      http_ready_(io),
      signals_(io),
      tick_(io),
      end_(io),
      supervisor_(std::make_unique<Supervisor>(io)),
      accept_complaints_(state.own.held_back_lines) {
    open_access();
    exchange_.keep_with(keeper_);
    ingest_ = open_ingest(options);
    ingest_ready_.assign(duplicate(ingest_->fd()));
    http_ = open_http(options);
    if (http_) http_ready_.assign(duplicate(http_->fd()));
    state_.ingest_socket = options.ingest.path;
    state_.ingest.access = access_of(options.ingest.path);
    for (const uid_t user : options.ingest_users) state_.ingest.users.push_back(user_name(user));
    state_.topics = OwnAnswers::topics();
    if (options.otlp_endpoint) {
        otlp_ = std::make_unique<OtlpExport>(io, state, *options.otlp_endpoint, options.otlp_limits);
    }
    set_health("ingest", true, "listening on " + options.ingest.path);
}

Server::~Server() = default;

// As many descriptors as the limits can need; a warning where the system does not give them.
void Server::ensure_descriptors() const {
    constexpr rlim_t others = 64;  // listeners, the store, the loop's own
    // Each emitter has a socket and the handle of its process; those that are lost, the handle.
    const rlim_t wanted = others + http_side_.limits.connections + rlim_t{6} * state_.emitters.limits().connected;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return;
    spdlog::warn(
        "open files are limited to {}, and max_http_connections and max_emitters may need {}: raise the limit "
        "(ulimit -n, LimitNOFILE) or lower these",
        limit.rlim_cur,
        wanted
    );
}

void Server::start() {
    ensure_descriptors();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is a failed write
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    asio::co_spawn(io_, wait_for_signals(), expect_no_exception);
    asio::co_spawn(io_, tick(), expect_no_exception);
    asio::co_spawn(io_, accept_loop(ingest_ready_, &Server::take_emitter), expect_no_exception);
    if (http_) asio::co_spawn(io_, accept_loop(http_ready_, &Server::take_http), expect_no_exception);
    if (otlp_) otlp_->start();
    // Tests and scripts wait for this line.
    spdlog::info("serving http={} ingest={}", http_name(), ingest_->name());
    supervisor_->ready(state_);
}

void Server::set_health(std::string_view name, bool is_ok, std::string_view detail) {
    const auto is_it = [name](const HealthCheck& check) { return check.name == name; };
    auto it = std::find_if(state_.health.begin(), state_.health.end(), is_it);
    if (it == state_.health.end()) it = state_.health.insert(it, HealthCheck{std::string(name), true, {}});
    it->is_ok = is_ok;
    it->detail = detail;
}

// --- Accepting ------------------------------------------------------------------------------------------------------

asio::awaitable<void> Server::accept_loop(asio::posix::stream_descriptor& listener, Accept accept) {
    while (listener.is_open()) {
        const auto [error] = co_await listener.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (error || !listener.is_open()) co_return;
        const bool is_well = accept_pending(listener.native_handle(), accept);
        if (!is_well) co_await pause(100ms);
    }
}

// false: there was a connection that could not be taken, for want of descriptors or memory.
bool Server::accept_pending(int listener, Accept accept) {
    for (int i = 0; i < accepts_per_turn; ++i) {
        UniqueFd socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            (this->*accept)(std::move(socket));
            continue;
        }
        const int failure = errno;
        if (failure == EAGAIN || failure == EWOULDBLOCK) return true;
        if (failure == EINTR || failure == ECONNABORTED) continue;
        // Out of descriptors: a mail daemon goes before an HTTP client that waits for nothing.
        const bool is_emitter = accept == &Server::take_emitter;
        if (is_emitter && (failure == EMFILE || failure == ENFILE) && evict_longest_waiting(http_side_)) continue;
        std::uint64_t held_back = 0;
        if (accept_complaints_.admit(read_clocks(), held_back)) {
            const std::string reason = std::generic_category().message(failure);
            spdlog::error("cannot accept a connection error=\"{}\" held_back={}", reason, held_back);
        }
        return false;
    }
    return true;
}

asio::awaitable<void> Server::pause(std::chrono::milliseconds length) {
    asio::steady_timer timer(io_, length);
    const auto [error] = co_await timer.async_wait(as_result);
    (void)error;
}

// --- Every second ---------------------------------------------------------------------------------------------------

asio::awaitable<void> Server::tick() {
    while (!is_stopping_) {
        tick_.expires_after(until_next_second(read_clocks()));
        const auto [error] = co_await tick_.async_wait(as_result);
        if (error || is_stopping_) co_return;
        const Now now = read_clocks();
        end_overdue(state_, now);
        tune_sampling(state_, now);
        state_.history_feed.sample(state_, now);
        state_.traces.tail().forget_if_idle(now);
        if (otlp_) otlp_->show();
        processes_.prune(state_);
        exchange_.settle();
        check_listeners();
        keeper_.tick();
        supervisor_->tell(state_);
    }
}

void Server::check_listeners() {
    state_.ingest.access = access_of(state_.ingest_socket, state_.ingest.access);
    const bool is_reachable = ingest_->is_reachable();
    if (std::exchange(is_reachable_, is_reachable) == is_reachable) return;
    if (is_reachable) {
        set_health("ingest", true, "listening on " + state_.ingest_socket);
        return;
    }
    set_health("ingest", false, state_.ingest_socket + " was removed or replaced: restart quipud");
    spdlog::error("the ingest socket was removed or replaced path={}", in_quotes(state_.ingest_socket));
}

// --- The end --------------------------------------------------------------------------------------------------------

asio::awaitable<void> Server::wait_for_signals() {
    for (;;) {
        const auto [error, signal] = co_await signals_.async_wait(as_result);
        if (error) co_return;
        on_signal(signal);
    }
}

void Server::on_signal(int signal) {
    if (signal == SIGHUP) {
        reload();
        return;
    }
    spdlog::info("stopping signal={}", signal);
    stop();
}

void Server::stop() {
    if (std::exchange(is_stopping_, true)) return;
    // From here on a second signal ends us at once, even while the loop is busy.
    boost::system::error_code ignored;
    signals_.clear(ignored);
    supervisor_->stopping();
    end_.expires_after(end_grace);
    end_.async_wait([this](boost::system::error_code error) {
        if (!error) end_by_force();
    });
    asio::co_spawn(io_, shut_down(), expect_no_exception);
}

// The worker hangs in the kernel, on a disk that does not answer: there is no joining it.
void Server::end_by_force() {
    if (keeper_.is_all_kept()) {
        spdlog::warn("the last commit did not end in time; the counts are in the journal");
    } else {
        spdlog::critical("the last commit did not end in time; what it would have kept is lost");
    }
    ingest_.reset();
    http_.reset();
    std::_Exit(keeper_.is_all_kept() ? 0 : 1);
}

asio::awaitable<void> Server::shut_down() {
    // Those who have connected but were not accepted yet may have said things too. On a socket that was handed to us
    // they wait for our successor.
    if (options_.handed.ingest < 0) (void)accept_pending(ingest_ready_.native_handle(), &Server::take_emitter);
    ingest_ready_.close();
    ingest_.reset();
    if (http_) http_ready_.close();
    http_.reset();
    const std::vector<EmitterConn*> emitters = exchange_.emitters();
    for (EmitterConn* conn : emitters) conn->drain_and_close("quipud stops");
    if (otlp_) co_await otlp_->finish(otlp_grace);
    stop_http(http_side_);
    const auto since = asio::steady_timer::clock_type::now();
    while (!http_side_.open.empty() && asio::steady_timer::clock_type::now() - since < answer_grace) {
        if (asio::steady_timer::clock_type::now() - since >= silent_grace) close_silent(http_side_);
        co_await pause(10ms);
    }
    works_.stop();
    own_answers_.stop();
    co_await keeper_.close();
    while (!works_.is_idle() || !own_answers_.is_idle()) co_await pause(5ms);
    const std::vector<HttpConn*> open = http_side_.open;
    for (HttpConn* conn : open) conn->close();
    co_await pause(1ms);  // what was waiting on them runs to its end
    end_.cancel();
    tick_.cancel();
    supervisor_->stopped();
    spdlog::info("stopped");
    io_.stop();
    // Destroying `io` would wait for a look-up that may take as long as the network likes; everything is kept.
    if (otlp_ && otlp_->is_resolving()) std::_Exit(0);
}

}  // namespace quipu
