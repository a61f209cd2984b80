// Families, series and their values, over all emitter instances together.
//
// A counter's published total is the sum of what ended instances left behind (retired) and of what every living one
// has (its contributions). Within an instance the larger of "held" (what it had before its present connection) and
// "now" (what it has said in this connection) counts, so a published total never steps back and nothing is counted
// twice, whatever breaks in between.
//
// Not here: who the instances are (emitters.hpp), how values look on a page (pages/).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/counts.hpp"
#include "daemon/core/metrics_marks.hpp"
#include "proto/errc.hpp"
#include "proto/message.hpp"

namespace quipu {

using wire::Kind;

// Names that begin so are the mail vocabulary, which chasquid documents: dashboards and alerts know them.
inline constexpr std::string_view vocabulary_prefix = "chasquid/";
// quipu's own: quipud's, and what the emitter library counts.
inline constexpr std::string_view own_prefix = "quipu/";

// The label value that takes what is beyond a cap. Its sum is exact.
inline constexpr std::string_view other_label = "(other)";

struct MetricLimits {
    std::uint32_t families = 8192;             // beyond: series of a new family are refused and counted
    std::uint32_t series = 262144;             // in all; beyond: folded into "(other)", or refused without a label
    std::uint32_t labels_per_family = 131072;  // beyond: folded into "(other)"
    // What instances have in cells, all together; beyond: refused, and counts that come for it are dropped, counted.
    std::size_t counts = std::size_t{4} * 1024 * 1024;
    std::size_t text_bytes = std::size_t{32} * 1024 * 1024;  // of all text values; beyond: the old ones stay, counted
};

struct Family;
struct InstanceMetrics;

// One published count. Family, label and index are its name; quipud's own cells have none.
struct Cell {
    std::uint64_t total = 0;             // what is shown
    std::uint64_t retired = 0;           // the part of it that ended instances left behind
    const std::string* label = nullptr;  // the key in Family::series
    std::uint32_t family = 0;            // its number, see Metrics::family_of()
    std::uint16_t index = 0;             // 0, or the index in a histogram
    Marks retired_marks;                 // `retired` has changed
};

// A gauge or text: one part for each living instance that has said something.
template <typename Value>
struct Merged {
    std::vector<std::pair<const InstanceMetrics*, Value>> parts;
    Value shown{};          // the merged value; the last known one where no instance is left
    bool is_known = false;  // some instance has said something, ever
    bool is_stale = false;  // no instance that said something is left
};

using GaugeValue = Merged<double>;
using TextValue = Merged<std::string>;

// A value apart from its series, since counts, which are many, would all have its size. Never empty but moved from.
template <typename Value>
class Boxed {
public:
    Boxed() : value_(std::make_unique<Value>()) {}

    ~Boxed() = default;
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(Boxed&&) noexcept = default;

    Boxed(const Boxed& other) : value_(std::make_unique<Value>(*other.value_)) {}

    Boxed& operator=(const Boxed& other) {
        if (this != &other) value_ = std::make_unique<Value>(*other.value_);
        return *this;
    }

    [[nodiscard]] Value& get() { return *value_; }

    [[nodiscard]] const Value& get() const { return *value_; }

private:
    std::unique_ptr<Value> value_;
};

// Not cumulative: one cell a bound, one for +Inf, then the sum in multiples of Family::sum_unit.
struct HistogramValue {
    std::vector<Cell> cells;
};

struct Series {
    std::variant<Cell, Boxed<GaugeValue>, Boxed<TextValue>, HistogramValue> value;  // in the order of Kind

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(value.index()); }

    [[nodiscard]] const Cell& counter() const { return std::get<Cell>(value); }

    [[nodiscard]] const GaugeValue& gauge() const { return std::get<Boxed<GaugeValue>>(value).get(); }

    [[nodiscard]] GaugeValue& gauge() { return std::get<Boxed<GaugeValue>>(value).get(); }

