// A real Unix socket with quipud's session behind it, in a thread: what the emitter's courier talks to in tests.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"

namespace quipu::test {

// The clocks, as quipud's edge reads them.
Now read_now();

class MiniQuipud {
public:
    explicit MiniQuipud(std::string socket_path);
    ~MiniQuipud();
    MiniQuipud(const MiniQuipud&) = delete;
    MiniQuipud& operator=(const MiniQuipud&) = delete;

    // As after kill -9: connections break, the state is gone, the socket file stays. start() begins anew.
    void kill();
    void start();

    // Breaks all connections and keeps the state.
    void break_connections() { wants_break_ = true; }

    // fork() while our thread stands still: a sanitizer's allocator is not fit for a child where another thread was
    // just allocating. The child has no quipud.
    pid_t fork();

    // What State has for emitters (a Query) goes to them.
    void write_to_all() { wants_write_ = true; }

    // Waits until it holds, with a generous deadline; false: it never did.
    bool wait_for(const std::function<bool(State&)>& holds, std::chrono::seconds at_most = std::chrono::seconds(30));
    // Published count, ~0 where there is none.
    std::uint64_t count(std::string_view family, std::string_view label = {});

private:
    void run(int listener);

    std::string socket_path_;
    std::mutex mutex_;  // held by the thread except while it waits
    std::unique_ptr<State> state_;
    std::atomic<bool> is_up_{false};
    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> wants_break_{false};
    std::atomic<bool> wants_write_{false};
    std::thread thread_;
};

}  // namespace quipu::test
