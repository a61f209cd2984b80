#include "daemon/pages/traces_ask.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// As Go's strconv.ParseBool; what it does not know is false.
bool parse_bool(std::string_view text) {
    constexpr std::array<std::string_view, 6> yes = {"1", "t", "T", "TRUE", "true", "True"};
    return std::find(yes.begin(), yes.end(), text) != yes.end();
}

bool parse_bucket(std::string_view text, int& bucket) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, bucket);
    return error == std::errc{} && stopped == end;
}

bool matches(const TraceRecord& trace, const TracesAsk& ask, Now now) {
    if (!ask.family.empty() && trace.family != ask.family) return false;
    if (ask.instance != 0 && trace.ref.instance != ask.instance) return false;
    if (ask.is_errors_only && !trace.is_error) return false;
    if (ask.min_ns > 0 && trace.duration_ns(now) < ask.min_ns) return false;  // clocks may differ: a duration below 0
    if (ask.needle.empty()) return true;
    const auto has = [&ask](const TraceNote& note) { return contains_folded(note.text, ask.needle); };
    const TraceNotes::Part first = trace.notes.first();
    const TraceNotes::Part last = trace.notes.last();
    return contains_folded(trace.title, ask.needle) || std::any_of(first.begin(), first.end(), has) ||
           std::any_of(last.begin(), last.end(), has);
}

// Takes each trace once, and where a search looks everywhere also the children that only their parents hold.
class Collector {
public:
    Collector(const TracesAsk& ask, Now now) : ask_(ask), now_(now) {}

    template <typename Traces>
    void take(const Traces& traces) {
        for (const TraceRecord* trace : traces) take_one(*trace);
    }

    std::vector<const TraceRecord*> take_found() { return std::move(found_); }

private:
    void take_one(const TraceRecord& root) {
        std::vector<const TraceRecord*> waiting = {&root};
        while (!waiting.empty()) {
            const TraceRecord& trace = *waiting.back();
            waiting.pop_back();
            if (!seen_.insert(&trace).second) continue;
            if (matches(trace, ask_, now_)) found_.push_back(&trace);
            if (!ask_.bucket) waiting.insert(waiting.end(), trace.children.begin(), trace.children.end());
        }
    }

    const TracesAsk& ask_;
    Now now_;
    std::unordered_set<const TraceRecord*> seen_;
    std::vector<const TraceRecord*> found_;
};

void collect(Collector& collector, const TraceFamily& family, const TracesAsk& ask) {
    const int bucket = ask.bucket.value_or(0);
    if (bucket == bucket_open || !ask.bucket) collector.take(family.active);
    if (bucket == bucket_errors || !ask.bucket) collector.take(family.errors);
    if (bucket < 0) return;
    const auto first = static_cast<std::size_t>(bucket);
    const std::size_t last = ask.is_all_above ? bucket_count - 1 : first;
    for (std::size_t i = first; i <= last; ++i) collector.take(family.buckets[i]);
}

}  // namespace

Link TracesAsk::link() const {
    Link link("/debug/traces");
    if (!family.empty()) link.with("fam", family);
    if (bucket) link.with("b", *bucket);
    if (bucket && *bucket >= 0) link.with("all", is_all_above ? "true" : "false");
    if (wants_latency) link.with("lat", "true");
    if (!needle.empty()) link.with("q", needle);
    if (min_ns > 0) link.with("min", min);
    if (is_errors_only) link.with("err", "1");
    if (!of.empty()) link.with("of", of);
    return link;
}

Complaint parse_traces_ask(const State& state, const Request& request, TracesAsk& ask) {
    const auto value = [&request](std::string_view name) {
        const std::string* given = request.parameter(name);
        return given ? std::string_view(*given) : std::string_view{};
    };
    ask.family = value("fam");
    ask.trace = value("trace");
    ask.ref = value("ref");
    ask.needle = request.needle();
    ask.wants_latency = !value("lat").empty() && !ask.family.empty();
    if (!value("all").empty()) ask.is_all_above = parse_bool(value("all"));
    if (!ask.family.empty() && !state.traces.families().contains(ask.family)) {
        return {404, "There is no such family of traces."};
    }
    if (const std::string_view text = value("b"); !text.empty()) {
        int bucket = 0;
        if (!parse_bucket(text, bucket)) return {400, "The bucket is not a number."};
        if (bucket < bucket_orphans || bucket >= static_cast<int>(bucket_count)) {
            return {400, "The bucket is none of -3 (orphaned), -2 (failed), -1 (open) and 0 to 7."};
        }
        ask.bucket = bucket;
    }
    if (const std::string_view text = value("min"); !text.empty()) {
        ask.min = text;
        if (!parse_duration(text, ask.min_ns)) return {400, "The least duration is not one, such as 100ms or 1.5s."};
    }
    ask.is_errors_only = parse_bool(value("err"));
    if (const std::string_view text = value("of"); !text.empty()) {
        TraceRef ref;
        if (!parse(std::string(text) + std::string(16, '0'), ref))
            return {400, "The mail daemon is not 16 hex digits."};
        ask.of = text;
        ask.instance = ref.instance;
    }
    return {};
}

std::vector<const TraceRecord*> select_traces(const State& state, const TracesAsk& ask, Now now) {
    if (!ask.bucket && !ask.is_search()) return {};
    Collector collector(ask, now);
    if (!ask.bucket || ask.bucket == bucket_orphans) collector.take(state.traces.orphans());
    const bool is_one_family = !ask.family.empty() && ask.bucket;
    for (const auto& [name, family] : state.traces.families()) {
        // Children may be of another family than what holds them, so a search looks into all.
        if (!is_one_family || name == ask.family) collect(collector, family, ask);
    }
    std::vector<const TraceRecord*> found = collector.take_found();
    const bool is_oldest_first = ask.bucket == bucket_open;
    std::stable_sort(found.begin(), found.end(), [is_oldest_first](const TraceRecord* a, const TraceRecord* b) {
        const std::int64_t first = is_oldest_first ? a->begin_wall_ns : b->begin_wall_ns;
        const std::int64_t second = is_oldest_first ? b->begin_wall_ns : a->begin_wall_ns;
        return first < second;
    });
    return found;
}

}  // namespace quipu
