// Leads questions of quipud from the emitter's thread to the program's event loop, as long as there is one.
#pragma once

#include <quipu/emitter.hpp>

#include <mailside/wire.hpp>

#include <functional>
#include <mutex>

namespace mailside {

// Made before the emitter, destroyed after it. The lock is the only one of its program; it is held for moments.
class QueryGate {
public:
    // Called on the loop.
    using Answer = std::function<awaitable<void>(quipu::Query)>;

    // For Emitter::on_query: where the gate is shut, the asker is told that the program is starting or ending.
    quipu::QueryHandler handler();

    void open(asio::io_context& io, Answer answer);
    void close();

    // Shuts the gate before the loop ends, however it ends.
    struct Closer {
        QueryGate& gate;

        ~Closer() { gate.close(); }
    };

private:
    void ask(quipu::Query query);

    std::mutex mutex_;
    asio::io_context* io_ = nullptr;
    Answer answer_;
};

}  // namespace mailside
