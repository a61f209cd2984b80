#include "daemon/pages/published.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <unordered_set>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

// By byte: every name of every page passes through these. None has a byte that is not ASCII.
using Characters = std::array<bool, 256>;

constexpr Characters with(std::string_view more) {
    Characters all{};
    for (char c = '0'; c <= '9'; ++c) all[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) all[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) all[static_cast<unsigned char>(c)] = true;
    for (const char c : more) all[static_cast<unsigned char>(c)] = true;
    return all;
}

constexpr Characters alphanumeric = with("");
constexpr Characters of_variables = with("_-./:");

bool is_variable_name(std::string_view name) {
    if (name.empty() || name == cmdline_name || name == memstats_name) return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return of_variables[static_cast<unsigned char>(c)]; });
}

// Every character that is not kept becomes one "_".
std::string fold(std::string_view name, const Characters& kept) {
    std::string out(name);
    std::size_t end = 0;
    for (std::size_t at = 0; at < name.size();) {
        const auto byte = static_cast<unsigned char>(name[at]);
        out[end++] = kept[byte] ? name[at] : '_';
        at += byte < 0x80 ? 1 : rune_at(name, at).length;
    }
    out.resize(end);
    return out;
}

// Waits for that byte, and not for others that are waited for beside it. A hint to fetch it is forgotten where there
// are too many at a time.
void touch(const void* byte) {
    (void)*static_cast<const volatile char*>(byte);
}

// What pages read of each family comes from memory, all of it side by side: on a processor that has been idle a page
// spent a third of its time on waiting for one after the other.
void fetch(const Families& families) {
    for (const Family* family : families) {
        touch(family);
        touch(&family->kind);
    }
    for (const Family* family : families) {
        touch(family->name.data());
        if (family->series.empty()) continue;
        const auto& first = *family->series.begin();
        touch(&first.first);
        touch(&first.second.value);
    }
}

// "name_2", "name_3", ...
std::string numbered(const std::string& name, std::uint64_t number) {
    std::string out = name + '_';
    append_integer(out, number);
    return out;
}

// "traceSeconds" becomes "trace_seconds".
std::string in_snake_case(std::string_view name) {
    std::string out;
    out.reserve(name.size() + 8);
    for (const char c : name) {
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper && !out.empty() && out.back() != '_') out += '_';
        out += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

std::string as_metric_name(std::string_view name) {
    std::string out = fold(name, alphanumeric);
    if (name.starts_with(own_prefix)) out = in_snake_case(out);
    if (out.empty()) return "_";
    if (out[0] >= '0' && out[0] <= '9') out.insert(0, 1, 'i');  // as chasquid does
    return out;
}

// What the samples of a kind are called: the family's name with these behind. All that OpenMetrics reserves for the
// kind, also what we do not write.
std::span<const std::string_view> suffixes(Kind kind) {
    static constexpr std::array<std::string_view, 3> counter = {"", "_total", "_created"};
    static constexpr std::array<std::string_view, 1> gauge = {""};
    static constexpr std::array<std::string_view, 2> text = {"", "_info"};
    static constexpr std::array<std::string_view, 5> histogram = {"", "_bucket", "_sum", "_count", "_created"};
    switch (kind) {
        case Kind::counter: return counter;
        case Kind::gauge: return gauge;
        case Kind::text: return text;
        case Kind::histogram: return histogram;
    }
    return {};
}

// Takes all sample names of the metric, or none.
bool claim(std::unordered_set<std::string>& taken, const std::string& name, Kind kind) {
    const std::span<const std::string_view> endings = suffixes(kind);
    for (std::size_t i = 0; i < endings.size(); ++i) {
        if (taken.insert(name + std::string(endings[i])).second) continue;
        for (std::size_t back = 0; back < i; ++back) taken.erase(name + std::string(endings[back]));
        return false;
    }
    return true;
}

// Names without all that is reserved at their end. Names that differ in that can take nothing from each other, whatever
// their kinds.
std::string_view root_of(std::string_view name) {
    static constexpr std::array<std::string_view, 6> reserved = {
        "_total", "_created", "_info", "_bucket", "_sum", "_count"};
    for (;;) {
        const std::string_view last = name.substr(std::min(name.rfind('_'), name.size()));
        if (std::find(reserved.begin(), reserved.end(), last) == reserved.end()) return name;
        name.remove_suffix(last.size());
    }
}

// Whether it is sure, at little cost, that no two of them take the same name. false: look closer.
bool are_surely_apart(const std::vector<Metric>& metrics) {
    std::vector<std::size_t> hashes;
    hashes.reserve(metrics.size());
    for (const Metric& metric : metrics) hashes.push_back(std::hash<std::string_view>()(root_of(metric.name)));
    std::sort(hashes.begin(), hashes.end());
    return std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end();
}

void number_equal_names(std::vector<Metric>& metrics) {
    std::unordered_set<std::string> taken;
    taken.reserve(metrics.size() * 4);
    for (Metric& metric : metrics) {
        const std::string wanted = metric.name;
        for (std::uint64_t n = 2; !claim(taken, metric.name, metric.family->kind); ++n)
            metric.name = numbered(wanted, n);
    }
}

bool take_ending(std::string& name, std::string_view ending) {
    if (name.size() <= ending.size() || !name.ends_with(ending)) return false;
    name.resize(name.size() - ending.size());
    return true;
}

void add_cell(Cell& sum, const Cell& cell) {
    sum.total += cell.total;
    sum.retired += cell.retired;
}

// Both are of one family, so of one kind and size.
void add_series(Series& sum, const Series& series) {
    if (auto* cell = std::get_if<Cell>(&sum.value)) {
        add_cell(*cell, series.counter());
    } else if (sum.kind() == Kind::gauge) {
        sum.gauge().shown += series.gauge().shown;
    } else if (auto* histogram = std::get_if<HistogramValue>(&sum.value)) {
        const auto& cells = series.histogram().cells;
        for (std::size_t i = 0; i < cells.size() && i < histogram->cells.size(); ++i) {
            add_cell(histogram->cells[i], cells[i]);
        }
    } else {
        sum = series;
    }
}

}  // namespace

