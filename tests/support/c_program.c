/* Calls every function of quipu.h, as tests/e2e/c_interface_test.py checks: c_program SOCKET. Ends with 1 and a
 * sentence where one does not do what the header says. */
#define _POSIX_C_SOURCE 200809L
#include <quipu/quipu.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int failures = 0;

static void check(bool is_right, const char* what) {
    if (is_right) return;
    fprintf(stderr, "c_program: %s\n", what);
    ++failures;
}

static void say(const char* sentence, void* context) {
    (void)context;
    fprintf(stderr, "%s\n", sentence);
}

static void answer(quipu_query* query, void* context) {
    const quipu_queue_item none = {.id = "1"};
    check(strcmp(quipu_query_topic(query), "queue") == 0, "the topic");
    check(strcmp(quipu_query_argument(query, "nothing"), "") == 0, "an argument that was not given");
    (void)quipu_query_time_limit_ms(query);
    check(!quipu_query_is_cancelled(query), "nobody has cancelled");
    check(quipu_query_write_queue(query, &none, 1, 1), "the queue is taken");
    check(quipu_query_write(query, "", 0), "no bytes are taken");
    ++*(int*)context;
    quipu_query_finish(query, QUIPU_OK, NULL);
}

/* Everything takes NULL. */
static void use_nothing(void) {
    quipu_options_free(NULL);
    check(!quipu_options_set(NULL, "program", "c"), "no options");
    quipu_options_add_argument(NULL, "a");
    quipu_options_add_flag(NULL, "a", "b", true);
    quipu_options_add_secret_name(NULL, "a");
    quipu_options_add_secret_value(NULL, "a");
    quipu_options_set_log(NULL, say, NULL);
    quipu_emitter_free(NULL);
    check(!quipu_emitter_flush(NULL) && !quipu_emitter_is_connected(NULL), "no emitter");
    quipu_emitter_set_config_text(NULL, "a");
    quipu_emitter_declare_mail(NULL, "1", 0);
    quipu_emitter_on_query(NULL, "queue", answer, NULL);
    check(!quipu_counter_new(NULL, "a", "b", NULL), "a counter of nobody");
    quipu_counter_add(NULL, 1);
    quipu_counter_map_add(NULL, "a", 1);
    check(!quipu_counter_map_get(NULL, "a") && !quipu_gauge_map_get(NULL, "a"), "maps of nobody");
    quipu_gauge_set(NULL, 1);
    quipu_gauge_add(NULL, 1);
    quipu_text_set(NULL, "a");
    check(!quipu_trace_new(NULL, "a", "b") && !quipu_trace_child(NULL, "a", "b"), "traces of nobody");
    quipu_trace_event(NULL, "a");
    quipu_trace_printf(NULL, "a");
    quipu_trace_error(NULL, "a");
    quipu_trace_link(NULL, NULL, NULL);
    check(quipu_trace_id(NULL) == 0, "no trace has the id 0");
    quipu_trace_finish(NULL);
    quipu_query_finish(NULL, QUIPU_OK, NULL);
    check(!quipu_profiler_new(NULL) && !quipu_task_new(NULL, "a", "b"), "a profiler of nobody");
    quipu_profiler_free(NULL);
    quipu_task_waits_for(NULL, "a", NULL);
    quipu_task_free(NULL);
}

static quipu_emitter* start(const char* socket_path) {
    quipu_options* options = quipu_options_new();
    check(quipu_options_set(options, "program", "c-program"), "the option program");
    check(quipu_options_set(options, "socket_path", socket_path), "the option socket_path");
    check(quipu_options_set(options, "max_labels", "2"), "the option max_labels");
    check(quipu_options_set(options, "flush_interval_ms", "20"), "the option flush_interval_ms");
    check(!quipu_options_set(options, "max_labels", "two"), "'two' is no number");
    check(!quipu_options_set(options, "max_label", "2"), "there is no such key");
    quipu_options_add_argument(options, "c-program");
    quipu_options_add_flag(options, "word", "x", true);
    quipu_options_add_secret_name(options, "word");
    quipu_options_add_secret_value(options, "hidden");
    quipu_options_set_log(options, say, NULL);
    quipu_emitter* emitter = quipu_emitter_new(options);
    quipu_options_free(options);
    return emitter;
}

