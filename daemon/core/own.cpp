#include "daemon/core/own.hpp"

#include "daemon/core/state.hpp"

namespace quipu {

Own::Own(Metrics& m)
    : connections(m.own_counter("quipu/ingest/connections", "emitter connections accepted")),
      refused_connections(m.own_counter(
          "quipu/ingest/refusedConnections",
          "emitter connections refused, for their user or because there were too many"
      )),
      refused_users(m.own_counter(
          "quipu/ingest/refusedUsers", "emitter connections refused because their user may not push (ingest_users)"
      )),
      refused_sessions(
          m.own_counter("quipu/ingest/refusedSessions", "emitter connections closed for an error of theirs")
      ),
      frames(m.own_counter("quipu/ingest/frames", "frames taken from emitters")),
      frame_bytes(m.own_counter("quipu/ingest/bytes", "bytes read from emitters")),
      ended_for_room(
          m.own_counter("quipu/ingest/endedForRoom", "lost emitters taken for ended because too many were lost")
      ),
      forgotten_emitters(m.own_counter(
          "quipu/ingest/forgottenEmitters", "ended emitters no longer on record because there were too many"
      )),
      left_out_words(m.own_counter(
          "quipu/ingest/leftOutWords",
          "configurations, flags and arguments of emitters left out because all together were too long"
      )),
      truncated_frames(
          m.own_counter("quipu/ingest/truncatedFrames", "frames that were begun and not finished by their emitter")
      ),
      unknown_fields(m.own_counter("quipu/ingest/unknownFields", "fields skipped because this version is older")),
      unknown_messages(m.own_counter("quipu/ingest/unknownMessages", "messages skipped because this version is older")),
      unknown_answers(m.own_counter("quipu/ingest/unknownAnswers", "answers that came after their question was over")),
      http_connections(m.own_counter("quipu/http/connections", "HTTP connections accepted")),
      http_refused_connections(
          m.own_counter("quipu/http/refusedConnections", "HTTP connections refused because there were too many")
      ),
      http_requests(m.own_counter("quipu/http/requests", "HTTP requests answered")),
      http_errors(m.own_counter("quipu/http/errors", "HTTP requests answered with a 4xx or 5xx status")),
      tls_failures(m.own_counter("quipu/http/tlsFailures", "HTTP connections on which TLS failed")),
      auth_failures(m.own_counter("quipu/http/authFailures", "HTTP requests with a wrong user or password")),
      auth_throttled(m.own_counter(
          "quipu/http/authThrottled", "HTTP requests whose password was not looked at because too many were wrong"
      )),
      store_errors(m.own_counter("quipu/store/errors", "commits of the state file that failed and were repeated")),
      held_back_lines(
          m.own_counter("quipu/log/heldBack", "log lines not written because there were many of their kind in a minute")
      ),
      named_addresses(m.own_counter("quipu/profiles/namedAddresses", "addresses in profiles that got a name")),
      nameless_addresses(m.own_counter(
          "quipu/profiles/namelessAddresses",
          "addresses in profiles that got none: no file with that build id, or no function in it"
      )),
      late_lookups(m.own_counter("quipu/profiles/lateLookups", "look-ups of names ended because they took too long")),
      failed_lookups(m.own_counter("quipu/profiles/failedLookups", "look-ups of names whose process failed")),
      store_commits(m.own_counter("quipu/store/commits", "commits of the state file")),
      journal_entries(
          m.own_counter("quipu/store/journalEntries", "entries of the journal, written before answers that show counts")
      ),
      journal_errors(m.own_counter("quipu/store/journalErrors", "entries of the journal that could not be written")),
      unkept_answers(m.own_counter(
          "quipu/store/unkeptAnswers", "answers given though a kill at that moment would take back counts in them"
      )),
      store_bytes(m.own_bytes("quipu/store/fileBytes", "length of the state file")),
      otlp_sent(m.own_counter("quipu/otlp/sent", "spans that the collector has taken")),
      otlp_dropped(m.own_counter("quipu/otlp/dropped", "spans dropped because too many waited for the collector")),
      otlp_failed(m.own_counter("quipu/otlp/failed", "spans that the collector refused for good")),
      otlp_retries(m.own_counter("quipu/otlp/retries", "requests to the collector that were repeated")),
      otlp_queue(m.own_gauges("quipu/otlp/queue", "state", "spans that wait for the collector, or are on their way")),
      rewrites(m.own_counter(
          "quipu/store/rewrites",
          "commits after long failure that removed from the state file all that they did not bring"
      )),
      folded_series_(m.own_counter("quipu/metrics/foldedSeries", "series folded into the label (other)")),
      refused_families_(m.own_counter(
          "quipu/metrics/refusedFamilies", "families refused: known with another kind, a reserved name, or too many"
      )),
      refused_series_(m.own_counter("quipu/metrics/refusedSeries", "series refused because there were too many")),
      refused_deltas_(
          m.own_counter("quipu/metrics/refusedDeltas", "deltas refused on counters: negative, or beyond 2^64")
      ),
      dropped_values_(m.own_counter("quipu/metrics/droppedValues", "values dropped that came for a refused series")),
      refused_counts_(m.own_counter(
          "quipu/metrics/refusedCounts", "counts of an emitter refused because all together were too many"
      )),
      refused_texts_(
          m.own_counter("quipu/metrics/refusedTexts", "text values not taken because all together were too long")
      ),
      refused_questions_(
          m.own_counter("quipu/queries/refused", "questions to emitters refused because too many were open")
      ),
      long_answers_(m.own_counter("quipu/queries/tooLong", "answers of emitters given up because they were too long")),
      refused_documents_(
          m.own_counter("quipu/metrics/refusedDocuments", "values refused of variables that are JSON: they were not")
      ),
      trace_events_(m.own_counter("quipu/traces/events", "trace events taken")),
      ignored_trace_events_(
          m.own_counter("quipu/traces/ignoredEvents", "trace events ignored: their trace is unknown or has ended")
      ),
      cut_trace_events_(
          m.own_counter("quipu/traces/cutEvents", "trace events given up between a trace's first and last ones")
      ),
      cut_trace_texts_(m.own_counter("quipu/traces/cutTexts", "trace texts shortened to their limit")),
      evicted_active_traces_(
          m.own_counter("quipu/traces/evictedActive", "open traces given up because too many were open")
      ),
      evicted_trace_bytes_(
          m.own_counter("quipu/traces/evictedForBytes", "traces forgotten early because traces took too much memory")
      ),
      folded_trace_families_(
          m.own_counter("quipu/traces/foldedFamilies", "traces put in the family (other) because of too many families")
      ),
      lone_children_(m.own_counter(
          "quipu/traces/loneChildren", "child traces shown alone: their parent is unknown or has too many"
      )),
      unstored_traces_(m.own_counter(
          "quipu/traces/leftUnstored", "traces kept in memory only, because the state file has too many bytes of them"
      )),
      refused_history_(
          m.own_counter("quipu/history/refusedSeries", "series that are kept no history of because there are too many")
      ),
      given_up_history_(m.own_counter(
          "quipu/history/givenUpSeries", "series whose history was given up because others needed the place"
      )),
      clock_steps_(
          m.own_counter("quipu/history/clockSteps", "times that the clock was found set, or the machine to have slept")
      ),
      damaged_history_(m.own_counter(
          "quipu/history/damagedRows", "rows of the state file that made no sense at start, and are a gap in history"
      )),
      history_bytes_(m.own_bytes("quipu/history/bytes", "memory that history takes")),
      most_history_bytes_(m.own_bytes(
          "quipu/history/mostBytes", "the most that history can take, in memory and again in the state file"
      )),
      emitters_(m.own_gauges("quipu/ingest/emitters", "life", "processes that push, and those that were lost")),
      open_traces_(m.own_gauges("quipu/traces/open", "family", "open traces, by family")),
      health_(m.own_gauges("quipu/health/ok", "check", "1 where a check of /healthz is well, 0 where it failed")) {}

void Own::refresh(const State& state) {
    const MetricCounts& metrics = state.metrics.counts();
    const TraceCounts& traces = state.traces.counts();
    const HistoryCounts& history = state.history.counts();
    folded_series_.total = metrics.folded_series;
    refused_families_.total = metrics.refused_families;
    refused_series_.total = metrics.refused_series;
    refused_deltas_.total = metrics.refused_deltas;
    dropped_values_.total = metrics.dropped_values;
    refused_counts_.total = metrics.refused_counts;
    refused_texts_.total = metrics.refused_texts;
    refused_questions_.total = state.queries.counts().refused;
    long_answers_.total = state.queries.counts().too_long;
    refused_documents_.total = metrics.refused_documents;
    trace_events_.total = traces.events;
    ignored_trace_events_.total = traces.ignored_events;
    cut_trace_events_.total = traces.cut_events;
    cut_trace_texts_.total = traces.cut_texts;
    evicted_active_traces_.total = traces.evicted_active;
    evicted_trace_bytes_.total = traces.evicted_bytes;
    folded_trace_families_.total = traces.folded_families;
    lone_children_.total = traces.lone_children;
    unstored_traces_.total = traces.left_unstored;
    refused_history_.total = history.refused_series;
    given_up_history_.total = history.given_up_series;
    clock_steps_.total = history.clock_steps;
    damaged_history_.total = history.damaged_rows;
    history_bytes_.shown = static_cast<double>(history.bytes);
    most_history_bytes_.shown = static_cast<double>(state.history.most_bytes());
    // What stands beside a mail daemon must not hide that it is gone.
    Metrics::set_own(emitters_, "connected", state.emitters.daemon_count());
    Metrics::set_own(emitters_, "lost", state.emitters.count(Life::lost));
    for (const auto& [name, family] : state.traces.families()) {
        Metrics::set_own(open_traces_, name, static_cast<double>(family.active.size()));
    }
    for (const HealthCheck& check : state.health) Metrics::set_own(health_, check.name, check.is_ok ? 1 : 0);
}

}  // namespace quipu
