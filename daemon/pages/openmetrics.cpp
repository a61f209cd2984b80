// /metrics: OpenMetrics 1.0, or the older Prometheus text format 0.0.4 for who does not ask for it.
//
// Names are those that chasquid prints (published.hpp); OpenMetrics demands `_total` behind counters, so there they
// have it. Texts, which chasquid leaves out, are published as info metrics: NAME_info{word="value"} 1.
#include <cmath>

#include "daemon/pages/gzip.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/published.hpp"
#include "daemon/pages/steps.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

enum class Format : std::uint8_t { openmetrics, prometheus };

void append_double(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        append_finite(out, value);
    }
}

// A bound as OpenMetrics wants it in both formats, so that a series does not depend on the format: "1.0", "0.005".
void append_bound(std::string& out, double bound) {
    const std::size_t begin = out.size();
    append_finite(out, bound);
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

// The sum of a histogram. A unit such as 1e-9 is not exact in binary, its inverse is: dividing gives 15.25 and not
// 15.250000000000002.
double sum_of(const HistogramValue& histogram, double unit) {
    const auto total = static_cast<double>(histogram.cells.back().total);
    const double inverse = std::round(1 / unit);
    const bool is_inverse_whole = unit < 1 && inverse < 1e18 && 1 / inverse == unit;
    return is_inverse_whole ? total / inverse : total * unit;
}

class Writer {
public:
    Writer(Format format, const Traces& traces) : format_(format), traces_(traces) {}

    [[nodiscard]] std::string& out() { return out_; }

    void begin_family(const Metric& metric) {
        family_ = metric.family;
        const Family& family = *family_;
        // The older format knows no families: its metadata name the samples.
        std::string& name = name_ = metric.name;
        const bool is_openmetrics = format_ == Format::openmetrics;
        if (family.kind == Kind::counter && !is_openmetrics && metric.has_total) name += "_total";
        if (family.kind == Kind::text && !is_openmetrics) name += "_info";
        metadata(family, name);
        if (family.kind == Kind::counter && is_openmetrics) name += "_total";
        if (family.kind == Kind::text && is_openmetrics) name += "_info";
        label_name_ = family.is_labelled() ? metric_label_name(family.label_name) : "";
        cursor_.enter(family);
    }

    // One series of it. false: there was none left.
    bool next_series() {
        const auto* entry = cursor_.next();
        if (!entry) return false;
        const auto& [label, series] = *entry;
        labels_.clear();
        if (family_->is_labelled()) append_label(labels_, label_name_, label);
        const auto* traced = family_->name == trace_latency_family ? trace_family(label) : nullptr;
        samples(*family_, name_, series, traced);
        return true;
    }

private:
    void metadata(const Family& family, std::string_view name) {
        const bool is_openmetrics = format_ == Format::openmetrics;
        const bool is_told = is_told_in_help(family.name);
        if (!family.help.empty() || is_told) {
            out_.append("# HELP ").append(name).append(" ");
            append_help(out_, family.help, is_openmetrics);
            if (is_told) {
                if (!family.help.empty()) out_ += ' ';
                out_ += '[';
                append_help(out_, family.name, is_openmetrics);
                out_ += ']';
            }
            out_ += '\n';
        }
        out_.append("# TYPE ").append(name).append(" ").append(type_of(family.kind)).append("\n");
        // Only valid where the name ends in it; names are given, so it cannot be put there.
        const bool is_in_name = name.size() > family.unit.size() && name.ends_with(family.unit) &&
                                name[name.size() - family.unit.size() - 1] == '_';
        if (is_openmetrics && !family.unit.empty() && is_in_name) {
            out_.append("# UNIT ").append(name).append(" ").append(family.unit).append("\n");
        }
    }

    [[nodiscard]] std::string_view type_of(Kind kind) const {
        switch (kind) {
            case Kind::counter: return "counter";
            case Kind::gauge: return "gauge";
            case Kind::text: return format_ == Format::openmetrics ? "info" : "gauge";
            case Kind::histogram: return "histogram";
        }
        return {};
    }

    static void append_label(std::string& labels, std::string_view name, std::string_view value) {
        if (!labels.empty()) labels += ',';
        labels.append(name).append("=\"");
        append_label_value(labels, value);
        labels += '"';
    }

    // The name and labels, up to the blank before the value. `more` is one label more, or empty.
    void sample_head(std::string_view name, std::string_view suffix, std::string_view more = {}) {
        out_.append(name).append(suffix);
        if (!labels_.empty() || !more.empty()) {
            out_ += '{';
            out_ += labels_;
            if (!labels_.empty() && !more.empty()) out_ += ',';
            out_ += more;
            out_ += '}';
        }
        out_ += ' ';
    }

    [[nodiscard]] const TraceFamily* trace_family(std::string_view name) const {
        const auto it = traces_.families().find(name);
        return it == traces_.families().end() ? nullptr : &it->second;
    }

    void samples(const Family& family, std::string_view name, const Series& series, const TraceFamily* traced) {
        switch (family.kind) {
            case Kind::counter:
                sample_head(name, "");
                append_integer(out_, series.counter().total);
                out_ += '\n';
                break;
            case Kind::gauge:
                sample_head(name, "");
                append_double(out_, series.gauge().shown);
                out_ += '\n';
                break;
            case Kind::text:
                if (!series.text().is_known) break;
                append_label(labels_, text_label_name(family), series.text().shown);
                sample_head(name, "");
                out_ += "1\n";
                break;
            case Kind::histogram: histogram(family, name, series.histogram(), traced); break;
        }
    }

    // Leads from a bucket to a trace in it, while that is kept. Only OpenMetrics knows exemplars.
    void exemplar(const TraceExemplar& exemplar) {
        if (exemplar.ref.number == 0 || !traces_.find(exemplar.ref)) return;
        out_.append(" # {trace_id=\"").append(to_string(exemplar.ref)).append("\"} ");
        append_double(out_, static_cast<double>(exemplar.duration_ns) / 1e9);
        out_ += ' ';
        append_double(out_, static_cast<double>(exemplar.end_wall_ns / 1'000'000) / 1e3);
    }

    void histogram(
        const Family& family, std::string_view name, const HistogramValue& histogram, const TraceFamily* traced
    ) {
        const std::size_t bounds = family.bounds.size();
        if (histogram.cells.size() != bounds + 2) return;
        std::uint64_t count = 0;
        std::string le;
        for (std::size_t i = 0; i <= bounds; ++i) {
            count += histogram.cells[i].total;
            le = "le=\"";
            if (i < bounds) {
                append_bound(le, family.bounds[i]);
            } else {
                le += "+Inf";
            }
            le += '"';
            sample_head(name, "_bucket", le);
            append_integer(out_, count);
            const bool has_exemplars = traced && format_ == Format::openmetrics && bounds + 1 == bucket_count;
            if (has_exemplars && histogram.cells[i].total > 0) exemplar(traced->exemplars[i]);
            out_ += '\n';
        }
        sample_head(name, "_sum");
        append_double(out_, sum_of(histogram, family.sum_unit));
        out_ += '\n';
        sample_head(name, "_count");
        append_integer(out_, count);
        out_ += '\n';
    }

    std::string out_;
    Format format_;
    const Traces& traces_;
    const Family* family_ = nullptr;
    std::string name_;        // of its samples
    std::string label_name_;  // empty: they have none
    SeriesCursor cursor_;
    std::string labels_;  // of the series at hand
};

class MetricsWork final : public PageWork {
public:
    MetricsWork(const State& state, const Request& request)
        : is_openmetrics_(prefers_openmetrics(request.accept)),
          metrics_(published_metrics(state.metrics.in_order())),
          writer_(is_openmetrics_ ? Format::openmetrics : Format::prometheus, state.traces) {
        if (accepts_gzip(request.accept_encoding)) gzip_ = std::make_unique<GzipPieces>();
    }

    std::optional<Response> head(const State& /*state*/, const Request& /*request*/, Now /*now*/) override {
        Response response;
        response.content_type = is_openmetrics_ ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                : "text/plain; version=0.0.4; charset=utf-8";
        response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
        if (gzip_) response.headers.emplace_back("Content-Encoding", "gzip");
        response.is_copied = true;
        writer_.out().reserve(16384);
        return response;
    }

    bool more(const State& /*state*/, std::string& body) override {
        const bool has_more = write_piece();
        std::string& text = writer_.out();
        if (gzip_) {
            gzip_->add(text, body);
            if (!has_more) gzip_->end(body);
        } else {
            body += text;
        }
        text.clear();
        return has_more;
    }

    [[nodiscard]] std::size_t bytes() const override {
        return piece_bytes + metrics_.size() * sizeof(Metric) + (gzip_ ? GzipPieces::bytes : 0);
    }

private:
    bool write_piece() {
        std::string& text = writer_.out();
        while (text.size() < piece_bytes) {
            if (is_in_family_) {
                is_in_family_ = writer_.next_series();
            } else if (next_ < metrics_.size()) {
                writer_.begin_family(metrics_[next_++]);
                is_in_family_ = true;
            } else {
                if (is_openmetrics_) text += "# EOF\n";
                if (metrics_.empty() && !is_openmetrics_)
                    text = "\n";  // some scrapers take an empty body for a failure
                return false;
            }
        }
        return true;
    }

    bool is_openmetrics_;
    std::vector<Metric> metrics_;
    std::size_t next_ = 0;
    bool is_in_family_ = false;
    Writer writer_;
    std::unique_ptr<GzipPieces> gzip_;  // null: as it is
};

}  // namespace

PageResult metrics_page(const State& state, const Request& request, Now now) {
    return at_once_or_in_steps(std::make_unique<MetricsWork>(state, request), state, request, now);
}

}  // namespace quipu
