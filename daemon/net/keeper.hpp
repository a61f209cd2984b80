// Keeps what State knows: hands changes to the store once a second, and to the journal before an answer leaves that
// shows them. All but the file work itself runs on the loop.
//
//     tick() --------------> changes --> worker thread: Store::commit()    --> back on the loop: stored, or all again
//     changed(), publish() -> counts --> scribe thread: Journal::append()  --> those who wait go on
//
// A commit may take as long as a disk likes; an entry of the journal is one write() without a sync. The journal does
// not only serve answers: a count that a mail daemon has handed over is lost with quipud if that mail daemon ends, too,
// so what has come is written after 50 ms at the latest, and what ended mail daemons leave behind at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/disk/journal.hpp"
#include "daemon/disk/store.hpp"

namespace quipu {

namespace asio = boost::asio;

class Keeper {
public:
    // Restores State. An empty `state_dir`: nothing is kept. Throws std::runtime_error from the store.
    Keeper(asio::io_context& io, State& state, const std::string& state_dir);

    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // Once a second.
    void tick();

    // Something may have changed. Cheap.
    void changed();

    // Returns when a kill -9 cannot take back any count that State shows at the time of the call; where the files
    // cannot be written, or not in time, it returns all the same, counted.
    asio::awaitable<void> publish();

    // Nothing changes any more: commits and closes. is_all_kept() tells how it went, also while it still runs.
    asio::awaitable<void> close();

    // For what else reads files and must not hold up the loop.
    [[nodiscard]] asio::thread_pool& worker() { return worker_; }

    [[nodiscard]] bool is_all_kept() const { return is_all_kept_; }

private:
    void restore_state();
    void read_rest();
    void commit();
    struct Standing;
    [[nodiscard]] Standing standing() const;
    void committed(const std::string& problem, Standing now, Changes changes);
    void write_down();
    void appended(const std::string& problem);
    void set_health();
    asio::awaitable<void> pause();

    asio::io_context& io_;
    State& state_;
    std::unique_ptr<Store> store_;  // null: nothing is kept, or closed
    std::unique_ptr<Journal> journal_;
    std::string dir_;
    std::uint64_t file_ = 0;          // Store::file()
    bool keeps_off_ = false;          // Store::keeps_off()
    std::uint64_t epoch_ = 0;         // of the last commit begun
    std::uint64_t stored_epoch_ = 0;  // of the last one that succeeded
    bool is_working_ = false;         // the worker has something to do, or has not said how it went
    std::uint64_t entries_ = 0;       // given to the scribe
    std::uint64_t written_ = 0;       // dealt with by it
    std::vector<asio::steady_timer*> waiting_;
    std::string store_problem_;               // empty: none
    std::string journal_problem_;             // likewise; nothing is appended then
    std::uint64_t journal_failed_epoch_ = 0;  // a younger commit makes up for it
    asio::steady_timer due_;                  // of the next entry that nobody waits for
    bool is_due_ = false;                     // it runs
    bool is_closing_ = false;
    bool is_all_kept_ = false;
    int ticks_until_commit_ = 0;   // after a failure
    asio::thread_pool worker_{1};  // last: joined before what they work on goes
    asio::thread_pool scribe_{1};
};

}  // namespace quipu
