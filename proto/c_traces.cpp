// quipu.h: traces, questions.
#include <array>
#include <chrono>
#include <cstdio>
#include <new>
#include <utility>
#include <vector>

#include "proto/c_api.hpp"
#include "proto/limits.hpp"

using quipu::view;
using quipu::without_exceptions;

struct quipu_trace {
    quipu::Trace trace;
};

struct quipu_query {
    explicit quipu_query(quipu::Query the_query) : query(std::move(the_query)), topic(query.topic()) {}

    quipu::Query query;
    std::string topic;
    std::map<std::string, std::string, std::less<>> arguments;  // those that were asked for
};

namespace {

std::chrono::system_clock::time_point wall_time(std::int64_t unix_ns) {
    const auto since =
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(unix_ns));
    return std::chrono::system_clock::time_point(since);
}

quipu::QueueRecipient recipient_of(const quipu_recipient& from) {
    quipu::QueueRecipient to;
    to.address = view(from.address);
    to.type = view(from.type);
    to.original_address = view(from.original_address);
    to.last_failure = view(from.last_failure);
    to.attempts = from.attempts;
    to.next_try = wall_time(from.next_try_unix_ns);
    if (from.state == QUIPU_SENT) to.state = quipu::RecipientState::sent;
    if (from.state == QUIPU_NOT_SENT) to.state = quipu::RecipientState::failed;
    return to;
}

quipu::QueueItem item_of(const quipu_queue_item& from) {
    quipu::QueueItem to;
    to.id = view(from.id);
    to.from = view(from.from);
    to.created = wall_time(from.created_unix_ns);
    for (std::size_t i = 0; i < from.to_count; ++i) to.to.emplace_back(view(from.to[i]));
    for (std::size_t i = 0; i < from.recipient_count; ++i) to.recipients.push_back(recipient_of(from.recipients[i]));
    return to;
}

quipu::AnswerStatus status_of(int status) {
    const bool is_known = status >= QUIPU_OK && status <= QUIPU_CANCELLED;
    return is_known ? static_cast<quipu::AnswerStatus>(status) : quipu::AnswerStatus::failed;
}

}  // namespace

// --- Traces ---------------------------------------------------------------------------------------------------------

quipu_trace* quipu_trace_new(quipu_emitter* emitter, const char* family, const char* title) {
    if (!emitter) return nullptr;
    return new (std::nothrow) quipu_trace{emitter->emitter.trace(view(family), view(title))};
}

quipu_trace* quipu_trace_child(quipu_trace* parent, const char* family, const char* title) {
    if (!parent) return nullptr;
    return new (std::nothrow) quipu_trace{parent->trace.child(view(family), view(title))};
}

void quipu_trace_finish(quipu_trace* trace) {
    delete trace;
}

void quipu_trace_event(quipu_trace* trace, const char* text) {
    if (trace) trace->trace.event(view(text));
}

void quipu_trace_printf(quipu_trace* trace, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    quipu_trace_vprintf(trace, format, arguments);
    va_end(arguments);
}

void quipu_trace_vprintf(quipu_trace* trace, const char* format, va_list arguments) {
    if (!trace || !format) return;
    std::array<char, quipu::limits::max_event_bytes + 2> text;  // one byte too long is seen, cut and marked
    if (std::vsnprintf(text.data(), text.size(), format, arguments) >= 0) trace->trace.event(text.data());
}

void quipu_trace_error(quipu_trace* trace, const char* text) {
    if (trace) trace->trace.error("%s", text ? text : "");
}

void quipu_trace_link(quipu_trace* trace, const quipu_trace* other, const char* why) {
    if (trace && other) trace->trace.link(other->trace, view(why));
}

uint64_t quipu_trace_id(const quipu_trace* trace) {
    return trace ? trace->trace.id() : 0;
}

// --- Questions ------------------------------------------------------------------------------------------------------

void quipu_emitter_on_query(quipu_emitter* emitter, const char* topic, quipu_query_handler* handler, void* context) {
    if (!emitter || !topic) return;
    without_exceptions([&] {
        quipu::QueryHandler call;
        if (handler) {
            call = [=](quipu::Query query) {
                // Dropped where there is no memory: the asker hears "failed".
                auto* const handed = without_exceptions(static_cast<quipu_query*>(nullptr), [&] {
                    return new quipu_query(std::move(query));
                });
                if (handed) handler(handed, context);
            };
        }
        emitter->emitter.on_query(topic, std::move(call));
    });
}

const char* quipu_query_topic(const quipu_query* query) {
    return query ? query->topic.c_str() : "";
}

const char* quipu_query_argument(quipu_query* query, const char* key) {
    if (!query) return "";
    return without_exceptions("", [&] {
        const std::string name(view(key));
        return query->arguments.try_emplace(name, query->query.arg(name)).first->second.c_str();
    });
}

uint64_t quipu_query_time_limit_ms(const quipu_query* query) {
    return query ? static_cast<uint64_t>(query->query.time_limit().count()) : 0;
}

bool quipu_query_is_cancelled(const quipu_query* query) {
    return !query || query->query.is_cancelled();
}

bool quipu_query_write(quipu_query* query, const void* bytes, size_t size) {
    if (!query || (!bytes && size > 0)) return false;
    return without_exceptions(false, [&] { return query->query.write({static_cast<const char*>(bytes), size}); });
}

bool quipu_query_write_queue(quipu_query* query, const quipu_queue_item* items, size_t count, uint64_t total) {
    if (!query || (!items && count > 0)) return false;
    return without_exceptions(false, [&] {
        std::vector<quipu::QueueItem> copies;
        for (std::size_t i = 0; i < count; ++i) copies.push_back(item_of(items[i]));
        return query->query.write_queue(copies, total);
    });
}

void quipu_query_finish(quipu_query* query, int status, const char* sentence) {
    if (!query) return;
    without_exceptions([&] { query->query.finish(status_of(status), view(sentence)); });
    delete query;
}
