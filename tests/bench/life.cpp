// life FOLDER DAYS SERIES: a new state directory as quipud leaves it after that many days, with a mail daemon of so
// many series that was started anew every midnight: history at all resolutions, every value changed at every point;
// totals of ended instances; the traces that are kept, of eight families, in every latency bucket, failed, and open
// when their mail daemon ended. The clock is simulated, and ends now. Prints the bytes that history takes in memory.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "daemon/core/state.hpp"
#include "daemon/disk/store.hpp"
#include "tests/soak/simulated_life.hpp"

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t coarsest_s = 900;  // a step of the coarsest resolution: where one begins
constexpr int trace_families = 8;
constexpr int notes = 20;

// Traces of one day, told at its end.
class Day {
public:
    Day(State& state, EmitterRecord& emitter, Now now, std::uint64_t& last_trace)
        : state_(state), emitter_(emitter), now_(now), last_trace_(last_trace) {}

    // Begun `begun_ns` ago; open unless it took `lasted_ns`.
    void trace(int family, std::int64_t begun_ns, std::int64_t lasted_ns, bool is_error) {
        const std::string name = "Family." + std::to_string(family);
        const std::uint64_t id = ++last_trace_;
        const std::int64_t begin_ns = now_.wall_ns - emitter_.traces.wall_minus_steady_ns - begun_ns;
        wire::TraceEvents told;
        const auto add = [&](wire::TraceEventKind kind, std::int64_t after_ns, std::string_view text) {
            wire::TraceEvent& event = told.events.emplace_back();
            event.trace = id;
            event.kind = kind;
            event.steady_ns = static_cast<std::uint64_t>(begin_ns + after_ns);
            event.text = text;
            if (kind == wire::TraceEventKind::begin) event.family = name;
        };
        add(wire::TraceEventKind::begin, 0, "192.0.2.1:4711");
        for (int i = 0; i < notes; ++i) {
            add(wire::TraceEventKind::event,
                lasted_ns * i / notes,
                "-> 250 2.1.5 ok, that is what was answered, and more");
        }
        if (is_error) add(wire::TraceEventKind::error, lasted_ns, "the other side has closed the connection");
        if (lasted_ns > 0) add(wire::TraceEventKind::end, lasted_ns, {});
        state_.traces.apply(emitter_.traces, told, now_);
    }

    // Two in every bucket of every family, one of them failed; and two that are open.
    void traces() {
        constexpr std::int64_t hour_ns = 3600 * second_ns;
        for (int family = 0; family < trace_families; ++family) {
            for (const std::int64_t floor_ns : bucket_floor_ns) {
                for (const bool is_error : {false, true}) trace(family, hour_ns, floor_ns + 1'000'000, is_error);
            }
            for (int i = 0; i < 2; ++i) trace(family, hour_ns, 0, false);
        }
    }

private:
    State& state_;
    EmitterRecord& emitter_;
    Now now_;
    std::uint64_t& last_trace_;
};

class LongLife {
public:
    LongLife(const std::string& folder, std::int64_t days, int series, std::int64_t end_s)
        : store_(folder, notice_),
          series_(series),
          end_s_(end_s),
          start_s_((end_s - days * day_s) / coarsest_s * coarsest_s) {
        if (!notice_.empty()) throw std::runtime_error(notice_);
        const Now now = at(start_s_);
        restore(*state_, store_.load(), now);
        state_->history.restore_blocks({}, now);
    }

    void run() {
        begin();
        for (std::int64_t time_s = start_s_, step_s = 0; time_s <= end_s_; time_s += step_s) {
            step_s = step_before(end_s_ - time_s);
            maild_->live(step_s);
            state_->history_feed.sample(*state_, at(time_s));
            Changes changes;
            changes.history = state_->history.take_changes(false);
            if (!changes.is_empty()) commit(std::move(changes));
            if (time_s / day_s == (time_s + step_s) / day_s || time_s + step_s > end_s_) continue;
            end(at(time_s));
            begin();
        }
        Day(*state_, *maild_->duct.session().emitter(), at(end_s_), last_trace_).traces();
        while (has_changes(*state_, Book::store)) commit(take_changes(*state_, Book::store, at(end_s_ + 2)));
        commit(take_changes(*state_, Book::store, at(end_s_ + 2), true));
        store_.close();
        std::printf("%zu\n", state_->history.cost_bytes());
    }

private:
    [[nodiscard]] Now at(std::int64_t time_s) const {
        return {(1000 + time_s - start_s_) * second_ns, time_s * second_ns + 1};
    }

    void begin() { maild_ = std::make_unique<SimulatedMailDaemon>(*state_, series_, true, ++last_instance_); }

    void end(Now now) {
        EmitterRecord& emitter = *maild_->duct.session().emitter();
        Day(*state_, emitter, now, last_trace_).traces();
        maild_->duct.breaks();
        set_ended(*state_, emitter, "said goodbye: exit", now);
        while (state_->traces.is_orphaning()) state_->traces.orphan_some();
        commit(take_changes(*state_, Book::store, now));
    }

    void commit(Changes changes) {
        changes.epoch = ++epoch_;
        if (const std::string problem = store_.commit(changes); !problem.empty()) throw std::runtime_error(problem);
    }

    std::string notice_;
    Store store_;
    int series_;
    std::int64_t end_s_;
    std::int64_t start_s_;
    std::unique_ptr<State> state_ = std::make_unique<State>();
    std::unique_ptr<SimulatedMailDaemon> maild_;
    char last_instance_ = 0;
    std::uint64_t last_trace_ = 0;
    std::uint64_t epoch_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const int days = argc == 4 ? std::atoi(argv[2]) : 0;
    const int series = argc == 4 ? std::atoi(argv[3]) : 0;
    if (days < 1 || days > 120 || series < 1 || std::filesystem::exists(argv[1])) {
        std::fputs("life FOLDER DAYS SERIES: a new folder, 1 to 120 days, series from 1\n", stderr);
        return 2;
    }
    try {
        LongLife(argv[1], days, series, std::time(nullptr)).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "life: %s\n", failure.what());
        return 1;
    }
}
