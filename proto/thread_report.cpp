#include "proto/thread_report.hpp"

#include "proto/limits.hpp"
#include "proto/message_decoding.hpp"
#include "proto/message_encoding.hpp"

namespace quipu::wire {

namespace {

void write(Writer& w, const Thread& thread) {
    add_number(w, 1, thread.tid);
    add_text(w, 2, thread.name);
    add_text(w, 3, thread.state);
    add_number(w, 4, thread.user_cpu_ns);
    add_number(w, 5, thread.system_cpu_ns);
    add_text(w, 6, thread.system_call);
    add_text(w, 7, thread.wait_channel);
    w.add_packed_uint64(8, thread.stack.begin(), thread.stack.end());
    add_text(w, 9, thread.no_stack_because);
    add_bool(w, 10, thread.stack_is_cut);
}

void write(Writer& w, const Mapping& mapping) {
    add_number(w, 1, mapping.memory_start);
    add_number(w, 2, mapping.memory_limit);
    add_number(w, 3, mapping.file_offset);
    add_text(w, 4, mapping.filename);
    add_text(w, 5, mapping.build_id);
}

void write(Writer& w, const Task& task) {
    add_number(w, 1, task.id);
    add_text(w, 2, task.group);
    add_text(w, 3, task.name);
    add_text(w, 4, task.waits_for);
    add_fixed(w, 5, task.since_wall_ns);
    add_fixed(w, 6, task.begun_wall_ns);
    add_text(w, 7, task.details);
}

// Every element has a required field, so none stays empty and gets lost.
template <typename Message>
void add_each(Writer& w, protozero::pbf_tag_type tag, const std::vector<Message>& messages) {
    for (const Message& message : messages) {
        Writer nested(w, tag);
        write(nested, message);
    }
}

void read_stack(pbf_reader& r, std::vector<std::uint64_t>& stack, Decoding& d) {
    for (const std::uint64_t address : r.get_packed_uint64()) d.push(stack, address, limits::max_stack_depth);
}

void read(pbf_reader r, Thread& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.tid = r.get_uint32(); break;
            case bytes(2): out.name = d.text(r, limits::max_word_bytes); break;
            case bytes(3): out.state = d.text(r, limits::max_word_bytes); break;
            case varint(4): out.user_cpu_ns = r.get_uint64(); break;
            case varint(5): out.system_cpu_ns = r.get_uint64(); break;
            case bytes(6): out.system_call = d.text(r, limits::max_word_bytes); break;
            case bytes(7): out.wait_channel = d.text(r, limits::max_word_bytes); break;
            case bytes(8): read_stack(r, out.stack, d); break;
            case varint(8): d.push(out.stack, r.get_uint64(), limits::max_stack_depth); break;
            case bytes(9): out.no_stack_because = d.text(r, limits::max_reason_bytes); break;
            case varint(10): out.stack_is_cut = r.get_uint64() != 0; break;
            default: d.skip(r);
        }
    d.require(out.tid != 0);
}

void read(pbf_reader r, Mapping& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.memory_start = r.get_uint64(); break;
            case varint(2): out.memory_limit = r.get_uint64(); break;
            case varint(3): out.file_offset = r.get_uint64(); break;
            case bytes(4): out.filename = d.text(r, limits::max_text_bytes); break;
            case bytes(5): out.build_id = d.text(r, limits::max_word_bytes); break;
            default: d.skip(r);
        }
    d.require(out.memory_start < out.memory_limit);
}

void read(pbf_reader r, Task& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case varint(1): out.id = r.get_uint64(); break;
            case bytes(2): out.group = d.text(r, limits::max_word_bytes); break;
            case bytes(3): out.name = d.text(r, limits::max_title_bytes); break;
            case bytes(4): out.waits_for = d.text(r, limits::max_title_bytes); break;
            case fixed(5): out.since_wall_ns = r.get_fixed64(); break;
            case fixed(6): out.begun_wall_ns = r.get_fixed64(); break;
            case bytes(7): out.details = d.text(r, limits::max_title_bytes); break;
            default: d.skip(r);
        }
    d.require(out.id != 0 && !out.group.empty());
}

template <typename Message>
void read_one_of(std::vector<Message>& list, pbf_reader& r, Decoding& d, std::size_t max_items) {
    Message message;
    read(r.get_message(), message, d);
    d.push(list, std::move(message), max_items);
}

}  // namespace

Errc decode(Bytes body, ThreadReport& out) {
    std::uint64_t unknown_fields = 0;
    Decoding d{unknown_fields};
    try {
        pbf_reader r(reinterpret_cast<const char*>(body.data()), body.size());
        while (r.next() && d.error == Errc::ok) switch (r.tag_and_type()) {
                case bytes(1): read_one_of(out.threads, r, d, limits::max_report_threads); break;
                case bytes(2): read_one_of(out.mappings, r, d, limits::max_report_mappings); break;
                case bytes(3): read_one_of(out.tasks, r, d, limits::max_report_tasks); break;
                case fixed(4): out.taken_wall_ns = r.get_fixed64(); break;
                case varint(5): out.threads_left_out = r.get_uint32(); break;
                case varint(6): out.tasks_left_out = r.get_uint32(); break;
                default: d.skip(r);
            }
    } catch (const protozero::exception&) {
        return Errc::malformed;
    }
    return d.error;
}

void append_body(std::string& out, const ThreadReport& report) {
    Writer w(out);
    add_each(w, 1, report.threads);
    add_each(w, 2, report.mappings);
    add_each(w, 3, report.tasks);
    add_fixed(w, 4, report.taken_wall_ns);
    add_number(w, 5, report.threads_left_out);
    add_number(w, 6, report.tasks_left_out);
}

}  // namespace quipu::wire
