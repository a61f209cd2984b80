// The emitter's side of the wire: a hostile quipud says anything. The mail daemon goes on, and what it sends stays
// such that an honest quipud takes all of it.
#include <string>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "proto/outbox.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

constexpr Now start{.steady_ns = 1'000'000'000'000, .wall_ns = 1'795'572'250'937'945'941};

EmitterOptions small_options() {
    EmitterOptions options;
    options.program = "maild";
    options.max_series = 64;
    options.max_labels = 4;
    options.max_threads = 2;
    options.max_open_traces = 4;
    options.trace_ring_bytes = 4096;
    options.max_answer_backlog_bytes = 4096;
    return options;
}

struct MailDaemon {
    Outbox outbox{small_options()};
    State state;
    EmitterSession session{state, Peer{.uid = 1, .gid = 1, .pid = 1}};
    Counter count = outbox.counter("m/count", "things", "");
    std::uint64_t counted = 0;
    std::uint64_t questions = 0;

    MailDaemon() {
        outbox.on_query("queue", [this](Query query) {
            ++questions;
            query.write("answer");
            query.write(query.arg("a"));
            if (questions % 2 == 0) query.finish();
        });
    }

    // An honest quipud takes what we send, whatever the hostile one has said.
    void deliver(const std::string& out) {
        check(out.empty() || session.feed(as_bytes(out), start), "words that an honest quipud refuses");
        session.output().clear();
    }

    void work() {
        count.add(3);
        counted += 3;
        Trace trace = outbox.begin_trace("family", "title", 0);
        trace.event("event");
        if (counted % 2 == 0) trace.error("error");
    }

    void push() {
        for (bool has_more = true; has_more;) {
            std::string out;
            has_more = outbox.push(out);
            deliver(out);
        }
    }

    [[nodiscard]] std::uint64_t published() const {
        const Family* family = state.metrics.find("m/count");
        return family ? family->series.find("")->second.counter().total : 0;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    MailDaemon daemon;
    Identity identity;
    identity.instance.fill('a');
    std::string out;
    daemon.outbox.connected(identity, start.wall_ns, start.steady_ns, out);
    daemon.deliver(out);
    Pieces pieces(Bytes(data + 1, size - 1), data[0]);
    bool is_understood = true;
    for (Bytes piece; is_understood && pieces.next(piece);) {
        is_understood = daemon.outbox.take(piece) == Errc::ok;
        daemon.work();
        daemon.push();
    }
    check(daemon.outbox.refusal().size() <= 4096, "a refusal without bound");
    daemon.push();
    check(daemon.published() == daemon.counted, "a count that a hostile quipud has changed");
    return 0;
}
