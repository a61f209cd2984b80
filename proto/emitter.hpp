// The quipu emitter: what a mail daemon embeds to be watched from outside.
//
//     quipu::Emitter emitter({.program = "mymaild", .version = "1.0"});
//     quipu::Counter mails = emitter.counter("mymaild/mails", "mails taken");
//     mails.add();
//     quipu::Trace trace = emitter.trace("SMTP.Conn", "192.0.2.1:4711");
//     trace.printf("-> %s", verb);
//
// Promises: add(), set(), trace events never block, never make a system call, never take a lock that I/O holds.
// One thread of the library (the courier) pushes to quipud, with all signals blocked, or an event loop of the mail
// daemon's does (EmitterOptions::runs_in_event_loop). quipud absent, stopped or slow
// changes nothing here: counts wait in their cells, trace events beyond the rings are dropped and counted.
//
// Threads: every function may be called from any thread, except that one Trace object belongs to one thread at a
// time. Handles (Counter, Gauge, Text, CounterMap, Trace, Query) are small, copied freely (Trace and Query are moved)
// and must not outlive their Emitter.
//
// Includes std only; linking needs nothing but libc, libstdc++ and pthreads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

class Outbox;      // the emitter's inside: cells and rings
class Courier;     // its way to quipud
class LabelTable;  // one counter map's labels
struct ThreadBlock;
struct PendingQuery;

namespace wire {
enum class TraceEventKind : std::uint8_t;
}

// The calling thread's own cells of one emitter: written by that thread alone, read by the courier.
struct ThreadCells {
    std::uint64_t emitter = ~std::uint64_t{0};  // serial number of the owner; no handle has this one
    std::atomic<std::uint64_t>* cells = nullptr;
    ThreadBlock* block = nullptr;

    // One relaxed load and store. false: these are not that emitter's cells.
    [[nodiscard]] bool add(std::uint64_t to_emitter, std::uint32_t index, std::uint64_t n) const noexcept {
        if (emitter != to_emitter) [[unlikely]]
            return false;
        auto& cell = cells[index];
        cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
        return true;
    }
};

extern constinit thread_local ThreadCells this_thread_cells;

// A count that only grows. A default-made handle counts nothing.
class Counter {
public:
    constexpr Counter() = default;

    // One relaxed load and store in this thread's own cell. Wraps at 2^64.
    void add(std::uint64_t n = 1) const noexcept {
        if (!this_thread_cells.add(emitter_, cell_, n)) add_slowly(n);
    }

private:
    friend class Outbox;

    Counter(Outbox* outbox, std::uint64_t emitter, std::uint32_t cell)
        : outbox_(outbox), emitter_(emitter), cell_(cell) {}

    // First add of a thread: gives it cells.
    void add_slowly(std::uint64_t n) const noexcept;

    Outbox* outbox_ = nullptr;
    std::uint64_t emitter_ = 0;
    std::uint32_t cell_ = 0;
};

// Counters by label value. Beyond the cap of labels (EmitterOptions::max_labels) new values count as "(other)".
class CounterMap {
public:
    constexpr CounterMap() = default;

    // The counter of one label value; made, at zero and published, on first use. Keep it where the value is known
    // beforehand. Values beyond limits::max_label_bytes count as "(other)".
    Counter operator()(std::string_view label_value) const noexcept;

    void add(std::string_view label_value, std::uint64_t n = 1) const noexcept;

private:
    friend class Outbox;

    explicit CounterMap(LabelTable* table) : table_(table) {}

    // A label's first add, or a thread's.
    void add_slowly(std::string_view label_value, std::uint64_t n) const noexcept;

    LabelTable* table_ = nullptr;
};

// A value that goes up and down; one for the whole process.
class Gauge {
public:
    constexpr Gauge() = default;
    void set(double value) const noexcept;
    void add(double delta) const noexcept;

private:
    friend class Outbox;

    explicit Gauge(std::atomic<double>* value) : value_(value) {}

    std::atomic<double>* value_ = nullptr;
};

// Gauges by label value; for few values that are known beforehand. Beyond EmitterOptions::max_labels, or where series
// run out, a handle that sets nothing.
class GaugeMap {
public:
    constexpr GaugeMap() = default;

    // Keep the handle: the look-up takes a lock that declaring threads share.
    Gauge operator()(std::string_view label_value) const;

private:
    friend class Outbox;