std::vector<Variable> published_variables(const Families& families, std::vector<std::string>& folded) {
    fetch(families);
    std::vector<Variable> variables;
    variables.reserve(families.size() + 2);
    std::vector<const Family*> odd;
    const Family* memstats = nullptr;
    for (const Family* family : families) {
        if (is_variable_name(family->name)) {
            variables.push_back({family->name, family});
        } else if (family->name == memstats_name && family->is_json && !family->is_labelled()) {
            memstats = family;
        } else {
            odd.push_back(family);
        }
    }
    // The families stand sorted already.
    const auto by_name = [](const Variable& a, const Variable& b) { return a.name < b.name; };
    for (const Variable& added : {Variable{cmdline_name, nullptr}, Variable{memstats_name, memstats}}) {
        variables.insert(std::lower_bound(variables.begin(), variables.end(), added, by_name), added);
    }
    if (!odd.empty()) {
        std::unordered_set<std::string_view> taken;
        for (const Variable& variable : variables) taken.insert(variable.name);
        folded.clear();
        folded.reserve(odd.size());  // the views into it must stay
        for (const Family* family : odd) {
            const std::string name = fold(family->name, of_variables);
            folded.push_back(name.empty() ? "_" : name);
            for (std::uint64_t n = 2; taken.contains(folded.back()); ++n) folded.back() = numbered(name, n);
            taken.insert(folded.back());
            variables.push_back({folded.back(), family});
        }
        std::sort(variables.begin(), variables.end(), by_name);
    }
    return variables;
}

std::vector<Metric> published_metrics(const Families& families) {
    fetch(families);
    std::vector<Metric> metrics;
    metrics.reserve(families.size());
    for (const Family* family : families) {
        if (family->is_json) continue;  // a document is no label
        Metric& metric = metrics.emplace_back();
        metric.family = family;
        metric.name = as_metric_name(family->name);
        if (family->kind == Kind::counter) {
            const bool ended_in_it = take_ending(metric.name, "_total");
            metric.has_total = ended_in_it || !family->name.starts_with(vocabulary_prefix);
        }
        if (family->kind == Kind::text) (void)take_ending(metric.name, "_info");
    }
    if (!are_surely_apart(metrics)) number_equal_names(metrics);
    return metrics;
}

std::string metric_label_name(std::string_view name) {
    std::string out = fold(name, alphanumeric);
    const bool begins_wrong = out.empty() || (out[0] >= '0' && out[0] <= '9');
    const bool is_reserved = out.starts_with("__");  // Prometheus's own labels
    if (begins_wrong || is_reserved) out.insert(0, "label_");
    if (out == "le" || out == "quantile") out += '_';
    return out;
}

std::string text_label_name(const Family& family) {
    const std::string_view name = family.name;
    std::string label = metric_label_name(in_snake_case(name.substr(name.rfind('/') + 1)));
    return family.is_labelled() && label == metric_label_name(family.label_name) ? label + "_2" : label;
}

bool is_told_in_help(std::string_view name) {
    return !is_variable_name(name);
}

const SeriesByLabel& with_valid_labels(const Family& family, SeriesByLabel& scratch) {
    if (!family.has_wrong_labels) return family.series;
    scratch.clear();
    for (const auto& [label, series] : family.series) {
        std::string repaired;
        append_repaired(repaired, label);
        const auto [it, is_new] = scratch.try_emplace(std::move(repaired), series);
        if (!is_new) add_series(it->second, series);
    }
    return scratch;
}

void SeriesCursor::enter(const Family& family) {
    family_ = &family;
    series_ = &with_valid_labels(family, scratch_);
    at_ = series_->begin();
}

const SeriesByLabel::value_type* SeriesCursor::next() {
    // Labels that are not UTF-8 and have come since, to a family that had none.
    const bool may_be_wrong = family_->has_wrong_labels && series_ == &family_->series;
    while (may_be_wrong && at_ != series_->end() && !is_utf8(at_->first)) ++at_;
    return at_ == series_->end() ? nullptr : &*at_++;
}

}  // namespace quipu
