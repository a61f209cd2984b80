#include "daemon/core/metrics.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "daemon/core/json_text.hpp"
#include "daemon/core/utf8.hpp"
#include "proto/limits.hpp"

namespace quipu {

namespace {

// Under own_prefix only quipud publishes; the emitter library's own have a corner of it.
constexpr std::string_view emitter_prefix = "quipu/emitter/";

Series make_series(const Family& family) {
    Series series;
    switch (family.kind) {
        case Kind::counter: series.value = Cell{}; break;
        case Kind::gauge: series.value = Boxed<GaugeValue>{}; break;
        case Kind::text: series.value = Boxed<TextValue>{}; break;
        case Kind::histogram: series.value = HistogramValue{std::vector<Cell>(family.bounds.size() + 2)}; break;
    }
    return series;
}

// The family has none of that label.
SeriesByLabel::iterator insert_series(Family& family, std::string_view label) {
    family.has_wrong_labels = family.has_wrong_labels || !is_utf8(label);
    return family.series.emplace(std::string(label), make_series(family)).first;
}

// How many ids a series of the family takes; of our families and those on the wire.
template <typename AnyFamily>
std::uint32_t width(const AnyFamily& family) {
    return family.kind == Kind::histogram ? static_cast<std::uint32_t>(family.bounds.size() + 2) : 1;
}

double merge_gauges(wire::Merge merge, const std::vector<std::pair<const InstanceMetrics*, double>>& parts) {
    double result = parts.front().second;
    std::uint64_t youngest = parts.front().first->start_wall_ns;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const double value = parts[i].second;
        switch (merge) {
            case wire::Merge::sum: result += value; break;
            case wire::Merge::max: result = std::max(result, value); break;
            case wire::Merge::min: result = std::min(result, value); break;
            case wire::Merge::last:
                if (parts[i].first->start_wall_ns >= youngest) result = value;
                break;
        }
        youngest = std::max(youngest, parts[i].first->start_wall_ns);
    }
    return result;
}

void remerge(const Family& family, GaugeValue& gauge) {
    gauge.is_stale = gauge.is_known && gauge.parts.empty();
    if (!gauge.parts.empty()) {
        gauge.shown = merge_gauges(family.merge, gauge.parts);
        gauge.is_known = true;
    } else if (family.merge == wire::Merge::sum) {
        gauge.shown = 0;  // nobody is left to add anything
    }
}

void remerge(const Family& /*family*/, TextValue& text) {
    text.is_stale = text.is_known && text.parts.empty();
    if (text.parts.empty()) return;
    const auto is_older = [](const auto& a, const auto& b) { return a.first->start_wall_ns < b.first->start_wall_ns; };
    text.shown = std::max_element(text.parts.begin(), text.parts.end(), is_older)->second;
    text.is_known = true;
}

// The part of one instance, made where absent.
template <typename Value>
Value& part_of(Merged<Value>& merged, const InstanceMetrics& who) {
    for (auto& [instance, value] : merged.parts) {
        if (instance == &who) return value;
    }
    return merged.parts.emplace_back(&who, Value{}).second;
}

template <typename Value>
void remove_part(const Family& family, Merged<Value>& merged, const InstanceMetrics& who) {
    std::erase_if(merged.parts, [&who](const auto& part) { return part.first == &who; });
    remerge(family, merged);
}

std::size_t bytes_of(const TextValue& text) {
    std::size_t bytes = text.shown.size();
    for (const auto& [instance, value] : text.parts) bytes += value.size();
    return bytes;
}

// Ids must stay dense: `id` is the next one.
bool is_next(std::size_t taken, std::uint32_t id) {
    return id == taken + 1;
}

}  // namespace

const Family* Metrics::find(std::string_view name) const {
    const auto it = families_.find(name);
    return it == families_.end() ? nullptr : &it->second;
}

// Of that name, in case there is none yet.
Family& Metrics::add_family(Family family) {
    const std::string name = family.name;
    const auto [it, is_new] = families_.try_emplace(name, std::move(family));
    if (is_new) {
        const auto is_before = [](const Family* a, const std::string& b) { return a->name < b; };
        in_order_.insert(std::lower_bound(in_order_.begin(), in_order_.end(), name, is_before), &it->second);
    }
    return it->second;
}

