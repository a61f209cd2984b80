#include "daemon/net/keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "daemon/net/exchange.hpp"
#include "daemon/net/process_watch.hpp"

namespace quipu {

namespace {

using namespace std::chrono_literals;

constexpr int retry_ticks = 5;
// An answer does not wait longer for a file system that hangs.
constexpr auto publish_patience = 1000ms;
// Seldom enough that what changes all the time costs little, often enough that little is at stake.
constexpr auto entry_interval = 50ms;

}  // namespace

// What has become of the file.
struct Keeper::Standing {
    std::uint64_t file = 0;
    bool keeps_off = false;
    std::uint64_t bytes = 0;
};

// Of the worker, or while it has nothing to do.
Keeper::Standing Keeper::standing() const {
    return {store_->file(), store_->keeps_off(), store_->bytes()};
}

Keeper::Keeper(asio::io_context& io, State& state, const std::string& state_dir)
    : io_(io), state_(state), dir_(state_dir), due_(io) {
    if (!state_dir.empty()) {
        store_ = std::make_unique<Store>(state_dir, store_problem_);
        journal_ = std::make_unique<Journal>(store_->path());
        if (!store_problem_.empty()) spdlog::error("store: {}", store_problem_);
        restore_state();
        read_rest();
    } else {
        state_.metrics.keep_nothing();
    }
    set_health();
}

void Keeper::restore_state() {
    Saved saved = store_->load();
    file_ = saved.file;
    state_.own.store_bytes.shown = static_cast<double>(store_->bytes());
    keeps_off_ = store_->keeps_off();
    stored_epoch_ = epoch_ = saved.epoch;
    saved.journal = journal_->read(file_, stored_epoch_);
    for (const Changes& entry : saved.journal) epoch_ = std::max(epoch_, entry.epoch);
    spdlog::info(
        "restoring families={} counts={} instances={} journal={}",
        saved.families.size(),
        saved.retired.size(),
        saved.instances.size(),
        saved.journal.size()
    );
    restore(state_, std::move(saved), read_clocks());
    // Those of the restored emitters whose processes ended while we were not there need no grace. Should one of them
    // live on after all, out of our sight, it is revived by its next Hello.
    std::vector<std::uint32_t> gone;
    for (const auto& emitter : state_.emitters.all()) {
        if (emitter->life == Life::lost && is_surely_gone(emitter->peer.pid)) gone.push_back(emitter->number);
    }
    for (const std::uint32_t number : gone) {
        if (EmitterRecord* emitter = state_.emitters.find(number)) {
            set_ended(state_, *emitter, "its process ended while quipud was away", read_clocks());
        }
    }
}

void Keeper::set_health() {
    static constexpr std::string_view name = "store";
    const auto is_it = [](const HealthCheck& check) { return check.name == name; };
    auto it = std::find_if(state_.health.begin(), state_.health.end(), is_it);
    if (it == state_.health.end()) it = state_.health.insert(it, HealthCheck{std::string(name), true, {}});
    it->is_ok = store_problem_.empty() && journal_problem_.empty();
    it->detail = !store_problem_.empty() ? store_problem_ : journal_problem_;
    if (it->is_ok) it->detail = dir_.empty() ? "memory only: no state_dir is set" : "keeping totals in " + dir_;
}

// --- The store ------------------------------------------------------------------------------------------------------

// What is long to read: the points of history, and damage that opening the file did not show.
void Keeper::read_rest() {
    is_working_ = true;
    const bool is_well = store_problem_.empty();
    asio::post(worker_, [this, is_well, wanted = state_.history.wanted_blocks(read_clocks())] {
        SavedBlocks blocks;
        std::string problem = store_->read_history(wanted, blocks);
        asio::post(io_, [this, blocks = checked(std::move(blocks))]() mutable {
            state_.history.restore_blocks(std::move(blocks), read_clocks());
        });
        if (!is_well) problem.clear();  // another one is told already
        if (is_well && problem.empty()) problem = store_->check();
        asio::post(io_, [this, problem = std::move(problem)] {
            is_working_ = false;
            if (!problem.empty()) committed(problem, standing(), Changes{});
        });
    });
}

void Keeper::tick() {
    if (!store_) forget_changes(state_);
    if (ticks_until_commit_ > 0) --ticks_until_commit_;
    if (ticks_until_commit_ == 0) commit();
}

// Hands what has changed to the worker; committed() comes back from it.
void Keeper::commit() {
    const bool is_failing = !store_problem_.empty() || !journal_problem_.empty();
    if (!store_ || is_working_ || (!is_failing && !is_closing_ && !has_changes(state_, Book::store))) return;
    write_down();  // until it is known that the commit has succeeded, the journal has what is in it
    Changes changes = take_changes(state_, Book::store, read_clocks(), is_closing_);
    if (!is_failing && changes.is_empty()) return;
    changes.epoch = ++epoch_;
    is_working_ = true;
    asio::post(worker_, [this, changes = std::move(changes)]() mutable {
        std::string problem = store_->commit(changes);
        asio::post(io_, [this, problem = std::move(problem), now = standing(), changes = std::move(changes)]() mutable {
            is_working_ = false;
            committed(problem, now, std::move(changes));
        });
    });
}

void Keeper::committed(const std::string& problem, Standing now, Changes changes) {
    state_.own.store_bytes.shown = static_cast<double>(now.bytes);
    const bool was_left = std::exchange(keeps_off_, now.keeps_off);
    const bool had_file = std::exchange(file_, now.file) != 0 || was_left;
    const bool is_set_aside = had_file && now.file == 0 && !now.keeps_off;
    if (problem.empty()) {
        stored_epoch_ = changes.epoch;
        ++state_.own.store_commits.total;
        if (!store_problem_.empty()) spdlog::info("store: commits succeed again");
        store_problem_.clear();
        if (stored_epoch_ > journal_failed_epoch_) journal_problem_.clear();
        set_health();
        return;
    }
    ++state_.own.store_errors.total;
    mark_all_changed(state_, std::move(changes));
    if (store_problem_.empty() || (was_left && is_set_aside)) spdlog::error("store: {}; it is tried again", problem);
    store_problem_ = problem;
    set_health();
    ticks_until_commit_ = retry_ticks;
    if (is_set_aside) commit();  // all that it held is in memory only
}

// --- The journal ----------------------------------------------------------------------------------------------------

void Keeper::appended(const std::string& problem) {
    ++written_;
    for (asio::steady_timer* timer : waiting_) timer->cancel();
    if (problem.empty()) {
        ++state_.own.journal_entries.total;
        return;
    }
    ++state_.own.journal_errors.total;
    if (journal_problem_.empty())
        spdlog::error("journal: {}; until the next commit, counts shown are not kept", problem);
    journal_problem_ = problem;
    journal_failed_epoch_ = epoch_;
    set_health();
}

// Everything that is neither in the store nor in the journal.
void Keeper::write_down() {
    if (!store_ || is_closing_ || keeps_off_ || !journal_problem_.empty() || !has_changes(state_, Book::journal))
        return;
    ++entries_;
    Changes changes = take_changes(state_, Book::journal, read_clocks());
    asio::post(scribe_, [this, changes = std::move(changes), epoch = epoch_, file = file_, stored = stored_epoch_] {
        std::string problem = journal_->append(file, epoch, changes, stored);
        asio::post(io_, [this, problem = std::move(problem)] { appended(problem); });
    });
}

void Keeper::changed() {
    if (!store_ || keeps_off_) return;
    if (state_.metrics.has_retired(Book::journal)) {
        write_down();
    } else if (!is_due_ && has_changes(state_, Book::journal)) {
        is_due_ = true;
        due_.expires_after(entry_interval);
        due_.async_wait([this](boost::system::error_code error) {
            is_due_ = false;
            if (!error) write_down();
        });
    }
}

asio::awaitable<void> Keeper::publish() {
    if (!store_) co_return;
    write_down();
    const bool is_failing = keeps_off_ || !journal_problem_.empty();
    if (is_failing && (is_working_ || has_changes(state_, Book::journal))) ++state_.own.unkept_answers.total;
    if (written_ == entries_) co_return;
    const std::uint64_t entry = entries_;
    asio::steady_timer timer(io_, publish_patience);
    waiting_.push_back(&timer);
    bool is_late = false;
    while (written_ < entry && !is_late) {
        const auto [error] = co_await timer.async_wait(as_result);  // cancelled: something is written
        is_late = !error;
    }
    std::erase(waiting_, &timer);
    if (is_late) ++state_.own.unkept_answers.total;
}

// --- The end --------------------------------------------------------------------------------------------------------

asio::awaitable<void> Keeper::pause() {
    asio::steady_timer timer(io_, 5ms);
    const auto [error] = co_await timer.async_wait(as_result);
    (void)error;
}

asio::awaitable<void> Keeper::close() {
    if (!store_) {
        is_all_kept_ = true;
        co_return;
    }
    co_await publish();  // should the disk not be done in time with the commit
    is_closing_ = true;
    due_.cancel();
    is_all_kept_ = !keeps_off_ && journal_problem_.empty() && written_ == entries_;
    while (is_working_) co_await pause();
    commit();
    while (is_working_) co_await pause();
    const bool is_stored = store_problem_.empty();
    is_all_kept_ = is_all_kept_ || is_stored;
    if (!is_stored) spdlog::error("store: the last totals could not be written: {}", store_problem_);
    while (written_ < entries_) co_await pause();
    is_working_ = true;
    asio::post(worker_, [this, is_stored, closing = store_.get()] {
        if (is_stored) journal_->clear();  // nobody appends any more
        closing->close();
        asio::post(io_, [this] { is_working_ = false; });
    });
    while (is_working_) co_await pause();
    store_.reset();
}

}  // namespace quipu
