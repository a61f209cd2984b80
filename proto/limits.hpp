// Every bound on the wire, unit in the name. A reader enforces them, a writer keeps within them.
// PROTOCOL.md quotes this table and tests/proto/limits_test.cpp compares the two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quipu::limits {

// What this build speaks. Raised only when an old reader would misunderstand, not for added fields.
inline constexpr std::uint32_t protocol_version = 1;

// A frame's payload: large enough for a batch, small enough that 64 hostile peers cannot exhaust memory.
inline constexpr std::size_t max_frame_bytes = 1024 * 1024;
// The length prefix in front of each payload.
inline constexpr std::size_t frame_header_bytes = 4;
// Hello.instance: 128 random bits never collide.
inline constexpr std::size_t instance_bytes = 16;
// Program, version, host name, topic, flag name: words for people.
inline constexpr std::size_t max_word_bytes = 256;
// A family's name; the longest of the vocabulary has 34 bytes.
inline constexpr std::size_t max_name_bytes = 256;
// A family's help: one line.
inline constexpr std::size_t max_help_bytes = 1024;
// A label's value: SMTP verbs and reply codes are short, addresses reach 320 bytes.
inline constexpr std::size_t max_label_bytes = 512;
// A text value, a flag's value, an argument of the command line.
inline constexpr std::size_t max_text_bytes = 16 * 1024;
// The configuration text in Hello.
inline constexpr std::size_t max_config_bytes = 256 * 1024;
// Arguments of the command line, flags, and topics in Hello: more than any daemon has.
inline constexpr std::size_t max_hello_items = 1024;
// Series (ids) of one connection: 100,000 is a goal, the next power of two the bound.
inline constexpr std::uint32_t max_series = 131072;
// Families of one connection.
inline constexpr std::uint32_t max_families = 8192;
// Bounds of one histogram.
inline constexpr std::size_t max_bounds = 64;
// A trace's family and title.
inline constexpr std::size_t max_family_bytes = 128;
inline constexpr std::size_t max_title_bytes = 256;
// The text of one trace event; longer ones are cut by the writer and marked.
inline constexpr std::size_t max_event_bytes = 4096;
// One chunk of an answer, and one answer put together.
inline constexpr std::size_t max_chunk_bytes = 512 * 1024;
inline constexpr std::size_t max_answer_bytes = 128 * 1024 * 1024;
// Messages of one kind inside one frame: an empty one takes two bytes on the wire and a hundred in memory.
inline constexpr std::size_t max_events_per_frame = 65536;
// Items of a decoded queue, and recipients of all of them together; beyond it an answer is refused.
inline constexpr std::size_t max_queue_items = 262144;
inline constexpr std::size_t max_queue_recipients = 1048576;
// Threads, mappings and tasks of one thread report; what is beyond is left out and counted.
inline constexpr std::size_t max_report_threads = 4096;
inline constexpr std::size_t max_report_mappings = 4096;
inline constexpr std::size_t max_report_tasks = 65536;
// Addresses of one stack: deeper ones are cut at the outer end.
inline constexpr std::size_t max_stack_depth = 128;
// Arguments of one query.
inline constexpr std::size_t max_query_args = 64;
// A reason in Bye or Refuse: one sentence.
inline constexpr std::size_t max_reason_bytes = 512;

}  // namespace quipu::limits
