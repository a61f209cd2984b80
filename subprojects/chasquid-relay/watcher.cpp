#include "watcher.hpp"

#include <mailside/log.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "flags_text.hpp"
#include "process_search.hpp"
#include "questions.hpp"

namespace relay {

namespace {

using namespace std::chrono_literals;
using mailside::as_result;
using mailside::awaitable;
using mailside::Clock;
using mailside::log_line;

// chasquid is taken for gone when it has not answered for so long, or at once when nothing listens there.
constexpr auto patience = 10s;
constexpr auto longest_pause = 10s;
constexpr std::uint32_t max_series = 65'536;
constexpr std::uint32_t max_labels = 16'384;

Allowance small() {
    Allowance allowance;
    allowance.body_bytes = 1024 * 1024;
    return allowance;
}

}  // namespace

Watcher::Watcher(
    asio::io_context& io,
    const Options& options,
    asio::ssl::context& tls,
    quipu::Emitter& own,
    mailside::QueryGate& gate
)
    : options_(options),
      gate_(gate),
      client_(io.get_executor(), options.chasquid, tls),
      pause_(io),
      scrapes_(own.counter("relay/scrapes", "times that chasquid's variables were read")),
      failed_scrapes_(own.counter("relay/failedScrapes", "times that chasquid's variables could not be read")),
      runs_seen_(own.counter("relay/runsSeen", "runs of chasquid that were seen to begin, or found running")),
      state_(own.text("relay/state", "how the reading of chasquid goes")),
      complaints_{own.counter("relay/leftOutValues", "values of chasquid's that could not be taken over"), log_line} {
    state_.tell("chasquid was not asked yet");
}

Watcher::~Watcher() = default;

awaitable<void> Watcher::run() {
    auto next = Clock::now();
    while (!is_stopped_) {
        const bool was_kept = client_.is_connected();
        std::string error;
        try {
            error = co_await look();
        } catch (const std::exception& e) {
            client_.close();
            error = std::string("cannot be read: ") + e.what();
        }
        // A kept connection ends where chasquid does; who is there now shows over a new one.
        if (!error.empty() && was_kept && !is_stopped_) error = co_await look();
        if (is_stopped_) break;
        if (error.empty()) {
            scrapes_.add();
            failures_ = 0;
            state_.tell("reading " + options_.chasquid.url);
            next = std::max(next + options_.interval, Clock::now());
        } else {
            failed(error);
            next = Clock::now() + pause_after(failures_);
        }
        pause_.expires_at(next);
        co_await pause_.async_wait(as_result);
    }
}

// The interval, doubled with each failure in a row.
Clock::duration Watcher::pause_after(std::uint32_t failures) const {
    Clock::duration pause = options_.interval;
    if (pause >= longest_pause) return pause;
    for (std::uint32_t i = 1; i < failures && pause < longest_pause; ++i) pause *= 2;
    return std::min<Clock::duration>(pause, longest_pause);
}

void Watcher::failed(const std::string& why) {
    failed_scrapes_.add();
    if (failures_++ == 0) failing_since_ = Clock::now();
    const std::string sentence = "chasquid at " + options_.chasquid.url + " " + why;
    state_.tell(sentence + "; trying again");
    const bool is_gone = why.ends_with("Connection refused") || Clock::now() - failing_since_ > patience;
    if (is_gone && failures_ > 1) end_run(sentence);
}

void Watcher::end_run(const std::string& reason) {
    if (!run_ || std::exchange(run_->is_ended, true)) return;
    run_->emitter->end(reason);
}

void Watcher::stop() {
    is_stopped_ = true;
    client_.interrupt();
    pause_.cancel();
    end_run("chasquid-relay ends");
}

awaitable<std::string> Watcher::look() {
    if (!client_.is_connected()) {
        std::string error = co_await find_out_who();
        if (!error.empty()) co_return error;
    }
    Snapshot snapshot;
    std::string error = co_await read_vars(snapshot);
    if (!error.empty()) co_return error;
    const bool is_same = is_same_run(snapshot);
    if (!is_same && client_.is_connected() && run_ && run_->about == about_) {
        // It may be another one behind the same connection, through a proxy.
        error = co_await find_out_who();
        if (!error.empty()) co_return error;
    }
    if (!is_same || run_->is_ended) co_await begin_run(snapshot);
    if (!is_stopped_) run_->mirror->take(snapshot);
    co_return std::string();
}

awaitable<std::string> Watcher::find_out_who() {
    std::string path = "/";
    Reply reply = co_await client_.get(std::move(path), small());
    if (!reply.error.empty()) co_return reply.error;
    // Where that page is missing for good, command line and falling counts tell runs apart. A page that fails now and
    // then must not make another run of the same one: its counts would be counted twice.
    if (reply.status != 200 && reply.status != 404) co_return "says " + std::to_string(reply.status) + " to /";
    About about = reply.status == 200 ? parse_about(reply.body) : About();
    if (run_ && about.started.empty() && !run_->about.started.empty()) {
        client_.close();
        co_return "does not tell any more when it was started";
    }
    about_ = std::move(about);
    co_return std::string();
}

awaitable<std::string> Watcher::read_vars(Snapshot& snapshot) {
    std::string path = "/debug/vars";
    Reply reply = co_await client_.get(std::move(path), Allowance());
    if (!reply.error.empty()) co_return reply.error;
    if (reply.status != 200) co_return "says " + std::to_string(reply.status) + " to /debug/vars";
    std::vector<std::string> left_out;
    std::string why;
    if (!parse_expvar(reply.body, snapshot, left_out, why)) co_return "has a /debug/vars that " + why;
    if (!left_out.empty()) complaints_.left_out.add(left_out.size());
    co_return std::string();
}

bool Watcher::is_same_run(const Snapshot& snapshot) const {
    return run_ && run_->about == about_ && run_->cmdline == snapshot.cmdline && !run_->mirror->has_fallen(snapshot);
}

awaitable<void> Watcher::begin_run(const Snapshot& snapshot) {
    Run run;
    run.about = about_;
    run.cmdline = snapshot.cmdline;
    if (run_ && run_->about == run.about && run_->cmdline == run.cmdline) {
        // Alike in all that it tells of itself: another one all the same if its counts have fallen.
        run.generation = run_->generation + (run_->mirror->has_fallen(snapshot) ? 1 : 0);
    }
    std::string path = "/debug/flags";
    Reply flags = co_await client_.get(std::move(path), small());
    path = "/debug/config";
    Reply config = co_await client_.get(std::move(path), small());
    if (is_stopped_) co_return;
    end_run("chasquid was started anew");

    quipu::EmitterOptions options;
    options.program = "chasquid";
    options.version = run.about.version;
    options.socket_path = options_.ingest_socket;
    options.cmdline = run.cmdline;
    if (flags.status == 200) options.flags = parse_flags_page(flags.body);
    if (config.status == 200) options.config_text = std::move(config.body);
    options.max_series = max_series;
    options.max_labels = max_labels;
    options.log = [](std::string_view) {};  // the relay's own emitter says it
    quipu::ProcessFacts& facts = options.on_behalf_of.emplace();
    facts.instance = instance_of(run.about, run.cmdline, run.generation);
    facts.hostname = run.about.hostname;
    if (run.about.started_at) {
        facts.started = *run.about.started_at;
        facts.pid = find_process(run.cmdline, facts.started);
    }
    run.emitter = std::make_unique<quipu::Emitter>(std::move(options));
    for (const std::string_view topic : Questions::topics()) run.emitter->on_query(topic, gate_.handler());
    run.mirror = std::make_unique<VarsMirror>(*run.emitter, complaints_);
    runs_seen_.add();
    log_line(
        "chasquid " + mailside::printable(run.about.version) + ", started " +
        (run.about.started.empty() ? "at a time that it does not tell" : mailside::printable(run.about.started)) +
        ", is told to quipud"
    );
    run_ = std::move(run);
}

}  // namespace relay
