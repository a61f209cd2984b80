#include "tests/support/samples.hpp"

#include <limits>

namespace quipu::test {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t noon_wall_ns = 1'767'268'800'000'000'000;  // 2026-01-01 12:00:00 UTC
constexpr std::uint64_t steady_ns = 5'000'000'000;

wire::Hello hello() {
    return {
        .protocol = 1,
        .program = "maild",
        .version = "0.1.0",
        .instance = "0123456789abcdef",
        .pid = 4711,
        .start_wall_ns = noon_wall_ns - 1'000'000'000,
        .hostname = "mx.example.org",
        .cmdline = {"maild", "--hostname=mx.example.org", "--tls_private_key=***"},
        .flags = {{.name = "hostname", .value = "mx.example.org", .is_set = true}, {.name = "users", .value = "user"}},
        .config_text = "hostname = mx.example.org\nusers = user\n",
        .topics = {"queue", "profile"},
        .wall_ns = noon_wall_ns,
        .steady_ns = steady_ns,
        .is_companion = true,
    };
}

wire::Define define() {
    return {
        .families =
            {{.id = 1,
              .name = "chasquid/smtpIn/responseCodeCount",
              .kind = wire::Kind::counter,
              .help = "reply codes sent to SMTP clients",
              .label_name = "code"},
             {.id = 2,
              .name = "maild/queue/items",
              .kind = wire::Kind::gauge,
              .help = "items in the queue",
              .unit = "items",
              .merge = wire::Merge::max},
             {.id = 3,
              .name = "maild/latency",
              .kind = wire::Kind::histogram,
              .unit = "seconds",
              .bounds = {0.005, 0.1, 10},
              .sum_unit = 1e-9},
             {.id = 4, .name = "chasquid/version", .kind = wire::Kind::text, .merge = wire::Merge::last},
             {.id = 5, .name = "memstats", .kind = wire::Kind::text, .is_json = true}},
        .series =
            {{.id = 1, .family = 1, .label_value = "250"},
             {.id = 2, .family = 2},
             {.id = 3, .family = 3},
             {.id = 8, .family = 4}},
    };
}

wire::Set set() {
    return {
        .gauge_ids = {2, 9},
        .gauge_values = {-12.5, std::numeric_limits<double>::infinity()},
        .texts = {{.id = 8, .value = "0.1.0 \xc3\xa9"}},
    };
}

wire::TraceEvents trace_events() {
    using enum wire::TraceEventKind;
    return {
        .events =
            {{.trace = 1,
              .kind = begin,
              .steady_ns = steady_ns + 1,
              .text = "192.0.2.1:4711",
              .family = "SMTP.Conn",
              .other = 9,
              .resumed = true,
              .inferred = true},
             {.trace = 1, .kind = event, .steady_ns = steady_ns + 2, .text = "-> EHLO a\x01\xc3\xa9\"<b>"},
             {.trace = 1, .kind = error, .steady_ns = steady_ns + 3, .text = "lost", .dropped_before = 7},
             {.trace = 1, .kind = link, .steady_ns = steady_ns + 4, .text = "queued as", .other = 2},
             {.trace = 1, .kind = end, .steady_ns = steady_ns + 5}},
        .dropped_events = 7,
        .dropped_traces = 1,
        .all_active_announced = true,
    };
}

std::vector<Sample> make_samples() {
    std::vector<Sample> all;
    const auto from = [&](std::string_view name, wire::FromEmitter message) { all.push_back({name, message}); };
    const auto to = [&](std::string_view name, wire::ToEmitter message) { all.push_back({name, message}); };
    from("hello", hello());
    from("define", define());
    from(
        "deltas",
        wire::Deltas{
            .ids = {1, 3, 200, 131072}, .deltas = {1, 5'000'000'000, -1, std::numeric_limits<std::int64_t>::max()}}
    );
    from("set", set());
    from("trace_events", trace_events());
    from("answer", wire::Answer{.query = 3, .status = wire::Status::busy, .chunk = "try\0later"sv, .last = true});
    from(
        "process",
        wire::Process{
            .heap_in_use_bytes = 1'000'000,
            .heap_idle_bytes = 200'000,
            .heap_system_bytes = 1'200'000,
            .allocations = 5'000'000'000,
            .frees = 4'999'999'000,
            .allocated_total_bytes = 900'000'000'000,
        }
    );
    from("bye", wire::Bye{.reason = "exit"});
    from("describe", wire::Describe{.topics = {"queue", "threads"}, .config_text = "users = user,postmaster\n"});
    to("welcome",
       wire::Welcome{
           .protocol = 1,
           .bounds =
               {.frame_bytes = 1'048'576,
                .series = 131'072,
                .text_bytes = 16'384,
                .event_bytes = 4096,
                .active_traces = 20'000},
           .flush_interval_ms = 100,
           .sampling = {{.family = "SMTP.Conn", .per_mille = 250, .always_above_ns = 1'000'000'000}},
       });
    to("query",
       wire::Query{
           .id = 3,
           .topic = "queue",
           .args = {{.key = "limit", .value = "100"}, {.key = "q", .value = "a=b&c"}},
           .deadline_ms = 10'000,
       });
    to("cancel", wire::Cancel{.query = 3});
    to("tune", wire::Tune{.flush_interval_ms = 1000, .sampling = {{.family = "Queue.Loop", .per_mille = 0}}});
    to("ack", wire::Ack{});
    to("refuse", wire::Refuse{.code = 7, .reason = "the first message of a connection must be Hello"});
    return all;
}

}  // namespace

const std::vector<Sample>& samples() {
    static const std::vector<Sample> all = make_samples();
    return all;
}

wire::Queue sample_queue() {
    return {
        .items = {{
            .id = "1234.1",
            .created_wall_ns = noon_wall_ns,
            .from = "a@example.org",
            .to = {"list@example.org", "b@example.net"},
            .recipients =
                {{.address = "b@example.net",
                  .type = "EMAIL",
                  .status = 2,
                  .original_address = "list@example.org",
                  .last_failure = "550 no such user",
                  .attempts = 3,
                  .next_try_wall_ns = noon_wall_ns + 60'000'000'000}},
        }},
        .total = 1,
    };
}

wire::ThreadReport sample_thread_report() {
    return {
        .threads =
            {{.tid = 4711,
              .name = "maild",
              .state = "S",
              .user_cpu_ns = 1'230'000'000,
              .system_cpu_ns = 450'000'000,
              .system_call = "epoll_wait",
              .wait_channel = "ep_poll",
              .stack = {0x7f1234561000, 0x55aa00001234},
              .stack_is_cut = true},
             {.tid = 4712, .name = "quipu-courier", .state = "S", .no_stack_because = "it blocks the signal"}},
        .mappings =
            {{.memory_start = 0x55aa00001000,
              .memory_limit = 0x55aa00009000,
              .file_offset = 0x1000,
              .filename = "/usr/sbin/maild (deleted)",
              .build_id = "0123456789abcdef0123456789abcdef01234567"}},
        .tasks =
            {{.id = 9,
              .group = "SMTP session",
              .name = "192.0.2.1:4711",
              .waits_for = "a command",
              .since_wall_ns = noon_wall_ns,
              .begun_wall_ns = noon_wall_ns - 1'000'000'000,
              .details = "3 mails taken"}},
        .taken_wall_ns = noon_wall_ns + 5,
        .threads_left_out = 2,
        .tasks_left_out = 7,
    };
}

std::string frame_of(const wire::FromEmitter& message) {
    std::string out;
    append_frame_of(out, message);
    return out;
}

std::string frame_of(const wire::ToEmitter& message) {
    std::string out;
    append_frame_of(out, message);
    return out;
}

std::string frame_of(const Sample& sample) {
    return std::visit([](const auto& message) { return frame_of(message); }, sample.message);
}

}  // namespace quipu::test
