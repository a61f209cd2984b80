// What /debug/traces is asked for, and which traces that means.
//
// fam b all lat trace ref mean what they mean on chasquid's page, so that bookmarks and habits carry over:
//   fam    the family; b in it: 0 to 7 a latency bucket, -1 open ones, -2 failed ones, -3 those that were open when
//          their mail daemon ended
//   all    with a bucket: also those above it (the default), or with "false" only those in it
//   lat    the family's latencies
//   trace  one trace by its id; ref: another trace that refers to it, to offer where it is gone
// Beyond that: q (text in titles and events), min (a least duration), err=1 (failed only), of (the mail daemon: the
// first 16 digits of its instance, as in its traces' ids), page. b=-1 or -2 and these
// also work without a family, over all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "daemon/pages/target.hpp"

namespace quipu {

inline constexpr int bucket_open = -1;
inline constexpr int bucket_errors = -2;
inline constexpr int bucket_orphans = -3;

struct TracesAsk {
    std::string family;  // empty: all
    std::optional<int> bucket;
    bool is_all_above = true;
    bool wants_latency = false;
    std::string trace;
    std::string ref;
    std::string needle;
    std::string min;  // as asked for
    std::int64_t min_ns = 0;
    bool is_errors_only = false;
    std::string of;              // as asked for
    std::uint64_t instance = 0;  // 0: any

    [[nodiscard]] bool is_search() const { return !needle.empty() || min_ns > 0 || is_errors_only; }

    // The link that asks for the same, without trace and page.
    [[nodiscard]] Link link() const;
};

// Why a request makes no sense.
struct Complaint {
    unsigned status = 0;  // 0: it makes sense
    std::string_view sentence;
};

[[nodiscard]] Complaint parse_traces_ask(const State& state, const Request& request, TracesAsk& ask);

// The traces to list: each once; open ones oldest first, else the last begun first. Nothing where neither a bucket
// nor a search is asked for.
std::vector<const TraceRecord*> select_traces(const State& state, const TracesAsk& ask, Now now);

}  // namespace quipu
