// What quipud answers about itself where a page is asked `of=quipud`: the same topics as a mail daemon's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/queries.hpp"
#include "daemon/net/background.hpp"

namespace quipu {

// The linker's fingerprint of this very program, in hex; empty where it was linked without one.
std::string own_build_id();

class OwnAnswers {
public:
    explicit OwnAnswers(asio::io_context& io) : thread_(io, 1) {}

    // On a thread of its own, which a profile does not show. Null: another answer is being made.
    std::shared_ptr<Job<Reply>> answer(Ask question, std::function<void()> on_done);

    [[nodiscard]] static std::vector<std::string> topics();

    void stop() { thread_.stop(); }

    [[nodiscard]] bool is_idle() const { return thread_.is_idle(); }

private:
    Background thread_;
};

}  // namespace quipu