static void count(quipu_emitter* emitter) {
    quipu_counter* counter = quipu_counter_new(emitter, "c/count", "things", "things");
    for (int i = 0; i < 1000; ++i) quipu_counter_add(counter, 1000);
    quipu_counter_add(quipu_counter_new(emitter, "c/count", "things", "things"), 3);
    quipu_counter_map* map = quipu_counter_map_new(emitter, "c/map", "label", "things by label");
    quipu_counter_map_add(map, "a", 2);
    quipu_counter_add(quipu_counter_map_get(map, "b"), 5);
    check(quipu_counter_map_get(map, "b") == quipu_counter_map_get(map, "b"), "the same label, the same handle");
    quipu_counter_map_add(map, "c", 1); /* beyond max_labels */
    quipu_counter_add(quipu_counter_map_get(map, "d"), 2);
    quipu_gauge* gauge = quipu_gauge_new(emitter, "c/gauge", "a level", NULL, QUIPU_SUM);
    quipu_gauge_set(gauge, 2);
    quipu_gauge_add(gauge, 0.5);
    quipu_gauge_map* gauges = quipu_gauge_map_new(emitter, "c/gauges", "side", "levels", QUIPU_LAST);
    quipu_gauge_set(quipu_gauge_map_get(gauges, "left"), 1);
    quipu_gauge_set(quipu_gauge_map_get(gauges, "right"), 2);
    quipu_text_set(quipu_text_new(emitter, "c/text", "words"), "words");
    quipu_emitter_declare_mail(emitter, "1.0", 0);
    quipu_counter_add(quipu_counter_new(emitter, "chasquid/queue/putCount", "", NULL), 7);
}

static void print_into(quipu_trace* trace, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    quipu_trace_vprintf(trace, format, arguments);
    va_end(arguments);
}

static void trace(quipu_emitter* emitter) {
    quipu_trace* whole = quipu_trace_new(emitter, "C", "whole");
    quipu_trace* part = quipu_trace_child(whole, "C.Part", "part");
    check(quipu_trace_id(whole) != 0 && quipu_trace_id(whole) != quipu_trace_id(part), "traces have ids");
    quipu_trace_event(part, "plain %s");
    quipu_trace_printf(whole, "formatted %d", 7);
    print_into(whole, "and %s", "again");
    quipu_trace_link(whole, part, NULL);
    quipu_trace_error(whole, "went wrong: 100%");
    quipu_trace_finish(part);
    quipu_trace_finish(whole);
}

int main(int argc, char** argv) {
    int answers = 0;
    if (argc != 2) return 2;
    use_nothing();
    check(strchr(quipu_version(), '.') != NULL, "a version");
    quipu_emitter* emitter = start(argv[1]);
    check(emitter != NULL, "an emitter");
    quipu_emitter_set_config_text(emitter, "a = b\n");
    quipu_emitter_on_query(emitter, "queue", answer, &answers);
    count(emitter);
    trace(emitter);
    quipu_profiler* profiler = quipu_profiler_new(emitter);
    quipu_task* task = quipu_task_new(profiler, "sessions", "one");
    quipu_task_waits_for(task, "a command", "for a minute");
    const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < 1000 && !quipu_emitter_is_connected(emitter); ++i) nanosleep(&moment, NULL);
    check(quipu_emitter_flush(emitter), "it is connected");
    (void)getchar();
    check(answers == 1, "the queue was asked for once");
    quipu_task_free(task);
    quipu_profiler_free(profiler);
    quipu_emitter_free(emitter);
    return failures == 0 ? 0 : 1;
}
