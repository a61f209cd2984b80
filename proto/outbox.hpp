// The pure half of the emitter: everything that the mail daemon counts and traces, turned into bytes for quipud, and
// quipud's bytes turned into calls. No socket, no clock but that of trace events (trace_clock.hpp), no thread.
//
// Two sides. The mail daemon's (any thread): declare, count, trace, answer. The courier's (one thread): connected(),
// push(), take(). They meet in atomics only; the declaring lock is never taken by the courier.
//
// What was sent last is remembered per cell; a new connection sets it to zero, so the first deltas of a connection
// are the totals. That is the whole of the recovery.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/answers.hpp"
#include "proto/cells.hpp"
#include "proto/definition.hpp"
#include "proto/emitter.hpp"
#include "proto/event_text.hpp"
#include "proto/frame.hpp"
#include "proto/held_traces.hpp"
#include "proto/label_table.hpp"
#include "proto/message.hpp"
#include "proto/trace_clock.hpp"
#include "proto/trace_slots.hpp"

namespace quipu {

// Facts of this process that the edge reads from the system.
struct Identity {
    std::array<char, 16> instance{};
    std::uint32_t pid = 0;
    std::uint64_t start_wall_ns = 0;
    std::string hostname;
    std::vector<std::string> cmdline;  // masked
    std::vector<Flag> flags;           // masked
    bool is_companion = false;
};

// Upper bounds, in seconds, of the trace latency histogram: those of the trace pages' buckets.
inline constexpr std::array<double, 7> trace_bounds_s = {0.005, 0.01, 0.05, 0.1, 0.3, 1, 10};

class Outbox {
public:
    explicit Outbox(const EmitterOptions& options);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // --- the mail daemon's side ---

    Counter counter(std::string_view name, std::string_view help, std::string_view unit);
    Gauge gauge(std::string_view name, std::string_view help, std::string_view unit, Merge merge);
    Text text(std::string_view name, std::string_view help, bool is_json = false);
    CounterMap counter_map(std::string_view name, std::string_view label_name, std::string_view help);
    GaugeMap gauge_map(std::string_view name, std::string_view label_name, std::string_view help, Merge merge);
    Gauge gauge_of(std::uint32_t family, std::string_view label);
    // is_ours: the library's own, which the courier calls itself in any case.
    void on_query(std::string_view topic, QueryHandler handler, bool is_ours = false);
    void set_config_text(std::string_view masked_text);

    void add_slowly(std::uint32_t index, std::uint64_t n) noexcept;
    Counter counter_of(LabelTable& table, std::string_view label) noexcept;

    // Now, on the clock of trace events.
    [[nodiscard]] std::uint64_t now_ns() const noexcept { return clock_.now(); }

    [[nodiscard]] const TraceClock& clock() const noexcept { return clock_; }

    Trace begin_trace(std::string_view family, std::string_view title, std::uint64_t parent) noexcept {
        return begin_trace(family, title, parent, now_ns(), false);
    }

    Trace begin_trace(
        std::string_view family, std::string_view title, std::uint64_t parent, std::uint64_t steady_ns, bool is_inferred
    ) noexcept;
    void append_event(
        TracePlace place, wire::TraceEventKind kind, std::uint64_t steady_ns, std::string_view text, std::uint64_t other
    ) noexcept;
    // The same with a text that is formatted where the ring will hold it. `again`: see format_event().
    void append_formatted(
        TracePlace place, wire::TraceEventKind kind, const char* format, EventArguments& args, EventArguments& again
    ) noexcept;
    void finish_trace(TracePlace place, std::uint64_t steady_ns) noexcept;
    // A time of day on the clock of trace events; what was before that clock began is at its beginning. Two times are
    // as far apart as they were, unless the clock is set between.
    [[nodiscard]] std::uint64_t steady_ns(TraceTime when) noexcept;
    [[nodiscard]] std::uint64_t trace_id(TracePlace place) noexcept;

    // Called where a forked child first counts or traces; starts its courier.
    std::function<void()> on_first_use_after_fork;

    // --- the courier's side ---

    // A connection stands: everything is to be said again. Appends Hello.
    void connected(const Identity& identity, std::uint64_t wall_ns, std::uint64_t steady_ns, std::string& out);

    // Appends what has changed since the last push. true: more waits, call again once `out` is sent.
    bool push(std::string& out);
    void push_process(const wire::Process& process, std::string& out);
    // When time is short: appends what was counted, before the trace events that wait in `out`, which is a push of this
    // connection of which `written` bytes have gone.
    void push_counts_first(std::string& out, std::size_t written);
    // No connection: keeps rings and slots from filling up with what is old.
    void make_room();

    // Bytes from quipud. An error: the connection is of no use.
    [[nodiscard]] Errc take(Bytes bytes);

    // Where questions go whose handlers the mail daemon calls itself, with answer(). Set before the first take().
    void set_defer_query(std::function<void(Query)> defer) { defer_query_ = std::move(defer); }

    // Calls the topic's handler, or answers that there is none. One of the mail daemon's goes to `defer` instead, where
    // that is set. Any thread.
    void answer(Query question, const std::function<void(Query)>& defer = {});

    // `wake` is called by any thread that has put an answer for the courier to send.
    void set_answer_wake(std::function<void()> wake) { answers_->set_wake(std::move(wake)); }

    // Since connected(): quipud has greeted, refused, acknowledged a Bye; what it asks for.
    [[nodiscard]] bool is_welcome() const { return is_welcome_; }

    [[nodiscard]] bool is_acknowledged() const { return is_acknowledged_; }