    GaugeMap(Outbox* outbox, std::uint32_t family) : outbox_(outbox), family_(family) {}

    Outbox* outbox_ = nullptr;
    std::uint32_t family_ = 0;
};

// A string for people, such as a version. Setting allocates; it is meant to be rare.
class Text {
public:
    constexpr Text() = default;
    void set(std::string_view value) const noexcept;

private:
    friend class Outbox;

    explicit Text(std::atomic<std::string*>* mailbox) : mailbox_(mailbox) {}

    std::atomic<std::string*>* mailbox_ = nullptr;
};

struct TraceSlot;

// Where an open trace is kept: of Trace alone. A fork or a reused slot makes old ones swallow everything.
struct TracePlace {
    TraceSlot* slot = nullptr;
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
};

// When something was, for traces that are rebuilt afterwards.
using TraceTime = std::chrono::system_clock::time_point;

// One request, connection or job, from begin to end. Ends when destroyed or at finish(). Events are formatted at the
// call, stamped, and copied into the calling thread's ring; texts beyond limits::max_event_bytes are cut.
// A default-made or moved-from trace swallows everything.
class Trace {
public:
    Trace() = default;

    ~Trace() { finish(); }

    Trace(Trace&& other) noexcept : outbox_(std::exchange(other.outbox_, nullptr)), place_(other.place_) {}

    Trace& operator=(Trace&& other) noexcept {
        if (this != &other) {
            finish();
            outbox_ = std::exchange(other.outbox_, nullptr);
            place_ = other.place_;
        }
        return *this;
    }

    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;

    void printf(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));
    void event(std::string_view text) noexcept;  // fixed text, no formatting
    // An event that marks the trace as failed.
    void error(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));
    // A part of this trace with its own family, title and events; shown inside this one. It may outlive this one.
    [[nodiscard]] Trace child(std::string_view family, std::string_view title) noexcept;
    // Refers to a trace that goes its own way, such as the queue item that a connection caused.
    void link(const Trace& other, std::string_view why = {}) noexcept;
    // Idempotent. Counts the duration in the family's latency histogram.
    void finish() noexcept;

    // The same at times of their own, for traces that Emitter::inferred_trace() began. Texts are not formatted.
    void event_at(TraceTime when, std::string_view text) noexcept;
    void error_at(TraceTime when, std::string_view text) noexcept;
    [[nodiscard]] Trace child_at(TraceTime begun, std::string_view family, std::string_view title) noexcept;
    void link_at(TraceTime when, const Trace& other, std::string_view why = {}) noexcept;
    void finish_at(TraceTime when) noexcept;

    [[nodiscard]] bool is_open() const noexcept { return outbox_ != nullptr; }

    // Unique in this process, 0 for a trace that swallows everything.
    [[nodiscard]] std::uint64_t id() const noexcept;

private:
    friend class Outbox;

    void append(wire::TraceEventKind kind, std::uint64_t when_steady_ns, std::string_view text) noexcept;
    // A text that is too long: cut and marked.
    [[gnu::noinline]] void append_cut(
        wire::TraceEventKind kind, std::uint64_t when_steady_ns, std::string_view text
    ) noexcept;
    void append_link(std::uint64_t when_steady_ns, const Trace& other, std::string_view why) noexcept;

    Trace(Outbox* outbox, TracePlace place) : outbox_(outbox), place_(place) {}

    Outbox* outbox_ = nullptr;
    TracePlace place_;
};

// How a question ended; the numbers are Status of quipu.proto.
enum class AnswerStatus : std::uint8_t {
    ok = 0,
    unknown_topic = 1,
    bad_argument = 2,
    busy = 3,
    failed = 4,
    cancelled = 5,
};

enum class RecipientState : std::uint8_t { pending = 0, sent = 1, failed = 2 };

struct QueueRecipient {
    std::string address;
    std::string type;  // "EMAIL", "PIPE", "FORWARD"
    RecipientState state = RecipientState::pending;
    std::string original_address;
    std::string last_failure;
    std::uint32_t attempts = 0;
    std::chrono::system_clock::time_point next_try{};  // epoch: none planned
};

struct QueueItem {
    std::string id;
    std::chrono::system_clock::time_point created{};
    std::string from;
    std::vector<std::string> to;
    std::vector<QueueRecipient> recipients;
};