Family& Metrics::own_family(Family like) {
    assert(like.name.starts_with(own_prefix));
    like.is_own = true;
    return add_family(std::move(like));
}

Series& Metrics::own_series(Family& family) {
    auto [it, is_new] = family.series.try_emplace(std::string{});
    if (is_new) it->second = make_series(family);
    return it->second;
}

Cell& Metrics::own_counter(std::string_view name, std::string_view help) {
    Family like;
    like.name = name;
    like.help = help;
    return std::get<Cell>(own_series(own_family(std::move(like))).value);
}

GaugeValue& Metrics::own_bytes(std::string_view name, std::string_view help) {
    Family like;
    like.name = name;
    like.help = help;
    like.kind = Kind::gauge;
    like.unit = "bytes";
    GaugeValue& gauge = own_series(own_family(std::move(like))).gauge();
    gauge.is_known = true;
    return gauge;
}

Family& Metrics::own_gauges(std::string_view name, std::string_view label_name, std::string_view help) {
    assert(!label_name.empty());
    Family like;
    like.name = name;
    like.help = help;
    like.kind = Kind::gauge;
    like.label_name = label_name;
    return own_family(std::move(like));
}

void Metrics::set_own(Family& gauges, std::string_view label, double value) {
    auto it = gauges.series.find(label);
    if (it == gauges.series.end()) it = insert_series(gauges, label);
    GaugeValue& gauge = it->second.gauge();
    gauge.shown = value;
    gauge.is_known = true;
}

Family* Metrics::ensure_family(const Family& like) {
    const bool is_reserved = like.name.starts_with(own_prefix) && !like.name.starts_with(emitter_prefix);
    if (is_reserved) return nullptr;
    if (const auto it = families_.find(like.name); it != families_.end()) {
        Family& family = it->second;
        const bool is_same =
            family.kind == like.kind && family.is_labelled() == like.is_labelled() && family.bounds == like.bounds;
        if (!is_same) return nullptr;
        if (family.help.empty()) family.help = like.help;
        family.is_json = family.is_json || like.is_json;  // a restored one does not know it yet
        return &family;
    }
    if (families_.size() >= limits_.families) return nullptr;
    Family& family = add_family(like);
    family.number = static_cast<std::uint32_t>(numbered_.size());
    numbered_.push_back(&family);
    return &family;
}

Family* Metrics::admit_family(const wire::Family& family) {
    Family like;
    like.name = family.name;
    like.kind = family.kind;
    like.help = family.help;
    like.unit = family.unit;
    like.label_name = family.label_name;
    like.merge = family.merge;
    like.bounds = family.bounds;
    like.sum_unit = family.sum_unit > 0 ? family.sum_unit : 1;
    like.is_json = family.is_json && family.kind == Kind::text;
    Family* admitted = ensure_family(like);
    if (!admitted) ++counts_.refused_families;
    return admitted;
}

Series* Metrics::admit_series(Family& family, std::string_view label) {
    if (!family.is_labelled()) label = {};
    if (const auto it = family.series.find(label); it != family.series.end()) return &it->second;
    const bool has_room = series_count_ < limits_.series && family.series.size() < limits_.labels_per_family;
    if (!has_room && family.is_labelled()) {
        ++family.folded;
        ++counts_.folded_series;
        label = other_label;
        if (const auto it = family.series.find(label); it != family.series.end()) return &it->second;
    } else if (!has_room) {
        ++counts_.refused_series;
        return nullptr;
    }
    ++series_count_;
    auto& [key, series] = *insert_series(family, label);
    name_cells(family, key, series);
    return &series;
}

// So that each count knows its name.
void Metrics::name_cells(const Family& family, const std::string& label, Series& series) const {
    const auto name = [&](Cell& cell, std::size_t index) {
        cell.family = family.number;
        cell.label = &label;
        cell.index = static_cast<std::uint16_t>(index);
        if (!is_kept_) cell.retired_marks.set_all();  // so it is never put into a list
    };
    if (auto* cell = std::get_if<Cell>(&series.value)) name(*cell, 0);
    if (auto* histogram = std::get_if<HistogramValue>(&series.value)) {
        for (std::size_t i = 0; i < histogram->cells.size(); ++i) name(histogram->cells[i], i);
    }
}

