/* A mail daemon in C, as far as its monitor sees it. Where the library is installed:
 *
 *     cc -std=c11 example.c $(pkg-config --cflags --libs quipu) -o example
 *     ./example /run/quipu/ingest.sock */
#include <quipu/quipu.h>
#include <stdio.h>

/* What quipud shows on /debug/queue, asked at that moment. */
static void answer_queue(quipu_query* query, void* context) {
    const char* const to[] = {"user@example.org"};
    const quipu_recipient recipient = {.address = to[0], .type = "EMAIL", .state = QUIPU_PENDING, .attempts = 1};
    const quipu_queue_item item = {
        .id = "1", .from = "you@localhost", .to = to, .to_count = 1, .recipients = &recipient, .recipient_count = 1};
    (void)context;
    quipu_query_write_queue(query, &item, 1, 1);
    quipu_query_finish(query, QUIPU_OK, NULL);
}

int main(int argc, char** argv) {
    quipu_options* options = quipu_options_new();
    quipu_options_set(options, "program", "mymaild");
    quipu_options_set(options, "version", "1.0");
    if (argc > 1) quipu_options_set(options, "socket_path", argv[1]);
    quipu_emitter* emitter = quipu_emitter_new(options);
    quipu_options_free(options);
    quipu_emitter_on_query(emitter, "queue", answer_queue, NULL);

    quipu_counter* mails = quipu_counter_new(emitter, "mymaild/mails", "mails taken", NULL);
    quipu_counter_map* replies = quipu_counter_map_new(emitter, "mymaild/replies", "code", "replies sent, by code");
    quipu_trace* trace = quipu_trace_new(emitter, "SMTP.Conn", "192.0.2.1:4711");
    quipu_trace_printf(trace, "-> %s", "EHLO client.example");
    quipu_counter_add(mails, 1);
    quipu_counter_map_add(replies, "250", 1);
    quipu_trace_finish(trace);

    printf("press Enter to end\n");
    (void)getchar();
    quipu_emitter_free(emitter);
    return 0;
}
