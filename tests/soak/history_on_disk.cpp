// What history costs on disk: 1,000 series over 30 days with a simulated clock through the real store, and the start
// after it. Prints figures; times are CPU time. `history-on-disk FOLDER [wild]`: a new folder; every value changes at
// every point.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/disk/store.hpp"
#include "tests/soak/simulated_life.hpp"

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t start_s = 1'699'998'300;
constexpr int series_count = 1000;
constexpr std::int64_t days = 30;
constexpr std::int64_t end_s = start_s + days * 86400;

// Of this process: others may be busy, too.
double cpu_ms() {
    return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

std::uintmax_t size_of(const std::string& path) {
    std::error_code absent;
    const std::uintmax_t size = fs::file_size(path, absent);
    return absent ? 0 : size;
}

void run(const std::string& dir, bool is_wild) {
    std::string notice;
    Store store(dir, notice);
    auto state = std::make_unique<State>();
    restore(*state, store.load(), {1, start_s * second_ns});
    state->history.restore_blocks({}, {1, start_s * second_ns});
    SimulatedMailDaemon maild(*state, series_count, is_wild);
    std::vector<double> commits;
    std::size_t bytes = 0;
    double samples_ms = 0;
    for (std::int64_t time_s = start_s, step_s = 0; time_s <= end_s; time_s += step_s) {
        step_s = step_before(end_s - time_s);
        const bool is_fine = step_s == 1;
        const Now now{(1000 + time_s - start_s) * second_ns, time_s * second_ns + 1};
        maild.live(step_s);
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
    CheckedBlocks history = checked(std::move(blocks));
    const double read_ms = cpu_ms() - begin;
    begin = cpu_ms();
    state.history.restore_blocks(std::move(history), now);
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
