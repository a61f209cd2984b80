#include "queue.hpp"

#include "delivery.hpp"
#include "dsn.hpp"

#include <unistd.h>

#include <algorithm>

namespace maild {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_attempts_at_once = 20;
constexpr std::size_t max_quoted_bytes = 16 * 1024;  // of a failed message's header in its DSN
constexpr std::chrono::milliseconds max_retry_wait = 1h;

WallTime now() {
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

std::string name_of(const std::string& sender) {
    return sender.empty() ? "<>" : sender;
}

void note(Recipient& recipient, const Outcome& outcome, quipu::Trace& trace) {
    const char* address = recipient.address.c_str();
    recipient.last_failure = outcome.why;
    switch (outcome.kind) {
        case Outcome::Kind::sent:
            recipient.state = Recipient::State::sent;
            trace.printf("%s sent", address);
            break;
        case Outcome::Kind::temporary: trace.printf("%s temporary error: %s", address, outcome.why.c_str()); break;
        case Outcome::Kind::permanent:
            recipient.state = Recipient::State::failed;
            trace.error("%s permanent error: %s", address, outcome.why.c_str());
            break;
    }
}

}  // namespace

Queue::Queue(asio::io_context& io, Context context, const QueueDir& dir)
    : io_(io),
      context_(context),
      dir_(dir),
      task_(context.profiler.task("queue", "loop")),
      timer_(io),
      age_timer_(io),
      random_(std::random_device{}()) {
    declare_ages();
}

void Queue::start() {
    for (Item& item : dir_.load()) enqueue(std::move(item));
    report_ages();
}

void Queue::stop() {
    is_stopping_ = true;
    timer_.cancel();
    age_timer_.cancel();
}

std::string Queue::next_id() {
    // Microseconds, never the same twice, so that ids sort by creation; the random end keeps ids apart where the clock
    // was set back over a restart.
    last_id_ = std::max(now(), last_id_ + 1us);
    constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string id;
    for (int shift = 50; shift >= 0; shift -= 5) {
        id += digits[static_cast<std::size_t>(last_id_.time_since_epoch().count() >> shift) & 31];
    }
    for (int i = 0; i < 3; ++i) id += digits[random_() & 31];
    return id;
}

std::pair<Item, std::unique_ptr<Spool>> Queue::begin(std::string from, std::vector<Recipient> recipients) {
    Item item{
        .id = next_id(), .created = now(), .next_try = now(), .from = std::move(from), .to = {}, .recipients = {}};
    for (Recipient& recipient : recipients) {
        if (std::find(item.to.begin(), item.to.end(), recipient.original) == item.to.end()) {
            item.to.push_back(recipient.original);
        }
        const bool is_known = std::any_of(item.recipients.begin(), item.recipients.end(), [&](const Recipient& r) {
            return r.kind == recipient.kind && r.address == recipient.address;
        });
        if (!is_known) item.recipients.push_back(std::move(recipient));
    }
    item.body_offset = encode_item(item).size();
    auto spool = std::make_unique<Spool>(dir_.temporary(item.id), item);
    return {std::move(item), std::move(spool)};
}

bool Queue::put(Item item, Spool& spool, quipu::Trace& cause) {
    quipu::Trace trace = cause.child("Queue.Put", name_of(item.from));
    for (const Recipient& r : item.recipients) trace.printf("recipient: %s", r.address.c_str());
    if (!dir_.put(spool, item, context_.counts.items_written)) {
        trace.error("cannot write the queue item");
        return false;
    }
    context_.counts.put_count.add();
    trace.event("queued");
    const std::string id = item.id;
    enqueue(std::move(item));
    cause.link(entries_[id]->trace, "queued as " + id);
    return true;
}

void Queue::enqueue(Item item) {
    auto entry = std::make_shared<Entry>();
    entry->item = std::move(item);
    entry->trace = context_.emitter.trace("Queue.SendLoop", entry->item.id);
    entry->trace.printf("from %s", name_of(entry->item.from).c_str());
    entries_[entry->item.id] = entry;
    length_.set(static_cast<double>(entries_.size()));
    schedule(entry);
}

void Queue::schedule(const std::shared_ptr<Entry>& entry) {
    due_.emplace(entry->item.next_try, entry);
    arm();
}

void Queue::arm() {
    const bool is_idle_loop = is_stopping_ || due_.empty();
    task_.waits_for(is_idle_loop ? "an item" : active_ >= max_attempts_at_once ? "an attempt to end" : "the next try");
    if (is_idle_loop || active_ >= max_attempts_at_once) return;
    timer_.expires_at(due_.begin()->first);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (!ec && self) self->run_due();
    });
}

void Queue::run_due() {
    while (!is_stopping_ && active_ < max_attempts_at_once && !due_.empty() && due_.begin()->first <= now()) {
        std::shared_ptr<Entry> entry = due_.begin()->second;
        due_.erase(due_.begin());
        ++active_;
        const std::string what = "attempt to deliver " + entry->item.id;
        spawn(io_.get_executor(), attempt(std::move(entry)), what);
    }
    arm();
}

awaitable<void> Queue::attempt(std::shared_ptr<Entry> entry) {
    const auto self = shared_from_this();
    Item& item = entry->item;
    quipu::Task task = context_.profiler.task("delivery", item.id);
    ++item.attempts;
    try {
        for (std::size_t i = 0; i < item.recipients.size(); ++i) {
            const Recipient& r = item.recipients[i];
            const bool is_here = r.kind == Recipient::Kind::local || r.kind == Recipient::Kind::pipe;
            if (is_here && r.state == Recipient::State::pending) co_await deliver_one(entry, i, task);
        }
        co_await deliver_remote(entry, task);
    } catch (const std::exception& error) {
        // Such as no memory or no descriptor: nobody's fault, so the recipients stay pending.
        entry->trace.error("attempt failed: %s", error.what());
    }
    --active_;
    conclude(entry);
    run_due();
}