    [[nodiscard]] const TextValue& text() const { return std::get<Boxed<TextValue>>(value).get(); }

    [[nodiscard]] TextValue& text() { return std::get<Boxed<TextValue>>(value).get(); }

    [[nodiscard]] const HistogramValue& histogram() const { return std::get<HistogramValue>(value); }
};

using SeriesByLabel = std::map<std::string, Series, std::less<>>;

// What pages read of each comes first, so that it lies close together.
struct Family {
    std::string name;          // as on /debug/vars
    SeriesByLabel series;      // may be empty where there is a label
    std::string label_name;    // empty: `series` has one entry, under ""
    std::uint32_t number = 0;  // set by Metrics
    Kind kind = Kind::counter;
    wire::Merge merge = wire::Merge::sum;
    bool is_json = false;           // texts: what is shown is JSON, as checked_json() writes it
    bool is_own = false;            // quipud's own: not kept on disk
    bool is_stored = false;         // the store knows the family
    bool has_wrong_labels = false;  // some are not UTF-8
    std::string help;
    std::string unit;
    std::vector<double> bounds;  // histograms
    double sum_unit = 1;         // histograms
    std::uint64_t folded = 0;    // definitions that went to "(other)"

    [[nodiscard]] bool is_labelled() const { return !label_name.empty(); }
};

using FamilyByName = std::map<std::string, Family, std::less<>>;

// All that one instance has contributed. Address-stable while it lives; owned by its Emitter.
struct InstanceMetrics {
    std::uint64_t start_wall_ns = 0;  // MERGE_LAST: the youngest instance wins
    Counts counts;
    Marked<Count> changed;
    bool is_retired = false;  // its counts are in Cell::retired
};

// What an id of one connection stands for. There are as many of them as counts, so they are small.
struct IdTarget {
    union {
        Count* count = nullptr;  // counters, histogram cells
        Series* series;          // gauges, texts
    };

    std::uint32_t family = 0;  // its id; 0: refused, what comes for it is counted and dropped
    Kind kind = Kind::counter;

    [[nodiscard]] bool is_count() const { return kind == Kind::counter || kind == Kind::histogram; }
};

// The ids of one connection. Index is id - 1.
struct ConnectionIds {
    std::vector<Family*> families;      // null: refused
    std::vector<std::uint32_t> widths;  // of each family: how many ids one of its series takes
    std::vector<IdTarget> targets;

    [[nodiscard]] const Family& family_of(const IdTarget& target) const { return *families[target.family - 1]; }
};

// How often something was dropped or refused: read by Own (own.hpp), shown as quipu/... variables.
struct MetricCounts {
    std::uint64_t folded_series = 0;      // definitions that ended in "(other)"
    std::uint64_t refused_families = 0;   // another kind, reserved name, too many
    std::uint64_t refused_series = 0;     // no room and no label to fold into
    std::uint64_t refused_deltas = 0;     // on a counter: negative, or beyond 2^64
    std::uint64_t dropped_values = 0;     // for a refused series or count
    std::uint64_t refused_counts = 0;     // beyond MetricLimits::counts
    std::uint64_t refused_texts = 0;      // beyond MetricLimits::text_bytes
    std::uint64_t refused_documents = 0;  // for a JSON text, and no JSON
};

class Metrics {
public:
    explicit Metrics(MetricLimits limits = {}) : limits_(limits) {}

    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Sorted by name, series sorted by label: bytewise.
    [[nodiscard]] const FamilyByName& families() const { return families_; }

    // The same for who reads them all: side by side, so that it need not wait for memory family by family.
    [[nodiscard]] const std::vector<const Family*>& in_order() const { return in_order_; }

    [[nodiscard]] const Family* find(std::string_view name) const;

    // Of a cell that has a label.
    [[nodiscard]] const Family& family_of(const Cell& cell) const { return *numbered_[cell.family]; }

    [[nodiscard]] std::uint32_t series_count() const { return series_count_; }

    [[nodiscard]] const MetricCounts& counts() const { return counts_; }