// A question from quipud, to be answered now or later, from any thread, in as many parts as wanted. Dropping it
// unanswered answers "failed".
class Query {
public:
    explicit Query(std::shared_ptr<PendingQuery> pending);
    ~Query();
    Query(Query&&) noexcept;
    Query& operator=(Query&&) noexcept;
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    [[nodiscard]] std::string_view topic() const;
    // Empty where the argument was not given.
    [[nodiscard]] std::string_view arg(std::string_view key) const;
    // How long the asker waits, from when the handler was called; 0: it did not say.
    [[nodiscard]] std::chrono::milliseconds time_limit() const;
    // The asker has gone: stop working on it.
    [[nodiscard]] bool is_cancelled() const;
    // Appends to the answer. false: not taken, since more than EmitterOptions::max_answer_backlog_bytes wait to be
    // sent (try again later) or the query is over.
    bool write(std::string_view bytes);
    // Topic "queue": appends items in the form that quipud knows; total is the queue's length.
    bool write_queue(std::span<const QueueItem> items, std::uint64_t total);
    // Ends the answer. The sentence is shown to the asker where the status is not ok.
    void finish(AnswerStatus status = AnswerStatus::ok, std::string_view sentence = {});

private:
    friend class QueryDesk;

    std::shared_ptr<PendingQuery> pending_;
};

// Called on the courier's thread: answer at once if that takes well under a millisecond, else hand the Query over to
// a thread or an event loop of the mail daemon's own. With EmitterOptions::makes_own_calls called by make_calls().
using QueryHandler = std::function<void(Query)>;

struct Flag {
    std::string name;  // without dashes
    std::string value;
    bool is_set = false;  // given on the command line, not a default
};

// How values of several processes become one; see Merge in quipu.proto.
enum class Merge : std::uint8_t { sum = 0, max = 1, min = 2, last = 3 };

// How far a push is, see EmitterOptions::on_push.
enum class PushStage : std::uint8_t {
    begins,    // what was counted before this is in the push
    gathered,  // what is counted after this is not, and nothing of it has been sent yet
    sent,      // the kernel has all of it
};

// Another process, for which this one speaks: what quipud is told in place of this one's own facts.
struct ProcessFacts {
    // Made of facts that are that process's alone, such as its host and the moment of its start: the same whoever
    // speaks for it and when, so that its counts are taken for its own again after this process was started anew.
    std::array<std::uint8_t, 16> instance{};
    std::uint32_t pid = 0;  // 0: not known
    std::chrono::system_clock::time_point started{};
    std::string hostname{};
};

struct EmitterOptions {
    std::string program{};  // short name of the mail daemon
    std::string version{};
    std::string socket_path = "/run/quipu/ingest.sock";
    std::vector<std::string> cmdline{};  // empty: taken from /proc/self/cmdline. Secrets are masked here, at the source
    std::vector<Flag> flags{};           // secrets masked by name
    std::string config_text{};           // lines with a secret's key are masked
    // Set: counters are that process's totals since it began, program to config_text are its own too (an empty
    // cmdline stays empty), and nothing is pushed of this process's memory.
    std::optional<ProcessFacts> on_behalf_of{};
    // This process is no mail daemon, it stands beside one: pages do without it where they tell of mail daemons.
    bool is_companion = false;
    // Beside what is taken for a secret by its key (password, token, ...): keys whose values are to be masked, and
    // values to be masked wherever they stand, in command line, flags and configuration.
    std::vector<std::string> secret_names{};
    std::vector<std::string> secret_values{};
    std::chrono::milliseconds flush_interval{0};  // how often to push; 0: as quipud says, 100 ms where it does not
    // Bounds of this process. Memory: 8 bytes a series and thread, ring bytes a thread that traces, about 400 bytes
    // an open trace; all of it touched only when used.
    std::uint32_t max_series = 16384;
    std::uint32_t max_labels = 1000;  // of one counter map
    std::uint32_t max_threads = 256;  // with own cells; further threads share one set, more slowly
    std::uint32_t max_open_traces = 16384;
    std::uint32_t trace_ring_bytes = 256 * 1024;  // a thread; a power of two
    std::size_t max_answer_backlog_bytes = 4 * 1024 * 1024;
    // The mail daemon's own event loop makes the calls to its handlers and to `log`: see Emitter::calls_fd(). Nothing
    // of it runs on the courier's thread then, which keeps its file descriptors to itself: to a mail daemon of one
    // thread system calls cost as little as without the courier, and no descriptor of the mail daemon's is held open by
    // it. (Not kept to itself where on_push is set, which is called on the courier's thread.)
    bool makes_own_calls = false;
    // The event loop that makes those calls (this implies makes_own_calls) does all else as well: there is no courier's
    // thread, and make_calls() pushes when it is time, some ten times a second. For a mail daemon of one thread
    // that must stay so, or counts every microsecond: a second one makes its locks and system calls a little dearer.
    // While the loop is busy with something else, though, nothing is pushed, and nobody can see what it hangs in. A
    // forked child must watch its own calls_fd(), and no copy of its parent's. Where no descriptors were left at the
    // start, there is a thread after all.
    bool runs_in_event_loop = false;
    // Where the library says that it cannot reach quipud, at most once a minute; unset: stderr. On the courier's
    // thread, or by make_calls().
    std::function<void(std::string_view)> log{};
    // For a mail daemon that writes down what it counts: how far quipud can know it. Called at every push by whoever
    // pushes, the courier's thread or make_calls(), so keep it short. Where the connection breaks, `sent` does not
    // come, and the first push of the next connection holds everything.
    std::function<void(PushStage)> on_push{};
};

