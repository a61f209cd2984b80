// busy-daemon --ingest_socket=PATH: a program that embeds the profiler and is busy in known ways, until SIGTERM or the
// end of its standard input. Its thread "busy-worker" spends most of its time below busy_hash_outer, the rest in
// busy_callback, called from the shared library; its thread "busy-idle" sleeps. It keeps 16 MiB that busy_keep
// allocated.
#include <poll.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proto/emitter.hpp"
#include "proto/profiler.hpp"
#include "tests/support/busy_library.hpp"

namespace {

std::atomic<bool> is_ending{false};
std::atomic<std::uint64_t> result{0};  // so that nothing is optimized away

}  // namespace

// Names that a profile is searched for.
extern "C" {

[[gnu::noinline]] std::uint64_t busy_hash_inner(std::uint64_t value) {
    for (int i = 0; i < 2'000'000; ++i) value = (value ^ static_cast<std::uint64_t>(i)) * 0x100000001b3U;
    return value;
}

[[gnu::noinline]] std::uint64_t busy_hash_outer(std::uint64_t value) {
    return busy_hash_inner(value) + 1;
}

[[gnu::noinline]] std::uint64_t busy_callback(std::uint64_t value) {
    for (int i = 0; i < 1000; ++i) value = value * 3 + static_cast<std::uint64_t>(i);
    return value;
}

[[gnu::noinline]] void busy_keep(std::vector<std::unique_ptr<char[]>>& blocks) {
    for (int i = 0; i < 4096; ++i) blocks.push_back(std::make_unique<char[]>(4096));
}
}

namespace {

void be_busy() {
    pthread_setname_np(pthread_self(), "busy-worker");
    for (std::uint64_t value = 1; !is_ending.load(std::memory_order_relaxed);) {
        value = busy_hash_outer(value);
        result = busy_library_walk(busy_callback, value);
    }
}

void be_idle() {
    pthread_setname_np(pthread_self(), "busy-idle");
    while (!is_ending.load(std::memory_order_relaxed)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace

int main(int argc, char** argv) {
    constexpr std::string_view flag = "--ingest_socket=";
    const std::string_view arg = argc == 2 ? argv[1] : "";
    if (!arg.starts_with(flag)) {
        std::fprintf(stderr, "usage: busy-daemon --ingest_socket=PATH\n");
        return 2;
    }
    std::vector<std::unique_ptr<char[]>> blocks;
    std::thread([&blocks] { busy_keep(blocks); }).join();  // tcmalloc takes no samples of a main thread's first 16 MiB
    quipu::EmitterOptions options;
    options.program = "busy-daemon";
    options.version = "1";
    options.socket_path = arg.substr(flag.size());
    quipu::Emitter emitter(options);
    const quipu::Profiler profiler(emitter);
    std::thread busy(be_busy), idle(be_idle);
    std::printf("busy-daemon: running\n");
    std::fflush(stdout);
    pollfd input{0, 0, 0};  // until the other end is closed
    while ((input.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0) poll(&input, 1, -1);
    is_ending = true;
    busy.join();
    idle.join();
    return 0;
}
