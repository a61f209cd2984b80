#include "queue_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "go_text.hpp"

namespace relay {

namespace {

constexpr std::size_t max_recipients = 10'000;

std::chrono::system_clock::time_point time_of(std::string_view text) {
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(go_time_ns(text).value_or(0)));
}

}  // namespace

void QueueText::feed(std::string_view piece, std::vector<quipu::QueueItem>& items) {
    lines_.feed(piece, [&](std::string_view line) { take_line(line, items); });
}

void QueueText::finish(std::vector<quipu::QueueItem>& items) {
    lines_.finish([&](std::string_view line) { take_line(line, items); });
    put_item(items);
}

void QueueText::put_item(std::vector<quipu::QueueItem>& items) {
    if (std::exchange(has_item_, false)) items.push_back(std::exchange(item_, {}));
}

// "PENDING cat >/dev/null (PIPE)": a pipe's address is a command, with blanks and parentheses of its own.
bool QueueText::take_recipient_line(std::string_view line) {
    constexpr std::pair<std::string_view, quipu::RecipientState> states[] = {
        {"PENDING ", quipu::RecipientState::pending},
        {"SENT ", quipu::RecipientState::sent},
        {"FAILED ", quipu::RecipientState::failed},
    };
    const auto state = std::find_if(std::begin(states), std::end(states), [line](const auto& one) {
        return line.starts_with(one.first);
    });
    const std::size_t open = line.rfind(" (");
    if (state == std::end(states) || open == std::string_view::npos || !line.ends_with(')')) return false;
    const std::size_t begin = state->first.size();
    if (open < begin || item_.recipients.size() >= max_recipients) return false;
    quipu::QueueRecipient& recipient = item_.recipients.emplace_back();
    recipient.state = state->second;
    recipient.address = line.substr(begin, open - begin);
    recipient.type = line.substr(open + 2, line.size() - open - 3);
    return true;
}

void QueueText::take_line(std::string_view line, std::vector<quipu::QueueItem>& items) {
    if (line == "# Queue status") {
        is_queue_ = true;
    } else if (take_prefix(line, "length: ")) {
        std::from_chars(line.data(), line.data() + line.size(), length_);
    } else if (take_prefix(line, "## Item ")) {
        put_item(items);
        has_item_ = true;
        item_.id = line;
    } else if (line.empty() || take_prefix(line, "date: ")) {
        return;
    } else if (!has_item_) {
        ++unknown_lines_;
    } else if (take_prefix(line, "created at: ")) {
        item_.created = time_of(line);
    } else if (take_prefix(line, "from: ")) {
        item_.from = line;
    } else if (line.starts_with("to: [") && line.ends_with(']')) {
        line = line.substr(5, line.size() - 6);
        while (!line.empty()) {
            const std::size_t blank = std::min(line.find(' '), line.size());
            if (blank > 0 && item_.to.size() < max_recipients) item_.to.emplace_back(line.substr(0, blank));
            line.remove_prefix(std::min(blank + 1, line.size()));
        }
    } else if (!item_.recipients.empty() && take_prefix(line, "  original address: ")) {
        item_.recipients.back().original_address = line;
    } else if (!item_.recipients.empty() && take_prefix(line, "  last failure: ")) {
        const bool is_quoted = line.size() >= 2 && line.front() == '"' && line.back() == '"';
        item_.recipients.back().last_failure = is_quoted ? go_unquoted(line.substr(1, line.size() - 2)) : line;
    } else if (!take_recipient_line(line)) {
        ++unknown_lines_;
    }
}

}  // namespace relay
