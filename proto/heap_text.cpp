#include "proto/heap_text.hpp"

#include <charconv>
#include <cmath>

#include "proto/limits.hpp"

namespace quipu {

namespace {

// Words and numbers of one line, from its begin.
class Line {
public:
    explicit Line(std::string_view text) : rest_(text) {}

    bool skip(std::string_view word) {
        trim();
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    template <typename Number>
    bool number(Number& out, int base = 10) {
        trim();
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out, base);
        if (error != std::errc{}) return false;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return true;
    }

    // "1: 2 [3: 4]"
    bool counts(HeapStack& out) {
        return number(out.objects_in_use) && skip(":") && number(out.bytes_in_use) && skip("[") &&
               number(out.objects_ever) && skip(":") && number(out.bytes_ever) && skip("]");
    }

    bool addresses(std::vector<std::uint64_t>& out) {
        out.clear();
        while (skip("0x")) {
            std::uint64_t address = 0;
            if (!number(address, 16)) return false;
            if (out.size() < limits::max_stack_depth) out.push_back(address);
        }
        trim();
        return rest_.empty();
    }

private:
    void trim() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

// An allocation of this size is sampled with a probability that grows with it; see tcmalloc's sampler.
void estimate(std::int64_t& objects, std::int64_t& bytes, std::uint64_t period) {
    if (objects <= 0 || bytes <= 0 || period <= 1) return;
    const double size = static_cast<double>(bytes) / static_cast<double>(objects);
    const double factor = 1 / (1 - std::exp(-size / static_cast<double>(period)));
    objects = std::llround(static_cast<double>(objects) * factor);
    bytes = std::llround(static_cast<double>(bytes) * factor);
}

class Parser {
public:
    Parser(std::size_t max_stacks, HeapText& out) : max_stacks_(max_stacks), out_(out) {}

    bool header(std::string_view text) {
        Line line(text);
        HeapStack totals;
        is_jemalloc_ = line.skip("heap_v2/");
        const bool is_other = !is_jemalloc_ && line.skip("heap profile:") && line.counts(totals) && line.skip("@") &&
                              line.skip("heap_v2/");
        return (is_jemalloc_ || is_other) && line.number(out_.period_bytes);
    }

    void line(std::string_view text) {
        Line line(text);
        HeapStack stack;
        if (is_jemalloc_) {
            if (line.skip("@")) {
                has_stack_ = line.addresses(addresses_);
            } else if (has_stack_ && line.skip("t*:") && line.counts(stack)) {
                stack.addresses = addresses_;
                add(std::move(stack));
            }
        } else if (line.counts(stack) && line.skip("@") && line.addresses(stack.addresses)) {
            add(std::move(stack));
        }
    }

private:
    void add(HeapStack stack) {
        if (out_.stacks.size() >= max_stacks_) return;
        estimate(stack.objects_in_use, stack.bytes_in_use, out_.period_bytes);
        estimate(stack.objects_ever, stack.bytes_ever, out_.period_bytes);
        out_.stacks.push_back(std::move(stack));
    }

    std::size_t max_stacks_;
    HeapText& out_;
    bool is_jemalloc_ = false;
    bool has_stack_ = false;
    std::vector<std::uint64_t> addresses_;
};

}  // namespace

bool parse_heap_text(std::string_view text, std::size_t max_stacks, HeapText& out) {
    Parser parser(max_stacks, out);
    bool is_first = true;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (is_first && !parser.header(line)) return false;
        if (line == "MAPPED_LIBRARIES:") break;
        if (!is_first) parser.line(line);
        is_first = false;
    }
    return !is_first;
}

}  // namespace quipu
