// A mail daemon says anything at all: two bytes that choose, then the bytes of one connection. Whole or in pieces they
// mean the same; said again in a second connection they change no total; and every page made of them is valid.
#include <array>
#include <map>
#include <string>

#include "daemon/core/emitter_session.hpp"
#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/valid.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

constexpr Now start{.steady_ns = 1'000'000'000'000, .wall_ns = 1'795'572'250'937'945'941};
constexpr Peer peer{.uid = 1000, .gid = 1000, .pid = 4711};

// Small, so that every limit is met.
Limits small_limits() {
    Limits limits;
    limits.metrics = {.families = 64, .series = 96, .labels_per_family = 4};
    limits.traces.families = 4;
    limits.traces.active = 6;
    limits.traces.events_per_trace = 6;
    limits.traces.event_bytes = 64;
    limits.traces.kept_per_bucket = 2;
    limits.traces.kept_errors = 2;
    limits.traces.kept_orphans = 3;
    limits.traces.children_per_trace = 2;
    limits.traces.total_bytes = 16 * 1024;
    limits.sampler.events_per_second = 4;
    limits.emitters.lost_grace_ns = 1'000'000'000;
    limits.queries.answer_bytes = 4096;
    limits.queries.total_answer_bytes = 8192;
    return limits;
}

using Totals = std::map<std::string, std::uint64_t>;

void add_totals(const Family& family, Totals& totals) {
    for (const auto& [label, series] : family.series) {
        const std::string key = family.name + '\n' + label + '\n';
        if (const auto* cell = std::get_if<Cell>(&series.value)) totals[key] = cell->total;
        const auto* histogram = std::get_if<HistogramValue>(&series.value);
        if (!histogram) continue;
        for (std::size_t i = 0; i < histogram->cells.size(); ++i) {
            totals[key + std::to_string(i)] = histogram->cells[i].total;
        }
    }
}

// The mail daemon's, not quipud's own.
Totals totals_of(const State& state) {
    Totals totals;
    for (const auto& [name, family] : state.metrics.families()) {
        if (!family.is_own) add_totals(family, totals);
    }
    return totals;
}

void check_growth(const Totals& before, const Totals& after) {
    for (const auto& [key, value] : before) {
        const auto it = after.find(key);
        check(it != after.end() && it->second >= value, "a total that steps back", key);
    }
}

// One connection. The first frame goes first, so that a question can be asked before the rest comes.
struct Talk {
    State state{small_limits()};
    Now now = start;
    bool goes_on = true;

    void feed(EmitterSession& session, Bytes piece) {
        const Totals before = totals_of(state);
        goes_on = goes_on && session.feed(piece, now);
        check_growth(before, totals_of(state));
        check((session.error() == Errc::ok) || !goes_on, "an error that does not end the session");
    }

    void run(Bytes bytes, std::uint8_t seed, bool is_cut) {
        EmitterSession session(state, peer);
        goes_on = true;
        std::size_t first = 4;
        if (bytes.size() > 4) first += bytes[0] | std::size_t{bytes[1]} << 8;
        feed(session, bytes.first(std::min(first, bytes.size())));
        if (EmitterRecord* emitter = session.emitter(); emitter && goes_on) {
            Ask ask;
            ask.topic = "queue";
            ask.emitters = {emitter->number};
            (void)state.queries.open(ask, state.emitters, now);
        }
        Pieces pieces(bytes.subspan(std::min(first, bytes.size())), seed);
        if (is_cut) {
            for (Bytes piece; pieces.next(piece);) feed(session, piece);
        } else if (first < bytes.size()) {
            feed(session, bytes.subspan(first));
        }
        check_output(session.output());
        session.closed(now);
    }

    // quipud's own words are frames that decode.
    static void check_output(const std::string& output) {
        FrameReader reader;
        reader.feed(as_bytes(output));
        wire::ToEmitter message;
        std::uint64_t unknown = 0;
        for (Bytes payload; reader.next(payload);) {
            check(wire::decode(payload, message, unknown) == Errc::ok && unknown == 0, "words that do not decode");
        }
        check(reader.error() == Errc::ok && !reader.is_inside_frame(), "words that are no frames");
    }

    void pass(std::int64_t ns) {
        now.steady_ns += ns;
        now.wall_ns += ns;
        const Totals before = totals_of(state);
        end_overdue(state, now);
        tune_sampling(state, now);
        check_growth(before, totals_of(state));
    }

    std::string page(std::string_view target, std::string_view accept) {
        state.own.refresh(state);
        Request request;
        request.target = target;
        request.accept = accept;
        request.host = "localhost";
        PageResult result = dispatch(state, request, now);
        if (auto* stream = std::get_if<PageStream>(&result)) {
            check_response(stream->head);
            for (int i = 0; i < 3; ++i) check_event_stream(stream->next(state, now));
            return {};
        }
        if (auto* page = std::get_if<PageAsk>(&result)) {
            Reply reply;
            reply.emitter = page->ask.emitters.empty() ? 1 : page->ask.emitters.front();
            for (const AskId id : state.queries.take_finished()) {
                for (Reply& given : state.queries.take(id)) reply = std::move(given);
            }
            check_response(whole(page->finish(state, request, now, {reply}), state, request, now));
            return {};
        }
        const Response response = whole(std::move(result), state, request, now);
        check_response(response);
        return response.body;
    }

    std::string any_trace() {
        for (const auto& [name, family] : state.traces.families()) {
            for (const auto& bucket : family.buckets) {
                if (!bucket.empty()) return to_string(bucket.back()->ref);
            }
        }
        return state.traces.active().empty() ? std::string(32, '0') : to_string(state.traces.active().front()->ref);
    }

    void render(std::uint8_t which) {
        constexpr std::string_view browser = "text/html";
        switch (which % 4) {
            case 0:
                page("/debug/vars", "");
                page("/metrics", "");
                page("/metrics", "application/openmetrics-text;version=1.0.0");
                break;
            case 1:
                page("/debug/traces?b=-1", browser);
                page("/debug/traces?b=-3&all=1", browser);
                page("/debug/traces?b=0&all=1&format=json", "");
                page("/debug/traces?trace=" + any_trace(), browser);
                page("/debug/traces?format=json&trace=" + any_trace(), "");
                break;
            case 2:
                for (const std::string_view path : {"/", "/debug/emitters", "/debug/flags", "/debug/config"}) {
                    page(path, browser);
                    page(std::string(path) + "?format=json", "");
                    page(path, "");
                }
                break;
            default:
                page("/debug/queue", browser);
                page("/debug/queue?format=json", "");
                page("/debug/traces/stream", "");
                page("/debug/traces?q=a&min=1us", browser);
                break;
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes bytes(data + 2, size - 2);
    Talk whole;
    Talk cut;
    whole.state.traces.tail().follow(whole.now);
    cut.state.traces.tail().follow(cut.now);
    whole.run(bytes, data[0], false);
    cut.run(bytes, data[0], true);
    const Totals totals = totals_of(whole.state);
    check(totals == totals_of(cut.state), "other totals when cut");
    check(whole.page("/debug/traces?format=json", "") == cut.page("/debug/traces?format=json", ""), "other traces");
    whole.render(data[1]);
    whole.pass(500'000'000);
    whole.run(bytes, data[0], true);
    check(totals == totals_of(whole.state), "other totals when said again");
    whole.pass(2'000'000'000);
    whole.run(bytes, data[0], false);
    check(totals == totals_of(whole.state), "other totals when said again by one who had ended");
    whole.pass(2'000'000'000);
    whole.render(static_cast<std::uint8_t>(data[1] >> 2));
    return 0;
}
