/* The quipu emitter for C, and for whatever speaks C: Rust, Zig, Python's ctypes.
 *
 *     quipu_options *options = quipu_options_new();
 *     quipu_options_set(options, "program", "mymaild");
 *     quipu_emitter *emitter = quipu_emitter_new(options);
 *     quipu_options_free(options);
 *     quipu_counter *mails = quipu_counter_new(emitter, "mymaild/mails", "mails taken", NULL);
 *     quipu_counter_add(mails, 1);
 *     quipu_trace *trace = quipu_trace_new(emitter, "SMTP.Conn", "192.0.2.1:4711");
 *     quipu_trace_printf(trace, "-> %s", verb);
 *     quipu_trace_finish(trace);
 *     quipu_emitter_free(emitter);
 *
 * The same library as <quipu/emitter.hpp>, with the same promises: counting, setting and trace events never block and
 * make no system call; quipud absent, stopped or slow changes nothing here.
 *
 * Handles. Pointers to things that only the library knows. NULL is taken everywhere: it counts, sets and says nothing.
 * What there is no memory for is NULL. Counters, maps, gauges and texts belong to their emitter and go with it; the
 * same name again gives the same handle, and a name in use with another kind one that counts nothing. What has a
 * function _free or _finish belongs to the caller, and must go before its emitter does.
 *
 * Threads. Every function may be called from any thread; one quipu_trace, quipu_task or quipu_query belongs to one
 * thread at a time, and so do quipu_options.
 *
 * Strings end with a zero byte and should be UTF-8; they are copied. Nothing here throws or calls exit().
 *
 * Linking: the static library with -lstdc++ -lm -pthread (pkg-config --libs quipu says so), or libquipu.so.0, which
 * exports these functions and nothing else. Functions are added to this interface; none changes or goes while the
 * shared library is libquipu.so.0. */
#ifndef QUIPU_QUIPU_H
#define QUIPU_QUIPU_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QUIPU_PRINTF(at, from) __attribute__((format(printf, at, from)))
#else
#define QUIPU_PRINTF(at, from)
#endif

typedef struct quipu_options quipu_options;
typedef struct quipu_emitter quipu_emitter;
typedef struct quipu_counter quipu_counter;
typedef struct quipu_counter_map quipu_counter_map;
typedef struct quipu_gauge quipu_gauge;
typedef struct quipu_gauge_map quipu_gauge_map;
typedef struct quipu_text quipu_text;
typedef struct quipu_trace quipu_trace;
typedef struct quipu_query quipu_query;
typedef struct quipu_profiler quipu_profiler;
typedef struct quipu_task quipu_task;

/* "0.1.0": of the library that is linked. */
const char* quipu_version(void);

/* --- Options ----------------------------------------------------------------------------------------------------- */

quipu_options* quipu_options_new(void);
void quipu_options_free(quipu_options* options);

/* Keys: program, version, socket_path, config_text; and, as whole numbers in digits, flush_interval_ms, max_series,
 * max_labels, max_threads, max_open_traces, trace_ring_bytes (a power of two), max_answer_backlog_bytes. What they mean
 * stands at EmitterOptions in emitter.hpp. false: there is no such key, or the value is no such number. */
bool quipu_options_set(quipu_options* options, const char* key, const char* value);

/* The command line, argument by argument; without any it is taken from /proc/self/cmdline. Secrets are masked. */
void quipu_options_add_argument(quipu_options* options, const char* argument);
/* For /debug/flags. Secrets are masked by their names. */
void quipu_options_add_flag(quipu_options* options, const char* name, const char* value, bool is_set);
/* Further keys whose values are to be masked, and values to be masked wherever they stand. */
void quipu_options_add_secret_name(quipu_options* options, const char* name);
void quipu_options_add_secret_value(quipu_options* options, const char* value);
/* Where the library says that it cannot reach quipud, at most once a minute, on a thread of its own; NULL: stderr. */
typedef void quipu_log_function(const char* sentence, void* context);
void quipu_options_set_log(quipu_options* options, quipu_log_function* log, void* context);

/* --- The emitter -------------------------------------------------------------------------------------------------- */

/* Never waits: where quipud is absent, it keeps trying. NULL options: all as it is by default. */
quipu_emitter* quipu_emitter_new(const quipu_options* options);
/* Pushes what is left and waits for quipud's word that it has it, 250 ms at most. */
void quipu_emitter_free(quipu_emitter* emitter);
/* Pushes now instead of at the next interval; returns at once, false where quipud is not connected. */
bool quipu_emitter_flush(quipu_emitter* emitter);
bool quipu_emitter_is_connected(const quipu_emitter* emitter);
/* Replaces the option config_text; secrets are masked. */
void quipu_emitter_set_config_text(quipu_emitter* emitter, const char* text);
/* Declares every variable of a mail daemon that chasquid documents, at zero; they are then to be had by their names. */
void quipu_emitter_declare_mail(quipu_emitter* emitter, const char* version, int64_t source_date_unix_s);

/* --- Variables: names are paths such as "mymaild/mails" ----------------------------------------------------------- */

/* How values of several processes become one. */
enum quipu_merge { QUIPU_SUM = 0, QUIPU_MAX = 1, QUIPU_MIN = 2, QUIPU_LAST = 3 };

/* A count that only grows. `unit` may be NULL. */
quipu_counter* quipu_counter_new(quipu_emitter* emitter, const char* name, const char* help, const char* unit);
void quipu_counter_add(const quipu_counter* counter, uint64_t n);