Cell* Metrics::ensure_cell(Family& family, std::string_view label, std::uint32_t index) {
    if (index >= width(family)) return nullptr;
    Series* series = admit_series(family, label);
    if (!series) return nullptr;
    if (auto* cell = std::get_if<Cell>(&series->value)) return cell;
    if (auto* histogram = std::get_if<HistogramValue>(&series->value)) return &histogram->cells[index];
    return nullptr;
}

namespace {

// Whether every id of the message is the next one and refers to what is known, as far as it can be seen before
// anything is applied.
Errc check(const ConnectionIds& ids, const wire::Define& define) {
    std::size_t families = ids.families.size();
    for (const wire::Family& family : define.families) {
        if (family.id <= families) return Errc::id_redefined;
        if (!is_next(families, family.id) || family.id > limits::max_families) return Errc::bad_id;
        ++families;
    }
    std::size_t targets = ids.targets.size();
    for (const wire::Series& series : define.series) {
        if (series.family > families) return Errc::id_unknown;
        if (series.id <= targets) return Errc::id_redefined;
        if (!is_next(targets, series.id)) return Errc::bad_id;
        // The width that the emitter believes in, also where we refuse the family.
        const std::size_t known = ids.families.size();
        const bool is_new = series.family > known;
        targets += is_new ? width(define.families[series.family - known - 1]) : ids.widths[series.family - 1];
        if (targets > limits::max_series) return Errc::bad_id;
    }
    return Errc::ok;
}

}  // namespace

// Null: it has none there, and there is no room for it.
Count* Metrics::admit_count(InstanceMetrics& who, Cell& cell, std::size_t& room) {
    if (Count* known = who.counts.find(cell)) return known;
    if (room == 0) {
        ++counts_.refused_counts;
        return nullptr;
    }
    --room;
    Count& made = who.counts.of(cell);
    if (!is_kept_) made.marks.set_all();  // so it is never put into a list
    return &made;
}

Errc Metrics::define(InstanceMetrics& who, ConnectionIds& ids, const wire::Define& define, std::size_t room) {
    if (const Errc errc = check(ids, define); errc != Errc::ok) return errc;
    for (const wire::Family& family : define.families) {
        ids.families.push_back(admit_family(family));
        ids.widths.push_back(width(family));
    }
    for (const wire::Series& series : define.series) {
        Family* family = ids.families[series.family - 1];
        Series* admitted = family ? admit_series(*family, series.label_value) : nullptr;
        for (std::uint32_t i = 0; i < ids.widths[series.family - 1]; ++i) {
            IdTarget target;
            if (admitted) {
                target.family = series.family;
                target.kind = family->kind;
                Cell* cell = std::get_if<Cell>(&admitted->value);
                if (auto* histogram = std::get_if<HistogramValue>(&admitted->value)) cell = &histogram->cells[i];
                if (cell) {
                    target.count = admit_count(who, *cell, room);
                    if (!target.count) target = {};
                } else {
                    target.series = admitted;
                }
            }
            ids.targets.push_back(target);
        }
    }
    return Errc::ok;
}

Errc Metrics::apply(InstanceMetrics& who, ConnectionIds& ids, const wire::Deltas& deltas) {
    for (const std::uint32_t id : deltas.ids) {
        if (id == 0 || id > ids.targets.size()) return Errc::id_unknown;
        if (ids.targets[id - 1].kind == Kind::text) return Errc::kind_mismatch;
    }
    for (std::size_t i = 0; i < deltas.ids.size(); ++i) {
        const IdTarget& target = ids.targets[deltas.ids[i] - 1];
        const std::int64_t delta = deltas.deltas[i];
        if (target.family == 0) [[unlikely]] {
            ++counts_.dropped_values;
        } else if (target.is_count()) [[likely]] {
            Count& count = *target.count;
            const auto growth = static_cast<std::uint64_t>(delta);
            const std::uint64_t before = count.shown();
            const std::uint64_t grown = std::max(count.held, count.now + growth) - before;
            // Beyond 2^64 a total would step back to nothing: that growth is refused as a negative one is.
            if (delta < 0 || growth > room_above(count.now) || grown > room_above(count.cell->total)) {
                ++counts_.refused_deltas;
                continue;
            }
            count.now += growth;
            count.cell->total += grown;
            mark(who.changed, count, count.marks);
        } else {
            GaugeValue& gauge = target.series->gauge();
            part_of(gauge, who) += static_cast<double>(delta);
            remerge(ids.family_of(target), gauge);
        }
    }
    return Errc::ok;
}

