#include "daemon/core/trace_tail.hpp"

#include "daemon/core/traces.hpp"

namespace quipu {

namespace {

std::size_t cost(const TailLine& line) {
    return sizeof line + line.trace.size() + line.family.size() + line.title.size() + line.text.size();
}

}  // namespace

void TraceTail::append(TailKind kind, const TraceRecord& trace, std::int64_t wall_ns, std::string_view text) {
    TailLine& line = lines_.emplace_back();
    line.kind = kind;
    line.wall_ns = wall_ns;
    line.trace = to_string(trace.ref);
    line.family = trace.family;
    line.title = trace.title;
    line.text = text;
    line.duration_ns = wall_ns - trace.begin_wall_ns;
    line.is_error = trace.is_error;
    bytes_ += cost(line);
    while (lines_.size() > limits_.lines || (bytes_ > limits_.bytes && lines_.size() > 1)) {
        bytes_ -= cost(lines_.front());
        lines_.pop_front();
        ++first_;
    }
}

void TraceTail::forget_if_idle(Now now) {
    if (is_recording(now) || lines_.empty()) return;
    first_ = end();
    lines_ = {};
    bytes_ = 0;
}

}  // namespace quipu
