// What stops a peer from filling quipud: every limit holds, and /debug/vars tells when it does.
#include "proto/limits.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "tests/support/duct.hpp"
#include "tests/support/files.hpp"
#include "tests/support/printers.hpp"

BOOST_AUTO_TEST_SUITE(core_limits)

using namespace quipu;
using namespace quipu::test;

namespace {

constexpr std::uint32_t million = 1'000'000;
constexpr std::string_view commands = "chasquid/smtpIn/commandCount";

std::string verb(std::uint32_t i) {
    return "unknown<\"X" + std::to_string(i) + "\">";
}

std::uint64_t sum_of(const State& state, std::string_view family) {
    std::uint64_t sum = 0;
    for (const auto& [label, series] : state.metrics.find(family)->series) sum += series.counter().total;
    return sum;
}

// A mail daemon of another make, which says whatever a test wants said.
class Raw {
public:
    Raw(State& state, char name) : session_(state, Peer{1000, 1000, 0}) {
        wire::Hello hello;
        const std::string instance(16, name);
        hello.protocol = 1;
        hello.program = "raw";
        hello.instance = instance;
        say(hello);
    }

    template <typename Message>
    void say(const Message& message) {
        std::string frame;
        wire::append_frame_of(frame, message);
        BOOST_REQUIRE(session_.feed(as_bytes(frame), test_now));
    }

    void define(std::string_view name, Kind kind, const std::vector<std::string>& labels) {
        wire::Define define;
        wire::Family& family = define.families.emplace_back();
        family.id = ++families_;
        family.name = name;
        family.kind = kind;
        family.label_name = labels.empty() ? "" : "label";
        if (labels.empty()) define.series.push_back({++series_, families_, {}});
        for (const std::string& label : labels) define.series.push_back({++series_, families_, label});
        say(define);
    }

    void more_labels(std::uint32_t first, std::uint32_t end) {
        std::vector<std::string> labels;
        for (std::uint32_t i = first; i < end; ++i) labels.push_back(verb(i));
        wire::Define define;
        for (const std::string& label : labels) define.series.push_back({++series_, families_, label});
        say(define);
    }

    void add(std::uint32_t first, std::uint32_t end, std::int64_t delta = 1) {
        wire::Deltas deltas;
        for (std::uint32_t id = first; id < end; ++id) deltas.ids.push_back(id);
        deltas.deltas.assign(deltas.ids.size(), delta);
        say(deltas);
    }

    void set_text(std::uint32_t id, std::string_view value) {
        wire::Set set;
        set.texts = {{id, value}};
        say(set);
    }

    void close() { session_.closed(test_now); }

    EmitterSession& session() { return session_; }

private:
    EmitterSession session_;
    std::uint32_t families_ = 0;
    std::uint32_t series_ = 0;
};

}  // namespace

// --- A million labels that an attacker chooses ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_million_verbs_end_in_one_label_at_the_emitter_and_none_is_lost) {
    State state;
    Duct a(state);
    const CounterMap verbs = a.outbox.counter_map(commands, "command", "");
    a.connect();
    for (std::uint32_t i = 0; i < million; ++i) verbs.add(verb(i));
    a.push();
    const auto cap = EmitterOptions{}.max_labels;
    const auto& series = state.metrics.find(commands)->series;
    BOOST_TEST(series.size() <= cap + 1);
    BOOST_TEST(sum_of(state, commands) == million);
    const std::uint64_t other = count_of(state, commands, other_label);
    BOOST_TEST(other == million - (series.size() - 1));
    BOOST_TEST(count_of(state, "quipu/emitter/foldedLabels") == other);
    for (const auto& [label, one] : series) BOOST_TEST((label == other_label || one.counter().total == 1U));
}

// Emitters that do not cap, as many as it takes: each may have 131,072 series.
BOOST_AUTO_TEST_CASE(a_million_verbs_end_in_one_label_at_quipud_whatever_emitters_do) {
    constexpr std::uint32_t each = 125'000;
    constexpr std::uint32_t batch = 12'500;
    constexpr std::uint32_t cap = 10'000;
    State state(Limits{.metrics = {.labels_per_family = cap}});
    for (std::uint32_t begin = 0; begin < million; begin += each) {
        Raw raw(state, static_cast<char>('a' + begin / each));
        raw.define(commands, Kind::counter, {verb(begin)});
        for (std::uint32_t i = begin + 1; i < begin + each; i += batch) {
            raw.more_labels(i, std::min(i + batch, begin + each));
        }
        raw.add(1, each + 1);
        raw.close();
    }
    state.own.refresh(state);
    BOOST_TEST(state.metrics.find(commands)->series.size() == cap + 1);
    BOOST_TEST(sum_of(state, commands) == million);
    BOOST_TEST(count_of(state, commands, other_label) == million - cap);
    BOOST_TEST(count_of(state, "quipu/metrics/foldedSeries") == million - cap);
}

