// quipud's own variables, published as quipu/...: every refusal, drop and limit hit is a counter here, and what alerts
// on quipud and on who pushes need is a gauge. One row each in own.cpp: name and help.
#pragma once

#include "daemon/core/metrics.hpp"

namespace quipu {

struct State;

struct Own {
    explicit Own(Metrics& metrics);

    Cell& connections;          // emitters accepted
    Cell& refused_connections;  // by user, or because too many
    Cell& refused_users;        // the former
    Cell& refused_sessions;     // closed for an error of theirs
    Cell& frames;
    Cell& frame_bytes;
    Cell& ended_for_room;      // lost ones, because too many were lost
    Cell& forgotten_emitters;  // ended ones, because too many were on record
    Cell& left_out_words;      // of what emitters say of themselves, because it was too much
    Cell& truncated_frames;    // connection ended inside a frame
    Cell& unknown_fields;
    Cell& unknown_messages;
    Cell& unknown_answers;
    Cell& http_connections;
    Cell& http_refused_connections;
    Cell& http_requests;
    Cell& http_errors;  // answered with 4xx or 5xx
    Cell& tls_failures;
    Cell& auth_failures;   // wrong user or password
    Cell& auth_throttled;  // not even looked at
    Cell& store_errors;
    Cell& held_back_lines;     // of the log
    Cell& named_addresses;     // of profiles; set by the edge, from what the worker counts; as the next
    Cell& nameless_addresses;  // no file with that build id, or no symbol in it
    Cell& late_lookups;
    Cell& failed_lookups;
    Cell& store_commits;
    Cell& journal_entries;
    Cell& journal_errors;
    Cell& unkept_answers;
    GaugeValue& store_bytes;
    Cell& otlp_sent;  // spans; as the next
    Cell& otlp_dropped;
    Cell& otlp_failed;
    Cell& otlp_retries;  // requests
    Family& otlp_queue;  // spans, by state; empty where traces are not sent
    Cell& rewrites;      // commits that remove whatever they do not bring anew

    // Takes over what other parts of the state count for themselves, and what they are now: call before rendering.
    void refresh(const State& state);

private:
    Cell& folded_series_;
    Cell& refused_families_;
    Cell& refused_series_;
    Cell& refused_deltas_;
    Cell& dropped_values_;
    Cell& refused_counts_;
    Cell& refused_texts_;
    Cell& refused_questions_;
    Cell& long_answers_;
    Cell& refused_documents_;
    Cell& trace_events_;
    Cell& ignored_trace_events_;
    Cell& cut_trace_events_;
    Cell& cut_trace_texts_;
    Cell& evicted_active_traces_;
    Cell& evicted_trace_bytes_;
    Cell& folded_trace_families_;
    Cell& lone_children_;
    Cell& unstored_traces_;
    Cell& refused_history_;
    Cell& given_up_history_;
    Cell& clock_steps_;
    Cell& damaged_history_;
    GaugeValue& history_bytes_;
    GaugeValue& most_history_bytes_;
    Family& emitters_;     // by life
    Family& open_traces_;  // by family of traces
    Family& health_;       // by check
};

}  // namespace quipu
