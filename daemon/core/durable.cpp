// What has changed, for the store and the journal, and the way back at start.
#include "daemon/core/durable.hpp"

#include <algorithm>
#include <utility>

#include "daemon/core/state.hpp"

namespace quipu {

namespace {

constexpr std::string_view argument = "argument";
constexpr std::string_view flag = "flag";
constexpr std::string_view set_flag = "set flag";
constexpr std::string_view topic = "topic";
constexpr std::string_view configuration = "configuration";
constexpr std::string_view companion = "companion";

std::size_t index_of(Book book) {
    return static_cast<std::size_t>(book);
}

// --- Taking ---------------------------------------------------------------------------------------------------------

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

DurableCount durable(const Metrics& metrics, const Cell& cell, std::uint64_t value) {
    return {metrics.family_of(cell).name, *cell.label, cell.index, value};
}

std::vector<DurableWord> words_of(const EmitterRecord& emitter) {
    std::vector<DurableWord> words;
    for (const std::string& one : emitter.cmdline) words.push_back({std::string(argument), {}, one});
    for (const FlagText& one : emitter.flags) {
        words.push_back({std::string(one.is_set ? set_flag : flag), one.name, one.value});
    }
    for (const std::string& one : emitter.topics) words.push_back({std::string(topic), {}, one});
    if (!emitter.config_text.empty()) words.push_back({std::string(configuration), {}, emitter.config_text});
    if (emitter.is_companion) words.push_back({std::string(companion), {}, {}});
    return words;
}

DurableInstance durable(const EmitterRecord& emitter) {
    DurableInstance row;
    row.instance = emitter.instance;
    row.program = emitter.program;
    row.version = emitter.version;
    row.hostname = emitter.hostname;
    row.start_wall_ns = emitter.start_wall_ns;
    row.pid = emitter.peer.pid;
    row.said_pid = emitter.pid;
    row.uid = emitter.peer.uid;
    row.gid = emitter.peer.gid;
    row.is_ended = emitter.metrics.is_retired;
    row.how = emitter.how;
    row.connected_wall_ns = emitter.connected_wall_ns;
    row.heard_wall_ns = emitter.heard_wall_ns;
    row.life_wall_ns = emitter.life_wall_ns;
    row.connections = emitter.connections;
    return row;
}

// Those that the store does not know.
void take_families(State& state, Book book, Changes& changes) {
    for (auto& [name, family] : state.metrics.families_to_store()) {
        if (!is_durable(family) || family.is_stored) continue;
        changes.families.push_back(durable(family));
        if (book == Book::store) family.is_stored = true;
    }
}

void clear_life_marks(EmitterRecord& emitter, Book book) {
    emitter.life_marks.clear(Book::journal);
    if (book == Book::store) emitter.life_marks.clear(Book::store);
}

}  // namespace

bool has_changes(const State& state, Book book) {
    if (book == Book::store && (state.traces.has_changes() || state.history.has_changes())) return true;
    if (state.metrics.has_retired(book) || !state.forgotten[index_of(book)].empty()) return true;
    const auto& emitters = state.emitters.all();
    return std::any_of(emitters.begin(), emitters.end(), [book](const auto& emitter) {
        return emitter->life_marks.has(book) || !emitter->metrics.changed[index_of(book)].empty();
    });
}

Changes take_changes(State& state, Book book, Now now, bool is_end) {
    Changes changes;
    for (const Cell* cell : state.metrics.take_retired(book)) {
        changes.retired.push_back(durable(state.metrics, *cell, cell->retired));
    }
    for (const auto& emitter : state.emitters.all()) {
        const std::vector<Count*> counts = Metrics::take_counts(emitter->metrics, book);
        if (counts.empty() && !emitter->life_marks.has(book)) continue;
        DurableInstance& row = changes.instances.emplace_back(durable(*emitter));
        // Last words are not counts: the journal has no need of them.
        if (book == Book::store && emitter->life_marks.has(book)) row.words = words_of(*emitter);
        clear_life_marks(*emitter, book);
        row.counts.reserve(counts.size());
        for (const Count* count : counts) {
            row.counts.push_back(durable(state.metrics, *count->cell, count->shown()));
        }
    }
    changes.forgotten_instances = std::exchange(state.forgotten[index_of(book)], {});
    if (book == Book::store) {
        state.forgotten[index_of(Book::journal)].clear();
        changes.forgets_others = std::exchange(state.forgets_others, false);
        if (changes.forgets_others) ++state.own.rewrites.total;
    }
    take_families(state, book, changes);
    if (book == Book::store) {
        state.traces.take_changes(changes, now);
        changes.history = state.history.take_changes(is_end);
    }
    return changes;
}

void forget_changes(State& state) {
    for (std::vector<std::string>& instances : state.forgotten) instances.clear();
}

void mark_all_changed(State& state, Changes failed) {
    state.metrics.mark_all_changed();
    state.traces.mark_all_changed(failed);
    state.history.mark_all_changed(failed.history);
    auto& forgotten = state.forgotten[index_of(Book::store)];
    forgotten.insert(forgotten.begin(), failed.forgotten_instances.begin(), failed.forgotten_instances.end());
    state.forgets_others = state.forgets_others || failed.forgets_others;
    if (forgotten.size() + state.traces.forgotten_count() > most_forgotten) {
        forgotten.clear();
        state.traces.drop_forgotten();
        state.forgets_others = true;
    }
    for (const auto& emitter : state.emitters.all()) {
        Metrics::mark_all_changed(emitter->metrics);
        emitter->life_marks.set(Book::store);
    }
}

// --- Restoring ------------------------------------------------------------------------------------------------------

namespace {

// Puts rows into State. `is_news`: they come from the journal, the store does not have them yet.
class Restoring {
public:
    Restoring(State& state, bool is_news, Now now) : state_(state), is_news_(is_news), now_(now) {}

