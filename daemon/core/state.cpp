#include "daemon/core/state.hpp"

#include <unordered_map>
#include <utility>

namespace quipu {

namespace {

DurableFamily durable(const Family& family) {
    return {
        family.name,
        family.kind,
        family.help,
        family.unit,
        family.label_name,
        family.merge,
        family.bounds,
        family.sum_unit};
}

bool is_durable(const Family& family) {
    const bool is_counted = family.kind == Kind::counter || family.kind == Kind::histogram;
    return is_counted && !family.is_own;
}

// Every count cell of a family, with its label and index.
template <typename Visit>
void for_each_cell(Family& family, Visit visit) {
    for (auto& [label, series] : family.series) {
        if (auto* cell = std::get_if<Cell>(&series.value)) visit(label, std::uint32_t{0}, *cell);
        if (auto* histogram = std::get_if<HistogramValue>(&series.value)) {
            for (std::size_t i = 0; i < histogram->cells.size(); ++i) {
                visit(label, static_cast<std::uint32_t>(i), histogram->cells[i]);
            }
        }
    }
}

DurableInstance describe(const EmitterRecord& emitter) {
    DurableInstance row;
    row.instance = emitter.instance;
    row.program = emitter.program;
    row.version = emitter.version;
    row.hostname = emitter.hostname;
    row.start_wall_ns = emitter.start_wall_ns;
    row.pid = emitter.peer.pid;
    row.uid = emitter.peer.uid;
    return row;
}

}  // namespace

void set_lost(State& state, EmitterRecord& emitter, std::string_view how, Now now) {
    state.queries.emitter_gone(emitter);
    emitter.output.clear();
    emitter.life = Life::lost;
    emitter.life_wall_ns = now.wall_ns;
    emitter.lost_steady_ns = now.steady_ns;
    emitter.how = how;
    if (EmitterRecord* longest = state.emitters.lost_beyond_limit()) {
        set_ended(state, *longest, "too many were lost, it the longest ago", now);
    }
}

void set_ended(State& state, EmitterRecord& emitter, std::string_view how, Now now) {
    if (emitter.life == Life::ended) return;
    state.queries.emitter_gone(emitter);
    emitter.output.clear();
    emitter.life = Life::ended;
    emitter.life_wall_ns = now.wall_ns;
    emitter.how = how;
    state.metrics.retire(emitter.metrics);
    state.traces.orphan_all(emitter.traces, emitter.program + " ended: " + emitter.how, now);
    state.ended_since_commit.push_back(emitter.instance);
    (void)state.emitters.trim();
}

void end_overdue(State& state, Now now) {
    const std::int64_t grace = state.emitters.limits().lost_grace_ns;
    for (std::size_t i = 0; i < state.emitters.all().size();) {
        EmitterRecord& emitter = *state.emitters.all()[i];
        if (emitter.life == Life::lost && !emitter.is_alive && now.steady_ns - emitter.lost_steady_ns >= grace) {
            set_ended(state, emitter, "not heard of since " + emitter.how, now);
            i = 0;  // trim() may have moved the others
        } else {
            ++i;
        }
    }
}

void tune_sampling(State& state, Now now) {
    if (!state.traces.sampler().tick(now)) return;
    wire::Tune tune;
    tune.flush_interval_ms = state.limits.flush_interval_ms;
    tune.sampling = state.traces.sampler().sampling();
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->life == Life::connected) wire::append_frame_of(emitter->output, tune);
    }
}

namespace {

using Addresses = std::unordered_map<Cell*, DurableCount>;

// The family's own row and its changed retired parts into `changes`; the names of cells with changed contributions
// into `addresses`.
void take_family(Family& family, Changes& changes, Addresses& addresses) {
    if (!family.is_committed) changes.families.push_back(durable(family));
    family.is_committed = true;
    family.is_changed = false;
    for_each_cell(family, [&](const std::string& label, std::uint32_t index, Cell& cell) {
        if (cell.is_retired_changed) changes.retired.push_back({family.name, label, index, cell.retired});
        if (cell.is_changed) addresses.emplace(&cell, DurableCount{family.name, label, index, 0});
        cell.is_retired_changed = false;
        cell.is_changed = false;
    });
}

}  // namespace

Changes take_changes(State& state) {
    Changes changes;
    Addresses addresses;
    for (auto& [name, family] : state.metrics.families_for_commit()) {
        if (is_durable(family) && (family.is_changed || !family.is_committed)) {
            take_family(family, changes, addresses);
        }
    }
    for (const auto& emitter : state.emitters.all()) {
        if (emitter->metrics.is_retired) continue;
        DurableInstance row = describe(*emitter);
        for (const auto& [cell, address] : addresses) {
            const auto it = emitter->metrics.counts.find(cell);
            if (it == emitter->metrics.counts.end() || !it->second.is_changed) continue;
            it->second.is_changed = false;
            row.counts.push_back(address);
            row.counts.back().value = it->second.shown();
        }
        if (!row.counts.empty()) changes.instances.push_back(std::move(row));
    }
    changes.ended_instances = std::exchange(state.ended_since_commit, {});
    return changes;
}

void mark_all_changed(State& state, Changes failed) {
    state.metrics.mark_all_changed();
    for (std::string& instance : failed.ended_instances) state.ended_since_commit.push_back(std::move(instance));
    for (const auto& emitter : state.emitters.all()) {
        for (auto& [cell, contribution] : emitter->metrics.counts) contribution.is_changed = true;
    }
}

void restore(State& state, const Saved& saved, Now now) {
    for (const DurableFamily& row : saved.families) {
        Family like;
        like.name = row.name;
        like.kind = row.kind;
        like.help = row.help;
        like.unit = row.unit;
        like.label_name = row.label_name;
        like.merge = row.merge;
        like.bounds = row.bounds;
        like.sum_unit = row.sum_unit;
        if (Family* family = state.metrics.ensure_family(like)) family->is_committed = true;
    }
    const auto cell_of = [&state](const DurableCount& row) -> Cell* {
        auto& families = state.metrics.families_for_commit();
        const auto it = families.find(row.family);
        return it == families.end() ? nullptr : state.metrics.ensure_cell(it->second, row.label, row.cell);
    };
    for (const DurableCount& row : saved.retired) {
        if (Cell* cell = cell_of(row)) state.metrics.restore_retired(*cell, row.value);
    }
    for (const DurableInstance& row : saved.instances) {
        if (state.emitters.find(row.instance)) continue;
        EmitterRecord& emitter = state.emitters.add(row.instance);
        emitter.program = row.program;
        emitter.version = row.version;
        emitter.hostname = row.hostname;
        emitter.start_wall_ns = row.start_wall_ns;
        emitter.metrics.start_wall_ns = static_cast<std::uint64_t>(row.start_wall_ns);
        emitter.peer.pid = row.pid;
        emitter.peer.uid = row.uid;
        emitter.life = Life::lost;
        emitter.life_wall_ns = now.wall_ns;
        emitter.lost_steady_ns = now.steady_ns;
        emitter.how = "quipud was restarted";
        for (const DurableCount& count : row.counts) {
            if (Cell* cell = cell_of(count)) state.metrics.restore_contribution(emitter.metrics, *cell, count.value);
        }
    }
}

}  // namespace quipu
