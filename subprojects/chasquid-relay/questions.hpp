// Questions of quipud, led on to chasquid: each becomes a request to its monitoring address, over a connection of its
// own, and the reply is handed on piece by piece. Where nobody waits any more, the request ends: chasquid stops
// profiling.
#pragma once

#include <quipu/emitter.hpp>

#include <mailside/wire.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_client.hpp"

namespace relay {

class Questions {
public:
    static constexpr std::size_t max_at_once = 8;

    Questions(mailside::asio::any_io_executor executor, Target target, mailside::asio::ssl::context& tls);

    // What chasquid can be asked.
    static std::span<const std::string_view> topics();

    // Answers it, whatever happens.
    mailside::awaitable<void> answer(quipu::Query query);

    // Ends what runs, and answers nothing from then on.
    void stop();

private:
    struct Running;

    mailside::awaitable<void> ask(std::shared_ptr<Running> running);
    mailside::awaitable<void> watch(std::shared_ptr<Running> running);

    mailside::asio::any_io_executor executor_;
    Target target_;
    mailside::asio::ssl::context& tls_;
    std::vector<std::weak_ptr<Running>> running_;
    bool is_stopped_ = false;
};

// The path and query for a question; empty: chasquid is not asked about that topic. Arguments that the page does not
// know are left out, the others encoded.
std::string path_for(const quipu::Query& query);

}  // namespace relay
