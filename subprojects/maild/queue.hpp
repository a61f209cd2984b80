// The queue: takes messages, tries each until it is delivered or given up, tells the sender then, and survives any
// crash in between. At most max_attempts_at_once attempts run at a time, each a coroutine; the rest wait in an order
// by time with one timer. An item is tried by one attempt at a time.
#pragma once

#include <quipu/emitter.hpp>
#include <quipu/profiler.hpp>

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "counts.hpp"
#include "names.hpp"
#include "options.hpp"
#include "queue_file.hpp"
#include "routes.hpp"

namespace maild {

// What all of maild's parts share; made by main, outlives them.
struct Context {
    const Options& options;
    quipu::Emitter& emitter;
    quipu::Profiler& profiler;
    Counts& counts;
    const Routes& routes;
    asio::ssl::context* server_tls;  // null: no STARTTLS
    asio::ssl::context& client_tls;
};

class Queue : public std::enable_shared_from_this<Queue> {
public:
    // dir outlives the queue.
    Queue(asio::io_context& io, Context context, const QueueDir& dir);

    // Loads what the folder holds and begins to deliver. Throws std::runtime_error where it cannot be read.
    void start();
    // No new attempts; those under way may end.
    void stop();

    [[nodiscard]] bool is_idle() const { return active_ == 0; }

    [[nodiscard]] asio::any_io_executor executor() const { return io_.get_executor(); }

    [[nodiscard]] bool is_full() const { return entries_.size() >= context_.options.max_queue_items; }

    // A new item and the file that its message is to be appended to.
    std::pair<Item, std::unique_ptr<Spool>> begin(std::string from, std::vector<Recipient> recipients);
    // false where it could not be written; else it is safe on disk. cause gets a child and a link to the item's trace.
    bool put(Item item, Spool& spool, quipu::Trace& cause);

    // The topic "queue"; args offset and limit.
    awaitable<void> answer(quipu::Query query);

private:
    struct Entry {
        Item item;
        quipu::Trace trace;  // Queue.SendLoop, as long as the item lives
    };

    void enqueue(Item item);
    void schedule(const std::shared_ptr<Entry>& entry);
    void arm();
    void run_due();
    awaitable<void> attempt(std::shared_ptr<Entry> entry);
    awaitable<void> deliver_one(std::shared_ptr<Entry> entry, std::size_t recipient, quipu::Task& task);
    awaitable<void> deliver_remote(std::shared_ptr<Entry> entry, quipu::Task& task);
    void conclude(const std::shared_ptr<Entry>& entry);
    // true where the sender was told, or there is none to tell.
    bool send_dsn(Entry& entry);
    std::string next_id();
    void declare_ages();  // queue_age.cpp
    void report_ages();

    asio::io_context& io_;
    Context context_;
    const QueueDir& dir_;
    quipu::Task task_;  // the loop
    asio::system_timer timer_;
    std::map<std::string, std::shared_ptr<Entry>> entries_;  // by id
    std::multimap<WallTime, std::shared_ptr<Entry>> due_;    // those that wait
    quipu::Gauge length_;
    std::array<quipu::Gauge, 6> ages_;  // items by age, see queue_age.cpp
    asio::steady_timer age_timer_;
    std::size_t active_ = 0;
    bool is_stopping_ = false;
    WallTime last_id_{};
    std::mt19937_64 random_;
};

}  // namespace maild
