#include "daemon/otlp/outgoing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

namespace quipu {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::size_t cost_of(const OtlpSpan& span) {
    constexpr std::size_t overhead = 128;  // of keeping it
    return span.span.size() + overhead;
}

bool is_worth_repeating(unsigned status) {
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

// "06 Nov 1994 08:49:37 GMT", in seconds since 1970.
std::optional<std::int64_t> date_s(std::string_view text) {
    constexpr std::array<std::string_view, 12> months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::string_view form = "06 Nov 1994 08:49:37 GMT";
    if (text.size() != form.size() || !text.ends_with(" GMT")) return std::nullopt;
    const auto month = std::find(months.begin(), months.end(), text.substr(3, 3));
    const auto day = number<unsigned>(text.substr(0, 2));
    const auto year = number<int>(text.substr(7, 4));
    const auto hour = number<unsigned>(text.substr(12, 2));
    const auto minute = number<unsigned>(text.substr(15, 2));
    const auto second = number<unsigned>(text.substr(18, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date(
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
        std::chrono::day(*day)
    );
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

}  // namespace

std::optional<std::int64_t> retry_after_ns(std::string_view text, std::int64_t wall_ns) {
    constexpr std::int64_t most_s = never / second_ns;
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (const auto seconds = number<std::int64_t>(text)) {
        if (*seconds < 0) return std::nullopt;
        return std::min(*seconds, most_s) * second_ns;
    }
    const std::size_t comma = text.find(", ");
    const auto date = comma == std::string_view::npos ? std::nullopt : date_s(text.substr(comma + 2));
    if (!date) return std::nullopt;
    const std::int64_t date_ns = std::clamp(*date, -most_s, most_s) * second_ns;
    return std::max(date_ns, wall_ns) - wall_ns;
}

void OtlpOutgoing::push(OtlpSpan span, Now now) {
    waiting_bytes_ += cost_of(span);
    waiting_.push_back({std::move(span), now.steady_ns});
    while (waiting_bytes_ > limits_.queue_bytes) {
        waiting_bytes_ -= cost_of(waiting_.front().span);
        waiting_.pop_front();
        ++counts_.dropped;
    }
}

bool OtlpOutgoing::is_full() const {
    return waiting_.size() >= limits_.batch_spans || waiting_bytes_ >= limits_.batch_bytes;
}

std::int64_t OtlpOutgoing::due_steady_ns() const {
    if (is_sending_) return never;
    if (request_spans_ > 0) return pause_until_steady_ns_;
    if (waiting_.empty()) return never;
    return is_full() || is_hurrying_ ? 0 : waiting_.front().since_steady_ns + limits_.batch_delay_ns;
}

const std::string* OtlpOutgoing::next(Now now) {
    if (due_steady_ns() > now.steady_ns) return nullptr;
    if (request_spans_ == 0) {
        fill_request();
    } else {
        ++counts_.retries;
    }
    is_sending_ = true;
    return &request_;
}

void OtlpOutgoing::fill_request() {
    std::vector<OtlpSpan> batch;
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch.size() < limits_.batch_spans) {
        const std::size_t cost = cost_of(waiting_.front().span);
        if (!batch.empty() && bytes + cost > limits_.batch_bytes) break;
        bytes += cost;
        waiting_bytes_ -= cost;
        batch.push_back(std::move(waiting_.front().span));
        waiting_.pop_front();
    }
    request_ = encode_otlp_request(batch, version_);
    request_spans_ = batch.size();
}

OtlpVerdict OtlpOutgoing::answered(const OtlpReply& reply, Now now, double random) {
    is_sending_ = false;
    if (is_worth_repeating(reply.status)) {
        const unsigned doublings = std::min(attempts_++, 30U);
        const std::int64_t pause_ns = std::min(limits_.first_pause_ns << doublings, limits_.longest_pause_ns);
        // Half of it at least: clients that failed together do not come back together.
        std::int64_t wait_ns = pause_ns / 2 + static_cast<std::int64_t>(static_cast<double>(pause_ns / 2) * random);
        if (const auto asked_ns = retry_after_ns(reply.retry_after, now.wall_ns)) {
            wait_ns = std::max(wait_ns, std::min(*asked_ns, limits_.longest_wait_ns));
        }
        pause_until_steady_ns_ = is_hurrying_ ? now.steady_ns : now.steady_ns + wait_ns;
        return OtlpVerdict::again;
    }
    const bool is_taken = reply.status >= 200 && reply.status < 300;
    const std::uint64_t rejected =
        is_taken ? std::min<std::uint64_t>(decode_otlp_answer(reply.body).rejected_spans, request_spans_)
                 : request_spans_;
    counts_.sent += request_spans_ - rejected;
    counts_.failed += rejected;
    clear_request();
    if (!is_taken) return OtlpVerdict::refused;
    return rejected == 0 ? OtlpVerdict::taken : OtlpVerdict::taken_in_part;
}

void OtlpOutgoing::clear_request() {
    request_.clear();
    request_spans_ = 0;
    attempts_ = 0;
}

void OtlpOutgoing::hurry() {
    is_hurrying_ = true;
    pause_until_steady_ns_ = 0;
}

void OtlpOutgoing::give_up() {
    counts_.dropped += waiting_.size() + request_spans_;
    waiting_.clear();
    waiting_bytes_ = 0;
    clear_request();
}

}  // namespace quipu