    [[nodiscard]] const std::string& refusal() const { return refusal_; }

    [[nodiscard]] std::uint32_t flush_interval_ms() const { return flush_interval_ms_; }

    // --- fork: called in the parent before, in the parent and the child after ---

    void lock_for_fork();
    void unlock_after_fork();
    void reset_after_fork() noexcept;

private:
    struct Known {
        wire::Kind kind = wire::Kind::counter;
        std::uint32_t family = 0;  // its number
        bool is_labelled = false;
        SeriesPart* series = nullptr;  // without a label
        LabelTable* table = nullptr;   // counters and histograms with one
    };

    struct Handler {
        QueryHandler call;
        bool is_ours = false;
    };

    // Under the declaring lock:
    Known* declare(std::string_view name, wire::Kind kind, FamilyPart part);
    SeriesPart* add_series(std::uint32_t family, wire::Kind kind, std::string_view label, std::uint32_t width);
    void publish(std::unique_ptr<Definition> definition);
    const LabelNode* add_label(LabelTable& table, std::string_view label);
    LabelTable* make_table(std::string_view name, std::string_view label_name, std::string_view help, bool is_latency);
    const LabelNode* node_of(LabelTable& table, std::string_view label) noexcept;
    ThreadBlock* block() noexcept;  // of the calling thread; null: it has none
    [[gnu::noinline]] ThreadBlock* block_slowly() noexcept;
    static TraceSlot* open_slot(TracePlace place) noexcept;  // null: it is another trace's by now
    void append(ThreadBlock* mine, TraceSlot& slot, RingRecord record, std::string_view text) noexcept;
    [[gnu::noinline]] void append_formatted_aside(
        ThreadBlock* mine,
        TraceSlot& slot,
        RingRecord& record,
        const char* format,
        EventArguments& args,
        EventArguments& again
    ) noexcept;

    // The courier's:
    [[nodiscard]] std::vector<std::string_view> topics() const;
    void push_definitions(std::string& out);
    void push_deltas(std::string& out);
    void push_values(std::string& out);
    bool push_traces(std::string& out);
    void begin_pass();
    void note_begun();
    void drain(ThreadBlock& block, std::string* out);
    void announce(std::uint32_t slot, std::string& out);
    void announce_in_order(std::uint32_t slot, std::string& out);
    void forget_begun();
    void announce_now(TraceSlot& slot, std::string& out);
    void release_held(std::uint32_t slot, std::string& out);
    void send(const wire::TraceEvent& event, std::string& out);
    void end_frame(std::string& out);
    void end_pass(std::string* out);
    void on(const wire::Query& query);

    std::shared_ptr<ThreadBlocks> blocks_;

    // What every event looks at lies in two cache lines, what every trace looks at in a third.
    alignas(64) TraceClock clock_;
    alignas(64) std::atomic<bool> is_forked_{false};
    const std::uint64_t serial_;  // of blocks_
    TraceSlots slots_;
    LabelTable* latency_ = nullptr;  // by trace family
    std::atomic<std::uint64_t> next_trace_;
    const std::uint64_t first_trace_;

    const EmitterOptions options_;  // bounds only
    std::shared_ptr<Answers> answers_;

    std::mutex declaring_;
    std::map<std::string, Known, std::less<>> known_;
    std::map<std::pair<std::uint32_t, std::string>, SeriesPart*> labelled_gauges_;  // by family and label
    std::vector<std::unique_ptr<Definition>> definitions_;
    std::vector<std::unique_ptr<LabelTable>> tables_;
    std::uint32_t next_family_ = 1;
    std::uint32_t next_index_ = 0;
    std::uint32_t reserved_ = 0;  // indexes kept for "(other)" of each table
    std::atomic<Definition*> first_{nullptr};
    std::map<std::string, Handler, std::less<>> handlers_;
    std::mutex describing_;  // handlers_ and config_text_; the courier takes it too, the hot paths do not
    std::string config_text_;
    std::atomic<std::uint32_t> description_{1};  // grows with each change

    Counter dropped_events_;
    Counter dropped_traces_;
    Counter sampled_out_;
    Counter folded_labels_;
    Counter refused_series_;
    std::atomic<std::int64_t> wall_minus_steady_ns_{0};  // as of the last time that steady_ns() found it changed

    // The courier's own:
    Definition* last_defined_ = nullptr;
    std::uint32_t defined_end_ = 0;  // indexes below are defined in this connection
    std::uint32_t sent_description_ = 0;
    std::vector<SeriesPart*> gauges_;
    std::vector<SeriesPart*> texts_;
    std::vector<std::uint64_t> totals_;
    std::vector<std::uint64_t> sent_;
    std::vector<std::uint32_t> ended_;   // slots whose end is to be sent when this pass has drained every ring
    ThreadBlock* pass_block_ = nullptr;  // the next ring of this pass
    bool is_in_pass_ = false;
    bool is_resuming_ = false;  // all open traces are to be announced
    HeldTraces held_;
    wire::TraceFrame frame_;            // trace events that are not in a push yet
    std::vector<std::uint32_t> begun_;  // slots to be announced by the end of this pass, oldest first
    std::size_t begun_at_ = 0;          // those before it are
    std::uint64_t given_back_ = 0;      // of all traces that were ever begun
    std::function<void(Query)> defer_query_;
    FrameReader reader_;
    wire::ToEmitter message_;
    bool is_welcome_ = false;
    bool is_acknowledged_ = false;
    std::string refusal_;
    std::uint32_t flush_interval_ms_ = 0;
};

}  // namespace quipu