/* Counters by label value. Beyond the option max_labels new values count as "(other)". */
quipu_counter_map* quipu_counter_map_new(
    quipu_emitter* emitter, const char* name, const char* label_name, const char* help
);
void quipu_counter_map_add(const quipu_counter_map* map, const char* label_value, uint64_t n);
/* The counter of one label value, to be kept where the value is known beforehand. */
quipu_counter* quipu_counter_map_get(quipu_counter_map* map, const char* label_value);

/* A value that goes up and down. `unit` may be NULL; `merge` is one of enum quipu_merge. */
quipu_gauge* quipu_gauge_new(quipu_emitter* emitter, const char* name, const char* help, const char* unit, int merge);
void quipu_gauge_set(const quipu_gauge* gauge, double value);
void quipu_gauge_add(const quipu_gauge* gauge, double delta);

/* Gauges by label value; for few values that are known beforehand. */
quipu_gauge_map* quipu_gauge_map_new(
    quipu_emitter* emitter, const char* name, const char* label_name, const char* help, int merge
);
quipu_gauge* quipu_gauge_map_get(quipu_gauge_map* map, const char* label_value);

/* A string for people, such as a version; setting is meant to be rare. */
quipu_text* quipu_text_new(quipu_emitter* emitter, const char* name, const char* help);
void quipu_text_set(const quipu_text* text, const char* value);

/* --- Traces: one request, connection or job, from begin to end ---------------------------------------------------- */

quipu_trace* quipu_trace_new(quipu_emitter* emitter, const char* family, const char* title);
/* A part of a trace, with its own family, title and events. It may outlive the other. */
quipu_trace* quipu_trace_child(quipu_trace* parent, const char* family, const char* title);
/* Ends and frees it. */
void quipu_trace_finish(quipu_trace* trace);
/* An event; texts beyond 4096 bytes are cut. */
void quipu_trace_event(quipu_trace* trace, const char* text);
void quipu_trace_printf(quipu_trace* trace, const char* format, ...) QUIPU_PRINTF(2, 3);
void quipu_trace_vprintf(quipu_trace* trace, const char* format, va_list arguments) QUIPU_PRINTF(2, 0);
/* An event that marks the trace as failed. */
void quipu_trace_error(quipu_trace* trace, const char* text);
/* Refers to a trace that goes its own way, such as the queue item that a connection caused. `why` may be NULL. */
void quipu_trace_link(quipu_trace* trace, const quipu_trace* other, const char* why);
/* Unique in this process; 0 for a trace that swallows everything, as NULL does. */
uint64_t quipu_trace_id(const quipu_trace* trace);

/* --- Questions: what only the mail daemon knows ------------------------------------------------------------------- */

enum quipu_status {
    QUIPU_OK = 0,
    QUIPU_UNKNOWN_TOPIC = 1,
    QUIPU_BAD_ARGUMENT = 2,
    QUIPU_BUSY = 3,
    QUIPU_FAILED = 4,
    QUIPU_CANCELLED = 5
};

/* Called on the library's thread: answer at once if that takes well under a millisecond, else hand the query over to a
 * thread or loop of your own. It is yours until quipu_query_finish(). */
typedef void quipu_query_handler(quipu_query* query, void* context);

/* Answers a topic: "queue", or any that a page of quipud asks for. NULL takes it back. `context` must live as long as
 * the emitter, or until the handler is replaced and has returned. */
void quipu_emitter_on_query(quipu_emitter* emitter, const char* topic, quipu_query_handler* handler, void* context);

/* Valid until quipu_query_finish(). The argument is "" where it was not given. */
const char* quipu_query_topic(const quipu_query* query);
const char* quipu_query_argument(quipu_query* query, const char* key);
/* How long the asker waits, from when the handler was called; 0: it did not say. */
uint64_t quipu_query_time_limit_ms(const quipu_query* query);
/* The asker has gone: stop working on it. */
bool quipu_query_is_cancelled(const quipu_query* query);
/* Appends to the answer. false: not taken, try again later, or the query is over. */
bool quipu_query_write(quipu_query* query, const void* bytes, size_t size);
/* Ends the answer and frees the query. `status` is one of enum quipu_status; `sentence` may be NULL. */
void quipu_query_finish(quipu_query* query, int status, const char* sentence);

enum quipu_recipient_state { QUIPU_PENDING = 0, QUIPU_SENT = 1, QUIPU_NOT_SENT = 2 };

/* NULL strings are empty. */
typedef struct quipu_recipient {
    const char* address;
    const char* type; /* "EMAIL", "PIPE", "FORWARD" */
    const char* original_address;
    const char* last_failure;
    int64_t next_try_unix_ns; /* 0: none planned */
    uint32_t attempts;
    int32_t state; /* enum quipu_recipient_state */
} quipu_recipient;

typedef struct quipu_queue_item {
    const char* id;
    const char* from;
    int64_t created_unix_ns;
    const char* const* to;
    size_t to_count;
    const quipu_recipient* recipients;
    size_t recipient_count;
} quipu_queue_item;

/* Topic "queue": appends items; `total` is the queue's length. As quipu_query_write(). */
bool quipu_query_write_queue(quipu_query* query, const quipu_queue_item* items, size_t count, uint64_t total);

/* --- Profiles and threads, asked for through quipud: see profiler.hpp --------------------------------------------- */

/* One a process; free it before its emitter and after its tasks. */
quipu_profiler* quipu_profiler_new(quipu_emitter* emitter);
void quipu_profiler_free(quipu_profiler* profiler);
/* Something that an asynchronous mail daemon does, such as one session, listed with the threads. */
quipu_task* quipu_task_new(quipu_profiler* profiler, const char* group, const char* name);
/* From now on, such as "a command"; NULL or "": it runs. `details` may be NULL. */
void quipu_task_waits_for(quipu_task* task, const char* what, const char* details);
void quipu_task_free(quipu_task* task);

#ifdef __cplusplus
}
#endif

#endif