// --- Every limit has a counter --------------------------------------------------------------------------------------

namespace {

struct Case {
    std::string_view limit;    // "MetricLimits.series"
    std::string_view counter;  // that tells; empty: `why` not
    // Hits it. None: another test does, which `why` names.
    std::function<void(State&)> hit;
    std::string_view why;
    Limits limits{};
};

void orphan_many(State& state) {
    Raw raw(state, 'a');
    wire::TraceEvents events;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        wire::TraceEvent& event = events.events.emplace_back();
        event.trace = i;
        event.kind = wire::TraceEventKind::begin;
        event.family = i == 1 ? "A" : "B";
        event.text = "a title that takes some room in memory";
    }
    raw.say(events);
}

void ask_twice(State& state) {
    (void)state.queries.open(Ask{"queue", {}}, state.emitters, test_now);
    (void)state.queries.open(Ask{"queue", {}}, state.emitters, test_now);
}

// An answer of 20 bytes.
void answer_at_length(State& state) {
    Raw raw(state, 'a');
    const Ask ask{.topic = "queue", .emitters = {state.emitters.all().front()->number}};
    BOOST_REQUIRE(state.queries.open(ask, state.emitters, test_now) != 0);
    wire::Answer answer;
    answer.query = 1;
    answer.chunk = "twenty bytes of text";
    raw.say(answer);
}

void define_two(State& state) {
    Raw raw(state, 'a');
    raw.define("a", Kind::counter, {});
    raw.define("b", Kind::counter, {});
    raw.add(1, 3);
}

void define_labels(State& state) {
    Raw(state, 'a').define("a", Kind::counter, {"x", "y", "z"});
}

void lose_two(State& state) {
    for (const char name : {'a', 'b'}) Raw(state, name).close();
}

void say_much(State& state) {
    Raw raw(state, 'a');
    const std::string config(2000, 'c');
    wire::Describe describe;
    describe.config_text = config;
    raw.say(describe);
    BOOST_TEST(state.emitters.all().front()->config_text.empty());
}

void send_texts(State& state) {
    Raw raw(state, 'a');
    raw.define("t", Kind::text, {});
    raw.set_text(1, "short");
    raw.set_text(1, std::string(600, 'x'));
    raw.set_text(1, "tiny");
    BOOST_TEST(state.metrics.find("t")->series.begin()->second.text().shown == "tiny");
}

std::vector<Case> all_cases() {
    return {
        {"MetricLimits.families", "quipu/metrics/refusedFamilies", define_two, "", {.metrics = {.families = 1}}},
        {"MetricLimits.series", "quipu/metrics/refusedSeries", define_two, "", {.metrics = {.series = 1}}},
        {"MetricLimits.labels_per_family",
         "quipu/metrics/foldedSeries",
         define_labels,
         "",
         {.metrics = {.labels_per_family = 1}}},
        {"MetricLimits.counts", "quipu/metrics/refusedCounts", define_two, "", {.metrics = {.counts = 1}}},
        {"MetricLimits.text_bytes", "quipu/metrics/refusedTexts", send_texts, "", {.metrics = {.text_bytes = 1000}}},
        {"EmitterLimits.connected", "quipu/ingest/refusedConnections", {}, "net/emitter"},
        {"EmitterLimits.lost", "quipu/ingest/endedForRoom", lose_two, "", {.emitters = {.lost = 1}}},
        {"EmitterLimits.ended_on_record",
         "quipu/ingest/forgottenEmitters",
         lose_two,
         "",
         {.emitters = {.lost = 0, .ended_on_record = 1}}},
        {"EmitterLimits.output_bytes", "quipu/ingest/refusedSessions", {}, "net/refusal"},
        {"EmitterLimits.words_bytes", "quipu/ingest/leftOutWords", say_much, "", {.emitters = {.words_bytes = 1000}}},
        {"EmitterLimits.lost_grace_ns", "", {}, "a time, not an amount"},
        {"QueryLimits.open", "quipu/queries/refused", ask_twice, "", {.queries = {.open = 1}}},
        {"QueryLimits.answer_bytes", "quipu/queries/tooLong", answer_at_length, "", {.queries = {.answer_bytes = 10}}},
        {"QueryLimits.total_answer_bytes",
         "quipu/queries/tooLong",
         answer_at_length,
         "",
         {.queries = {.total_answer_bytes = 10}}},
        {"TraceLimits.families", "quipu/traces/foldedFamilies", orphan_many, "", {.traces = {.families = 1}}},
        {"TraceLimits.active", "quipu/traces/evictedActive", orphan_many, "", {.traces = {.active = 1}}},
        {"TraceLimits.total_bytes", "quipu/traces/evictedForBytes", orphan_many, "", {.traces = {.total_bytes = 500}}},
        {"TraceLimits.events_per_trace", "quipu/traces/cutEvents", {}, "core/traces"},
        {"TraceLimits.event_bytes", "quipu/traces/cutTexts", {}, "core/traces"},
        {"TraceLimits.children_per_trace", "quipu/traces/loneChildren", {}, "core/traces"},
        {"TraceLimits.stored_bytes", "quipu/traces/leftUnstored", {}, "core/traces_store"},
        {"TraceLimits.kept_per_bucket", "", {}, "what is kept is a sample: nothing is refused"},
        {"TraceLimits.kept_errors", "", {}, "likewise"},
        {"TraceLimits.kept_orphans", "", {}, "likewise"},
        {"TailLimits.lines", "", {}, "each follower is told how many lines it lost"},
        {"TailLimits.bytes", "", {}, "likewise"},
        {"TailLimits.keep_ns", "", {}, "a time, not an amount"},
        {"SamplerLimits.events_per_second", "quipu/emitter/sampledOutTraces", {}, "core/session_traces"},
        {"SamplerLimits.always_above_ns", "", {}, "a time, not an amount"},
        {"SamplerLimits.least_per_mille", "", {}, "a share, not an amount"},
        {"HistoryLimits.series", "quipu/history/refusedSeries", {}, "core/history_slots"},
        {"HistoryLimits.labels_per_family", "", {}, "an order among those that want a place"},
        {"HistoryLimits.marks", "", {}, "the youngest are kept: nothing is refused"},
        {"HistoryLimits.ended_after_s", "", {}, "a time, not an amount"},
        {"HttpLimits.connections", "quipu/http/refusedConnections", {}, "net/http"},
        {"HttpLimits.header_bytes", "quipu/http/errors", {}, "net/http"},
        {"HttpLimits.target_bytes", "quipu/http/errors", {}, "net/http"},
        {"HttpLimits.body_bytes", "quipu/http/errors", {}, "net/http"},
        {"HttpLimits.answer_bytes", "quipu/http/errors", {}, "net/http"},
        {"HttpLimits.streams", "quipu/http/errors", {}, "net/http_long"},
        {"HttpLimits.page_jobs", "quipu/http/errors", {}, "net/profiles"},
        {"JournalLimits.file_bytes", "quipu/store/journalErrors", {}, "disk/journal"},
    };
}