awaitable<void> Queue::deliver_one(std::shared_ptr<Entry> entry, std::size_t recipient, quipu::Task& task) {
    const Delivery delivery{context_.options, context_.counts, context_.client_tls, dir_, entry->item, task};
    Recipient& r = entry->item.recipients[recipient];
    const bool is_pipe = r.kind == Recipient::Kind::pipe;
    entry->trace.printf("%s sending", r.address.c_str());
    quipu::Trace trace = entry->trace.child(is_pipe ? "Courier.Pipe" : "Courier.Maildir", r.address);
    trace.printf("%s -> %s", name_of(entry->item.from).c_str(), r.address.c_str());
    ++r.attempts;
    Outcome outcome;
    if (is_pipe) {
        context_.counts.attempt_pipe.add();
        outcome = co_await deliver_pipe(delivery, recipient, trace);
    } else {
        context_.counts.attempt_local.add();
        outcome = deliver_maildir(delivery, recipient, trace);
    }
    if (outcome.kind != Outcome::Kind::sent) trace.error("%s", outcome.why.c_str());
    note(r, outcome, entry->trace);
}

awaitable<void> Queue::deliver_remote(std::shared_ptr<Entry> entry, quipu::Task& task) {
    Item& item = entry->item;
    std::vector<std::size_t> recipients;
    std::string title;
    for (std::size_t i = 0; i < item.recipients.size(); ++i) {
        Recipient& r = item.recipients[i];
        const bool is_forward = r.kind == Recipient::Kind::forward;
        if (r.state != Recipient::State::pending || !(is_forward || r.kind == Recipient::Kind::remote)) continue;
        recipients.push_back(i);
        title += (title.empty() ? "" : " ") + r.address;
        ++r.attempts;
        (is_forward ? context_.counts.attempt_forward : context_.counts.attempt_remote).add();
        entry->trace.printf("%s sending", r.address.c_str());
    }
    if (recipients.empty()) co_return;
    const Delivery delivery{context_.options, context_.counts, context_.client_tls, dir_, item, task};
    quipu::Trace trace = entry->trace.child("Courier.SMTP", title);
    trace.printf("%s -> %s", name_of(item.from).c_str(), title.c_str());
    const std::vector<Outcome> outcomes = co_await deliver_smarthost(delivery, recipients, trace);
    for (std::size_t i = 0; i < recipients.size(); ++i) {
        if (outcomes[i].kind != Outcome::Kind::sent) trace.error("%s", outcomes[i].why.c_str());
        note(item.recipients[recipients[i]], outcomes[i], entry->trace);
    }
}

// After an attempt: give up, try later, or be done.
void Queue::conclude(const std::shared_ptr<Entry>& entry) {
    Item& item = entry->item;
    if (now() - item.created >= context_.options.give_up_after) {
        for (Recipient& r : item.recipients) {
            if (r.state != Recipient::State::pending) continue;
            r.state = Recipient::State::failed;
            entry->trace.error("%s gave up: %s", r.address.c_str(), r.last_failure.c_str());
        }
    }
    // A DSN that cannot be written now is tried again like a delivery.
    if (!item.has(Recipient::State::pending) && (!item.has(Recipient::State::failed) || send_dsn(*entry))) {
        dir_.remove(item.id);
        entry->trace.event("all done");
        entry->trace.finish();
        entries_.erase(item.id);
        length_.set(static_cast<double>(entries_.size()));
        return;
    }
    const std::uint32_t doublings = std::min(item.attempts - 1, 12U);
    const auto wait = std::min(context_.options.retry_base * (1 << doublings), max_retry_wait);
    // Up to a quarter more or less, so that what failed together does not come back together.
    std::uniform_int_distribution<std::int64_t> jitter(-wait.count() / 4, wait.count() / 4);
    const std::chrono::milliseconds pause(std::max<std::int64_t>(wait.count() + jitter(random_), 1));
    const WallTime last_try = item.created + context_.options.give_up_after;
    item.next_try = now() + pause;
    if (now() < last_try) item.next_try = std::min(item.next_try, last_try);
    if (!dir_.rewrite(item, context_.counts.items_written)) entry->trace.error("cannot rewrite the queue item");
    const auto waiting = std::chrono::duration_cast<std::chrono::milliseconds>(item.next_try - now());
    entry->trace.printf("waiting for %lld ms", static_cast<long long>(waiting.count()));
    schedule(entry);
}

bool Queue::send_dsn(Entry& entry) {
    const Item& item = entry.item;
    quipu::Trace trace = entry.trace.child("Queue.SendDSN", item.id);
    Address sender;
    if (item.from.empty() || parse_address(item.from, sender) != PathFault::none) {
        trace.event("null sender: no DSN");
        return true;
    }
    Routes::Resolution route = context_.routes.resolve(sender);
    if (route.recipients.empty()) {
        trace.error("unknown sender %s: no DSN", item.from.c_str());
        return true;
    }
    for (Recipient& r : route.recipients) r.original = item.from;

    std::string original(max_quoted_bytes, '\0');
    const File body = dir_.open_body(item);
    const ssize_t n = body.is_open() ? ::read(body.fd(), original.data(), original.size()) : 0;
    original.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    auto [dsn, spool] = begin("", std::move(route.recipients));
    spool->append(make_dsn(item, dsn.id, dsn.created, context_.options.hostname, original));
    const std::string id = dsn.id;
    if (!put(std::move(dsn), *spool, trace)) return false;
    context_.counts.dsn_queued.add();
    entry.trace.printf("queued DSN: %s", id.c_str());
    return true;
}

}  // namespace maild
