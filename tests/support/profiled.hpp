// What tests of the profiler work with: an emitter whose quipud can be asked, and threads that are busy in a known
// function.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "proto/emitter.hpp"
#include "proto/thread_sanitizer.hpp"  // where a signal struck is not asserted in its builds
#include "tests/support/mini_quipud.hpp"
#include "tests/support/temp_dir.hpp"

namespace quipu::test {

// Burns CPU time in one function, spin(), for well under a millisecond.
void spin_once();
bool is_in_spin(std::uint64_t address);
// Where spin_once() itself begins.
std::uint64_t address_of_spin_once();

// Nobody handles SIGPROF.
bool has_default_action();

// A thread that runs body over and over, as long as the object lives; it has done so once when that is made.
class Repeating {
public:
    template <typename Body>
    Repeating(const char* name, Body body)
        : thread_([this, name, body] {
              pthread_setname_np(pthread_self(), name);
              body();
              has_run_ = true;
              has_run_.notify_one();
              while (!is_ending_) body();
          }) {
        has_run_.wait(false);
    }

    ~Repeating() {
        is_ending_ = true;
        thread_.join();
    }

    Repeating(const Repeating&) = delete;
    Repeating& operator=(const Repeating&) = delete;

private:
    std::atomic<bool> has_run_{false}, is_ending_{false};
    std::thread thread_;
};

struct Profiled {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};
    Emitter emitter{options()};

    [[nodiscard]] EmitterOptions options() const;
};

}  // namespace quipu::test