// "MetricLimits.series" and so on, as the header has them.
std::set<std::string> members_of(const std::string& header) {
    std::set<std::string> members;
    const std::string text = read_source(header);
    const std::regex structs(R"(struct (\w+Limits) \{\n([^}]*(?:\{[^}]*\}[^}]*)*)\n\};)");
    const std::regex member(R"(\n\s+(?:std::\w+|unsigned|int) (\w+) =)");
    for (std::sregex_iterator at(text.begin(), text.end(), structs), end; at != end; ++at) {
        const std::string body = "\n" + (*at)[2].str();
        for (std::sregex_iterator one(body.begin(), body.end(), member); one != end; ++one) {
            members.insert((*at)[1].str() + "." + (*one)[1].str());
        }
    }
    return members;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_limit_that_is_hit_moves_its_counter) {
    for (const Case& one : all_cases()) {
        if (!one.hit) continue;
        BOOST_TEST_CONTEXT(one.limit) {
            State state(one.limits);
            state.own.refresh(state);
            BOOST_TEST(count_of(state, one.counter) == 0U);
            one.hit(state);
            state.own.refresh(state);
            BOOST_TEST(count_of(state, one.counter) > 0U);
        }
    }
}

// Whoever adds a limit says here which counter tells of it.
BOOST_AUTO_TEST_CASE(no_limit_is_without_a_counter_or_a_reason) {
    const std::vector<std::string> headers = {
        "daemon/core/metrics.hpp",
        "daemon/core/emitters.hpp",
        "daemon/core/queries.hpp",
        "daemon/core/traces.hpp",
        "daemon/core/trace_tail.hpp",
        "daemon/core/sampler.hpp",
        "daemon/core/history.hpp",
        "daemon/net/http_conn.hpp",
        "daemon/disk/journal.hpp",
    };
    std::map<std::string, int> listed;
    const State state;
    for (const Case& one : all_cases()) {
        ++listed[std::string(one.limit)];
        BOOST_TEST((one.hit || !one.why.empty()), one.limit);
        const bool is_of_emitter = one.counter.starts_with("quipu/emitter/");
        if (!one.counter.empty() && !is_of_emitter) BOOST_TEST(state.metrics.find(one.counter), one.counter);
    }
    std::size_t found = 0;
    for (const std::string& header : headers) {
        const std::set<std::string> members = members_of(header);
        BOOST_TEST(!members.empty(), header);
        for (const std::string& member : members) BOOST_TEST(listed.contains(member), member << " is not listed");
        found += members.size();
    }
    BOOST_TEST(found == listed.size());
}

BOOST_AUTO_TEST_SUITE_END()