    // A counter of quipud's own, published under `name`; the reference stays valid.
    Cell& own_counter(std::string_view name, std::string_view help);
    // Likewise a gauge, in bytes; it is known from the start.
    GaugeValue& own_bytes(std::string_view name, std::string_view help);
    // A map of gauges of quipud's own; the reference stays valid.
    Family& own_gauges(std::string_view name, std::string_view label_name, std::string_view help);
    static void set_own(Family& gauges, std::string_view label, double value);

    // From one connection of one instance. A fatal error leaves everything as it was: the message is checked whole
    // before it is applied. What is merely refused is counted and skipped.
    // `room`: how many counts the instance may have beyond those that it has.
    [[nodiscard]] Errc define(
        InstanceMetrics& who, ConnectionIds& ids, const wire::Define& define, std::size_t room = ~std::size_t{0}
    );
    [[nodiscard]] Errc apply(InstanceMetrics& who, ConnectionIds& ids, const wire::Deltas& deltas);
    [[nodiscard]] Errc apply(InstanceMetrics& who, ConnectionIds& ids, const wire::Set& set);

    // The instance begins a new connection: what it had is held until it has said as much again.
    void set_aside(InstanceMetrics& who);
    // The instance has ended: its counts stay for good, its gauges and texts become stale.
    void retire(InstanceMetrics& who);
    // An instance taken for ended is back.
    void revive(InstanceMetrics& who);

    // Nobody will ever ask what has changed, so it is not noted any more. Before any instance counts.
    void keep_nothing() { is_kept_ = false; }

    // For take_changes() and restore() in durable.cpp.
    [[nodiscard]] FamilyByName& families_to_store() { return families_; }

    // The cells whose retired part has changed; the list is empty and their marks are gone afterwards. What the store
    // takes need not go into the journal any more.
    std::vector<Cell*> take_retired(Book book);

    [[nodiscard]] bool has_retired(Book book) const {
        return !retired_changed_[static_cast<std::size_t>(book)].empty();
    }

    // Likewise the changed counts of one instance.
    static std::vector<Count*> take_counts(InstanceMetrics& who, Book book);

    // As if the store knew no family, and no cell's retired part; and nothing that one instance has.
    void mark_all_changed();
    static void mark_all_changed(InstanceMetrics& who);

    // The family and cell of that name, made where absent; null where it cannot be.
    Family* ensure_family(const Family& like);
    Cell* ensure_cell(Family& family, std::string_view label, std::uint32_t index);
    // From the store, or (`is_news`: the store does not have it yet) from the journal. Values are absolute.
    void restore_retired(Cell& cell, std::uint64_t value, bool is_news);
    void restore_count(InstanceMetrics& who, Cell& cell, std::uint64_t value, bool is_news);
    // Whether what it contributed is in Cell::retired; totals follow, Cell::retired does not.
    void restore_is_retired(InstanceMetrics& who, bool is_retired);

private:
    Family& add_family(Family family);
    Family& own_family(Family like);
    static Series& own_series(Family& family);
    Family* admit_family(const wire::Family& family);
    Series* admit_series(Family& family, std::string_view label);
    Count* admit_count(InstanceMetrics& who, Cell& cell, std::size_t& room);
    void set_text(const Family& family, TextValue& text, const InstanceMetrics& who, std::string_view value);
    void remove_parts(InstanceMetrics& who);
    void name_cells(const Family& family, const std::string& label, Series& series) const;
    void mark_retired(Cell& cell);

    MetricLimits limits_;
    FamilyByName families_;
    std::vector<const Family*> in_order_;  // all of them, by name
    std::vector<const Family*> numbered_;  // those that were pushed, by number
    std::uint32_t series_count_ = 0;
    std::size_t text_bytes_ = 0;  // parts and what is shown
    Marked<Cell> retired_changed_;
    bool is_kept_ = true;
    MetricCounts counts_;
};

}  // namespace quipu