// Owns everything; one a process is usual. Made before the threads that use it, destroyed after them.
class Emitter {
public:
    // Never fails and never waits: where quipud is absent, the courier keeps trying.
    explicit Emitter(EmitterOptions options);
    // Pushes what is left and waits for quipud's word that it has it, 250 ms at most.
    ~Emitter();
    Emitter(const Emitter&) = delete;
    Emitter& operator=(const Emitter&) = delete;

    // Declares a family, published at zero from now on; the same name again gives the same series. Beyond
    // max_series, or where the name is in use with another kind, the handle counts nothing and the refusal is counted.
    Counter counter(std::string_view name, std::string_view help, std::string_view unit = {});
    Gauge gauge(std::string_view name, std::string_view help, std::string_view unit = {}, Merge merge = Merge::sum);
    Text text(std::string_view name, std::string_view help);
    // A text whose values are JSON documents of at most limits::max_text_bytes (16 KiB), published as such on
    // /debug/vars; others are refused there and counted. Named "memstats" it stands for the allocator's figures.
    Text json(std::string_view name, std::string_view help);
    CounterMap counter_map(std::string_view name, std::string_view label_name, std::string_view help);
    GaugeMap gauge_map(
        std::string_view name, std::string_view label_name, std::string_view help, Merge merge = Merge::sum
    );

    // Begins a trace. Beyond max_open_traces it swallows everything and is counted.
    [[nodiscard]] Trace trace(std::string_view family, std::string_view title) noexcept;
    // Begins one that was: it is rebuilt from what its program left behind, such as a log, and marked as inferred, as
    // its children are.
    [[nodiscard]] Trace inferred_trace(TraceTime begun, std::string_view family, std::string_view title) noexcept;

    // Answers a topic: "queue", or any that a page of quipud asks for. quipud hears of it with the next push.
    // An empty handler takes the topic back.
    void on_query(std::string_view topic, QueryHandler handler);

    // With EmitterOptions::makes_own_calls or runs_in_event_loop: readable while calls wait, or it is time to push; to
    // be watched by an event loop, which then calls make_calls(). The emitter's; another one in a forked child. -1:
    // there is none, or no descriptor was left.
    [[nodiscard]] int calls_fd() const noexcept;
    // Makes the calls that wait, on this thread.
    void make_calls();

    // Replaces EmitterOptions::config_text; quipud hears of it with the next push.
    void set_config_text(std::string_view text);

    // Ends it before it is destroyed, as the destructor does; `reason` becomes what quipud tells of the end. Counting
    // and tracing go nowhere from then on.
    void end(std::string_view reason) noexcept;

    // Pushes now instead of at the next interval; returns at once, false where quipud is not connected.
    bool flush() noexcept;

    [[nodiscard]] bool is_connected() const noexcept;

private:
    friend class Profiler;

    // Called on the courier's thread also where the mail daemon makes its own calls: it is asked when it does not any
    // more.
    void on_query_anyhow(std::string_view topic, QueryHandler handler);

    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Courier> courier_;
};

}  // namespace quipu
