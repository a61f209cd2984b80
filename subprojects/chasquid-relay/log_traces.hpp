// Traces rebuilt from the lines of chasquid's log. A line names family and title of its trace, so lines of the same
// belong together; where a trace begins and ends is inferred:
//
//   begins  with the first line of a family and title that is not open, or with what only a beginning says
//   ("Connected") ends    with its last line, once that is known: it said "all done" or QUIT, or it has been silent for
//   long enough,
//           which for short work is a second
//
// A delivery ("Courier.MDA user@x") becomes a child of the queue item that said last that it is sending to that
// address; a connection that queued an item links to it.
#pragma once

#include <quipu/emitter.hpp>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "log_line.hpp"

namespace relay {

class LogTraces {
public:
    static constexpr std::size_t max_open = 8000;
    static constexpr std::size_t max_remembered = 8000;  // of deliveries and queued items that are waited for

    using Steady = std::chrono::steady_clock::time_point;

    explicit LogTraces(quipu::Emitter& emitter) : emitter_(emitter) {}

    // A line's text, the time on it, and when it was read.
    void take(std::string_view text, quipu::TraceTime when, Steady now);
    // Ends what has been silent for long enough. Call about once a second.
    void expire(Steady now);
    // Nothing more comes.
    void end_all();

    [[nodiscard]] std::size_t open_count() const { return open_.size(); }

private:
    using Key = std::pair<std::string, std::string>;  // family, title

    struct Open {
        quipu::Trace trace;
        quipu::TraceTime last;          // the time on its last line
        Steady heard;                   // when that was read
        std::chrono::seconds patience;  // the silence after which it has ended
    };

    using OpenTraces = std::map<Key, Open>;

    OpenTraces::iterator begin(const TraceLine& line, quipu::TraceTime when, Steady now);
    void remember(std::map<std::string, Key>& what, std::string name, const Key& key);
    void note_references(const TraceLine& line, const Key& key);
    static void finish(Open& open);

    quipu::Emitter& emitter_;
    OpenTraces open_;
    std::map<std::string, Key> sending_;  // address to the item that is being sent there
    std::map<std::string, Key> queued_;   // item to who queued it
};

}  // namespace relay
