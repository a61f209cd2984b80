// All that quipud knows. One thread owns it; pages read it, sessions and queries change it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/core/durable.hpp"
#include "daemon/core/emitters.hpp"
#include "daemon/core/history.hpp"
#include "daemon/core/history_feed.hpp"
#include "daemon/core/metrics.hpp"
#include "daemon/core/own.hpp"
#include "daemon/core/queries.hpp"
#include "daemon/core/traces.hpp"

namespace quipu {

struct Limits {
    MetricLimits metrics;
    TraceLimits traces;
    SamplerLimits sampler;
    EmitterLimits emitters;
    QueryLimits queries;
    HistoryLimits history;
    std::uint32_t flush_interval_ms = 100;  // what Welcome tells emitters
    std::uint32_t pprof_max_seconds = 300;  // of one profile; beyond: refused
};

struct BuildInfo {
    std::string version;
    std::string compiler;
};

// What decides who may open a file: the ingest socket, and the directories above that not everybody may pass.
struct FileAccess {
    std::string path;
    std::string mode;   // "0660"
    std::string owner;  // names, or numbers where there are none
    std::string group;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

// Where emitters connect, for pages that tell what to check. Set by the edge.
struct IngestFacts {
    std::vector<FileAccess> access;  // the socket first
    std::vector<std::string> users;  // who alone may push; empty: whoever `access` lets in
    std::uint32_t last_refused_uid = 0;
};

// One line of /healthz.
struct HealthCheck {
    std::string name;
    bool is_ok = true;
    std::string detail;
};

struct State {
    explicit State(Limits the_limits = {})
        : limits(the_limits),
          metrics(limits.metrics),
          own(metrics),
          traces(limits.traces, limits.sampler),
          emitters(limits.emitters),
          queries(limits.queries),
          history(limits.history) {}

    Limits limits;
    BuildInfo build;
    std::int64_t start_wall_ns = 0;
    std::string hostname;
    std::string ingest_socket;  // for pages: where emitters connect
    IngestFacts ingest;
    std::vector<std::string> allowed_hosts;   // names that Host may have; empty: loopback names and IP literals only
    std::vector<std::string> disabled_pages;  // names as page_name() makes them, switched off by the operator
    std::vector<FlagText> flags;              // quipud's own
    std::vector<HealthCheck> health;          // set by the edges: store, sockets
    std::vector<std::string> cmdline;         // quipud's own
    std::vector<std::string> topics;          // what quipud can tell of itself, as a mail daemon can
    std::int32_t pid = 0;                     // quipud's own
    Metrics metrics;
    Own own;
    Traces traces;
    Emitters emitters;
    Queries queries;
    History history;
    HistoryFeed history_feed;
    // Instances that are no longer on record: of each book, those whose rows shall go.
    std::array<std::vector<std::string>, all_books.size()> forgotten;
    bool forgets_others = false;  // the store, after it has failed for long: of all that it is not told of anew
};

// The lives of instances, where metrics, traces and queries go together.
// Lost: the socket is gone. Ended: the process is gone, `how` says how it is known.
void set_lost(State& state, EmitterRecord& emitter, std::string_view how, Now now);
void set_ended(State& state, EmitterRecord& emitter, std::string_view how, Now now);
// Lost ones beyond EmitterLimits::lost_grace_ns count as ended. Call about once a second.
void end_overdue(State& state, Now now);

// Where too many trace events come, asks emitters for a smaller share (Tune into their outputs). Call about once a
// second.
void tune_sampling(State& state, Now now);

// What has changed since the last call for that book (`is_end`: there will be no other call); and the way back at
// start, but for the blocks of history, which come later. In durable.cpp.
bool has_changes(const State& state, Book book);
Changes take_changes(State& state, Book book, Now now, bool is_end = false);
void restore(State& state, Saved saved, Now now);
// Nobody keeps anything: lets go of what would be handed out and grows. Call now and then.
void forget_changes(State& state);
// A commit failed: the next take_changes() for the store hands out everything, what `failed` was to remove included;
// beyond most_forgotten of those, the order to remove whatever is not handed out.
inline constexpr std::size_t most_forgotten = 65536;
void mark_all_changed(State& state, Changes failed);

}  // namespace quipu
