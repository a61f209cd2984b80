// /debug/vars: all variables as Go's expvar prints them, one a line, sorted.
#include <cmath>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/published.hpp"
#include "daemon/pages/steps.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

// Names are only ASCII letters, digits and a few signs: nothing to escape.
void append_name(std::string& out, std::string_view name) {
    out += '"';
    out += name;
    out += "\": ";
}

std::uint64_t observations(const HistogramValue& histogram) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < histogram.cells.size(); ++i) count += histogram.cells[i].total;
    return count;
}

void append_value(std::string& out, const Family& family, const Series& series) {
    switch (family.kind) {
        case Kind::counter: append_integer(out, series.counter().total); break;
        case Kind::gauge:
            if (std::isfinite(series.gauge().shown)) {
                append_finite(out, series.gauge().shown);
            } else {
                out += "null";  // JSON has no other word for it
            }
            break;
        case Kind::text:
            if (!family.is_json) {
                append_json_string(out, series.text().shown);
            } else {
                out += series.text().is_known ? series.text().shown : "null";  // checked when it came
            }
            break;
        case Kind::histogram: append_integer(out, observations(series.histogram())); break;
    }
}

void append_only_value(std::string& out, const Family& family) {
    if (family.series.empty()) {
        out += family.is_json ? "null" : family.kind == Kind::text ? "\"\"" : "0";
    } else {
        append_value(out, family, family.series.begin()->second);
    }
}

// Of the newest mail daemon: tools read the program's name there.
void append_cmdline(std::string& out, const State& state) {
    out += '[';
    if (const EmitterRecord* newest = state.emitters.newest()) {
        const auto cmdline = shown_cmdline(state, *newest);
        for (const std::string& argument : cmdline) {
            if (&argument != &cmdline.front()) out += ',';
            append_json_string(out, argument);
        }
    }
    out += ']';
}

wire::Process sum_of_processes(const State& state) {
    wire::Process sum;
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life != Life::connected || emitter->is_companion) continue;
        const wire::Process& process = emitter->process;
        sum.heap_in_use_bytes += process.heap_in_use_bytes;
        sum.heap_idle_bytes += process.heap_idle_bytes;
        sum.heap_system_bytes += process.heap_system_bytes;
        sum.allocations += process.allocations;
        sum.frees += process.frees;
        sum.allocated_total_bytes += process.allocated_total_bytes;
    }
    return sum;
}

// The members of Go's runtime.MemStats in its order; what only a garbage collector has is 0.
void append_memstats(std::string& out, const State& state) {
    const wire::Process sum = sum_of_processes(state);
    const std::uint64_t objects = sum.allocations > sum.frees ? sum.allocations - sum.frees : 0;
    std::string_view comma = "";
    const auto member = [&out, &comma](std::string_view name, std::uint64_t value) {
        out += comma;
        out += '"';
        out += name;
        out += "\":";
        append_integer(out, value);
        comma = ",";
    };
    out += '{';
    member("Alloc", sum.heap_in_use_bytes);
    member("TotalAlloc", sum.allocated_total_bytes);
    member("Sys", sum.heap_system_bytes);
    member("Lookups", 0);
    member("Mallocs", sum.allocations);
    member("Frees", sum.frees);
    member("HeapAlloc", sum.heap_in_use_bytes);
    member("HeapSys", sum.heap_system_bytes);
    member("HeapIdle", sum.heap_idle_bytes);
    member("HeapInuse", sum.heap_in_use_bytes);
    member("HeapReleased", 0);
    member("HeapObjects", objects);
    for (const std::string_view name :
         {"StackInuse",
          "StackSys",
          "MSpanInuse",
          "MSpanSys",
          "MCacheInuse",
          "MCacheSys",
          "BuckHashSys",
          "GCSys",
          "OtherSys",
          "NextGC",
          "LastGC",
          "PauseTotalNs"}) {
        member(name, 0);
    }
    out += ",\"PauseNs\":[],\"PauseEnd\":[]";
    member("NumGC", 0);
    member("NumForcedGC", 0);
    member("GCCPUFraction", 0);
    out += ",\"EnableGC\":false,\"DebugGC\":false,\"BySize\":[]}";
}

// Of a daemon that tells its memory's figures itself, as one that runs under another language's runtime does.
bool has_living_value(const Family* memstats) {
    if (!memstats || memstats->series.empty()) return false;
    const TextValue& text = memstats->series.begin()->second.text();
    return text.is_known && !text.is_stale;
}

class VarsWork final : public PageWork {
public:
    explicit VarsWork(const State& state) : variables_(published_variables(state.metrics.in_order(), folded_)) {}

    std::optional<Response> head(const State& /*state*/, const Request& /*request*/, Now /*now*/) override {
        Response response;
        response.content_type = "application/json; charset=utf-8";
        response.is_copied = true;
        response.body.reserve(8192);
        return response;
    }

    bool more(const State& state, std::string& body) override {
        const std::size_t full = body.size() + piece_bytes;
        while (body.size() < full) {
            if (map_) {
                go_on_with_map(body, full);
            } else if (next_ == variables_.size()) {
                body += "\n}\n";
                return false;
            } else {
                body += next_ == 0 ? "{\n" : ",\n";
                begin_variable(body, state, variables_[next_++]);
            }
        }
        return true;
    }

    [[nodiscard]] std::size_t bytes() const override { return piece_bytes + variables_.size() * sizeof(Variable); }

private:
    void begin_variable(std::string& out, const State& state, const Variable& variable) {
        append_name(out, variable.name);
        if (variable.name == cmdline_name) {
            append_cmdline(out, state);
        } else if (variable.name == memstats_name && !has_living_value(variable.family)) {
            append_memstats(out, state);
        } else if (!variable.family->is_labelled()) {
            append_only_value(out, *variable.family);
        } else {
            map_ = variable.family;
            cursor_.enter(*map_);
            comma_ = "";
            out += '{';
        }
    }

    void go_on_with_map(std::string& out, std::size_t full) {
        while (out.size() < full) {
            const auto* entry = cursor_.next();
            if (!entry) {
                out += '}';
                map_ = nullptr;
                return;
            }
            out += comma_;
            append_json_string(out, entry->first);
            out += ": ";
            append_value(out, *map_, entry->second);
            comma_ = ", ";
        }
    }

    std::vector<std::string> folded_;
    std::vector<Variable> variables_;
    std::size_t next_ = 0;
    const Family* map_ = nullptr;  // whose entries are being written
    SeriesCursor cursor_;
    std::string_view comma_;
};

}  // namespace

PageResult vars_page(const State& state, const Request& request, Now now) {
    return at_once_or_in_steps(std::make_unique<VarsWork>(state), state, request, now);
}

}  // namespace quipu