    void family(const DurableFamily& row) {
        Family like;
        like.name = row.name;
        like.kind = row.kind;
        like.help = row.help;
        like.unit = row.unit;
        like.label_name = row.label_name;
        like.merge = row.merge;
        like.bounds = row.bounds;
        like.sum_unit = row.sum_unit;
        Family* family = state_.metrics.ensure_family(like);
        if (family && !is_news_) family->is_stored = true;
    }

    void retired(const DurableCount& row) {
        if (Cell* cell = cell_of(row)) state_.metrics.restore_retired(*cell, row.value, is_news_);
    }

    void instance(const DurableInstance& row) {
        EmitterRecord* known = state_.emitters.find(row.instance);
        EmitterRecord& emitter = known ? *known : state_.emitters.add(row.instance);
        describe(emitter, row);
        if (row.words) set_words(emitter, *row.words);
        state_.own.left_out_words.total += state_.emitters.bound_words(emitter);
        for (const DurableCount& count : row.counts) {
            if (Cell* cell = cell_of(count)) {
                state_.metrics.restore_count(emitter.metrics, *cell, count.value, is_news_);
            }
        }
        state_.metrics.restore_is_retired(emitter.metrics, row.is_ended);
        if (is_news_) emitter.life_marks.set(Book::store);
    }

    void forgotten(const std::string& instance) {
        state_.emitters.forget(instance);
        if (is_news_) state_.forgotten[index_of(Book::store)].push_back(instance);
    }

private:
    // Counts come by family, mostly in the order of names: at a start there are tens of thousands of them.
    Cell* cell_of(const DurableCount& row) {
        auto& families = state_.metrics.families_to_store();
        const auto is_it = [&](auto at) { return at != families.end() && at->first == row.family; };
        if (!is_it(last_) && (last_ == families.end() || !is_it(++last_))) last_ = families.find(row.family);
        return last_ == families.end() ? nullptr : state_.metrics.ensure_cell(last_->second, row.label, row.cell);
    }

    void describe(EmitterRecord& emitter, const DurableInstance& row) const {
        emitter.program = row.program;
        emitter.version = row.version;
        emitter.hostname = row.hostname;
        emitter.start_wall_ns = row.start_wall_ns;
        emitter.metrics.start_wall_ns = static_cast<std::uint64_t>(row.start_wall_ns);
        emitter.traces.program = row.program;
        emitter.traces.restored_wall_ns = row.heard_wall_ns;
        emitter.peer = {row.uid, row.gid, row.pid};
        emitter.pid = row.said_pid;
        emitter.connected_wall_ns = row.connected_wall_ns;
        emitter.heard_wall_ns = row.heard_wall_ns;
        emitter.connections = row.connections;
        emitter.life = row.is_ended ? Life::ended : Life::lost;
        emitter.life_wall_ns = row.is_ended ? row.life_wall_ns : now_.wall_ns;
        emitter.lost_steady_ns = now_.steady_ns;
        emitter.how = row.is_ended ? row.how : "quipud was restarted";
    }

    static void set_words(EmitterRecord& emitter, const std::vector<DurableWord>& words) {
        emitter.cmdline.clear();
        emitter.flags.clear();
        emitter.topics.clear();
        emitter.config_text.clear();
        emitter.is_companion = false;
        for (const DurableWord& word : words) {
            if (word.what == argument) emitter.cmdline.push_back(word.value);
            if (word.what == flag || word.what == set_flag) {
                emitter.flags.push_back({word.name, word.value, word.what == set_flag});
            }
            if (word.what == topic) emitter.topics.push_back(word.value);
            if (word.what == configuration) emitter.config_text = word.value;
            if (word.what == companion) emitter.is_companion = true;
        }
    }

    State& state_;
    bool is_news_;
    Now now_;
    FamilyByName::iterator last_ = state_.metrics.families_to_store().end();  // of the last count
};

template <typename Rows>
void restore_rows(Restoring& restoring, const Rows& rows) {
    for (const DurableFamily& row : rows.families) restoring.family(row);
    for (const DurableCount& row : rows.retired) restoring.retired(row);
    for (const DurableInstance& row : rows.instances) restoring.instance(row);
}

}  // namespace

void restore(State& state, Saved saved, Now now) {
    Restoring stored(state, false, now);
    restore_rows(stored, saved);
    for (const Changes& entry : saved.journal) {
        Restoring news(state, true, now);
        for (const std::string& instance : entry.forgotten_instances) news.forgotten(instance);
        restore_rows(news, entry);
    }
    const auto origin_of = [&state](std::uint64_t instance) -> TraceOrigin* {
        for (const auto& emitter : state.emitters.all()) {
            const bool may_speak = emitter->life != Life::ended;
            if (may_speak && emitter->traces.instance == instance) return &emitter->traces;
        }
        return nullptr;
    };
    state.traces.restore(std::move(saved.traces), saved.trace_counts, origin_of, now);
    state.history.restore(saved.history, now);
}

}  // namespace quipu