Errc Metrics::apply(InstanceMetrics& who, ConnectionIds& ids, const wire::Set& set) {
    const auto check = [&ids](std::uint32_t id, Kind kind) {
        if (id == 0 || id > ids.targets.size()) return Errc::id_unknown;
        const IdTarget& target = ids.targets[id - 1];
        return target.family != 0 && target.kind != kind ? Errc::kind_mismatch : Errc::ok;
    };
    for (const std::uint32_t id : set.gauge_ids) {
        if (const Errc errc = check(id, Kind::gauge); errc != Errc::ok) return errc;
    }
    for (const wire::TextValue& text : set.texts) {
        if (const Errc errc = check(text.id, Kind::text); errc != Errc::ok) return errc;
    }
    for (std::size_t i = 0; i < set.gauge_ids.size(); ++i) {
        const IdTarget& target = ids.targets[set.gauge_ids[i] - 1];
        if (target.family == 0) {
            ++counts_.dropped_values;
            continue;
        }
        GaugeValue& gauge = target.series->gauge();
        part_of(gauge, who) = set.gauge_values[i];
        remerge(ids.family_of(target), gauge);
    }
    for (const wire::TextValue& value : set.texts) {
        const IdTarget& target = ids.targets[value.id - 1];
        if (target.family == 0) {
            ++counts_.dropped_values;
            continue;
        }
        const Family& family = ids.family_of(target);
        std::optional<std::string> shown(value.value);
        if (family.is_json) shown = checked_json(value.value);
        if (!shown) {
            ++counts_.refused_documents;
            continue;
        }
        set_text(family, target.series->text(), who, *shown);
    }
    return Errc::ok;
}

// Where there is no room for a longer one, the old value stays.
void Metrics::set_text(const Family& family, TextValue& text, const InstanceMetrics& who, std::string_view value) {
    const std::size_t before = bytes_of(text);
    const auto is_ours = [&who](const auto& part) { return part.first == &who; };
    const auto mine = std::find_if(text.parts.begin(), text.parts.end(), is_ours);
    const std::size_t had = mine == text.parts.end() ? 0 : mine->second.size();
    const std::size_t longest = std::max(value.size(), text.shown.size());
    const std::size_t after = before - had - text.shown.size() + value.size() + longest;
    if (after > before && text_bytes_ + (after - before) > limits_.text_bytes) {
        ++counts_.refused_texts;
        return;
    }
    part_of(text, who) = value;
    remerge(family, text);
    text_bytes_ += bytes_of(text) - before;
}

void Metrics::set_aside(InstanceMetrics& who) {
    for (Count& count : who.counts) {
        count.held = count.shown();
        count.now = 0;
    }
}

void Metrics::remove_parts(InstanceMetrics& who) {
    // A series does not know its family, and this is rare: once in a process's life.
    for (auto& [name, family] : families_) {
        if (family.kind != Kind::gauge && family.kind != Kind::text) continue;
        for (auto& [label, series] : family.series) {
            if (family.kind == Kind::gauge) {
                remove_part(family, series.gauge(), who);
            } else {
                TextValue& text = series.text();
                const std::size_t before = bytes_of(text);
                remove_part(family, text, who);
                text_bytes_ += bytes_of(text) - before;
            }
        }
    }
}

void Metrics::retire(InstanceMetrics& who) {
    assert(!who.is_retired);
    for (const Count& count : who.counts) {
        count.cell->retired += count.shown();
        mark_retired(*count.cell);
    }
    who.is_retired = true;
    remove_parts(who);
}

void Metrics::revive(InstanceMetrics& who) {
    assert(who.is_retired);
    for (const Count& count : who.counts) {
        count.cell->retired -= count.shown();
        mark_retired(*count.cell);
    }
    who.is_retired = false;
}

}  // namespace quipu
