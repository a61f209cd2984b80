// What history costs on disk: 1,000 series over 30 days with a simulated clock through the real store, and the start
// after it. Prints figures; times are CPU time. `history-on-disk FOLDER [wild]`: a new folder; every value changes at
// every point.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/disk/store.hpp"
#include "tests/support/duct.hpp"

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t start_s = 1'699'998'300;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr int series_count = 1000;
constexpr std::int64_t days = 30;
constexpr std::int64_t end_s = start_s + days * 86400;
constexpr std::int64_t fine_s = 1200;  // at the end, second by second

// As often as the finest resolution that still knows of it at the end.
std::int64_t step_at(std::int64_t time_s) {
    const std::int64_t left_s = end_s - time_s;
    return left_s > 90'000 ? 900 : left_s > 9000 ? 60 : left_s > fine_s ? 10 : 1;
}

// Of this process: others may be busy, too.
double cpu_ms() {
    return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

std::uintmax_t size_of(const std::string& path) {
    std::error_code absent;
    const std::uintmax_t size = fs::file_size(path, absent);
    return absent ? 0 : size;
}

// Half of the counts stand still most of the time, some move now and then, a fifth of the series are gauges.
struct MailDaemon {
    explicit MailDaemon(State& state) : duct(state) {
        for (int i = 0; i < series_count; ++i) {
            const std::string name = "m/series" + std::to_string(i);
            if (i % 5 == 0) {
                gauges.push_back(duct.outbox.gauge(name, "", "", Merge::sum));
            } else {
                counts.push_back(duct.outbox.counter(name, "", ""));
            }
        }
        duct.connect();
    }

    void live(bool is_wild, std::int64_t seconds) {
        const auto length = static_cast<unsigned>(seconds);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (is_wild) {
                counts[i].add(random() >> 24);
                continue;
            }
            const auto interval = static_cast<unsigned>(i % 2 == 0 ? 600 : 5 + i % 20);
            if (random() % interval < length) counts[i].add(1 + random() % (2 + 2 * length / interval));
        }
        for (const Gauge& gauge : gauges) {
            if (is_wild || random() % 5 == 0) gauge.set(static_cast<double>(random() % 1000) / (is_wild ? 7 : 1));
        }
        duct.push();
    }

    Duct duct;
    std::vector<Counter> counts;
    std::vector<Gauge> gauges;
    std::mt19937 random{1};
};

void run(const std::string& dir, bool is_wild) {
    std::string notice;
    Store store(dir, notice);
    auto state = std::make_unique<State>();
    restore(*state, store.load(), {1, start_s * second_ns});
    state->history.restore_blocks({}, {1, start_s * second_ns});
    MailDaemon maild(*state);
    std::vector<double> commits;
    std::size_t bytes = 0;
    double samples_ms = 0;
    for (std::int64_t time_s = start_s; time_s <= end_s; time_s += step_at(time_s)) {
        const bool is_fine = step_at(time_s) == 1;
        const Now now{(1000 + time_s - start_s) * second_ns, time_s * second_ns + 1};
        maild.live(is_wild, step_at(time_s));
        const double begin_sample = cpu_ms();
        state->history_feed.sample(*state, now);
        if (is_fine) samples_ms += cpu_ms() - begin_sample;
        Changes changes;
        changes.history = state->history.take_changes(false);
        if (changes.is_empty()) continue;
        const double begin = cpu_ms();
        if (const std::string problem = store.commit(changes); !problem.empty()) std::puts(problem.c_str());
        if (!is_fine) continue;
        commits.push_back(cpu_ms() - begin);
        for (const DurableHistoryBlock& block : changes.history.blocks) bytes += block.bytes.size();
    }
    std::sort(commits.begin(), commits.end());
    std::printf(
        "%d series, %d days%s\n  in memory %.1f MB of at most %.1f\n  sample, mean %.3f ms\n"
        "  commits in the last 20 minutes: %zu, median %.2f ms, slowest %.2f ms, %.0f kB of blocks a minute\n",
        series_count,
        static_cast<int>(days),
        is_wild ? ", every value changes at every point" : "",
        static_cast<double>(state->history.cost_bytes()) / 1e6,
        static_cast<double>(state->history.most_bytes()) / 1e6,
        samples_ms / fine_s,
        commits.size(),
        commits[commits.size() / 2],
        commits.back(),
        static_cast<double>(bytes) / (fine_s / 60) / 1e3
    );
}

void start_again(const std::string& dir) {
    const Now now{1, (end_s + 5) * second_ns};
    std::string notice;
    double begin = cpu_ms();
    Store store(dir, notice);
    State state;
    restore(state, store.load(), now);
    const double open_ms = cpu_ms() - begin;
    begin = cpu_ms();
    SavedBlocks blocks;
    if (const std::string problem = store.read_history(state.history.wanted_blocks(now), blocks); !problem.empty()) {
        std::puts(problem.c_str());
    }
    const double read_ms = cpu_ms() - begin;
    begin = cpu_ms();
    state.history.restore_blocks(std::move(blocks), now);
    std::printf(
        "  start: opened in %.1f ms; blocks read in %.1f ms (worker) and taken in %.1f ms (loop)\n",
        open_ms,
        read_ms,
        cpu_ms() - begin
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || fs::exists(argv[1])) {
        std::puts("Say in which folder, a new one: history-on-disk FOLDER [wild]");
        return 2;
    }
    const std::string folder = argv[1];
    run(folder, argc > 2 && std::string(argv[2]) == "wild");
    std::printf("  quipu.db %.1f MB\n", static_cast<double>(size_of(folder + "/quipu.db")) / 1e6);
    start_again(folder);
    return 0;
}
