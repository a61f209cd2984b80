#include "log_follower.hpp"

#include <mailside/child.hpp>
#include <mailside/log.hpp>

#include <boost/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

namespace relay {

namespace asio = mailside::asio;

namespace {

using namespace std::chrono_literals;
using mailside::as_result;
using mailside::awaitable;
using mailside::Clock;

constexpr auto look_interval = 200ms;
constexpr auto expiry_interval = 1s;
constexpr auto journal_pause = 5s;
constexpr std::size_t max_entry_bytes = 256 * 1024;

// journalctl that follows asks for the entries of this boot alone, by an id that a sandbox in a container shows wrongly
// or not at all; --merge asks for all, other machines' too, so ours is named. --lines=0 would leave out a unit's first
// entries.
std::vector<std::string> journal_command(const std::string& unit) {
    std::vector<std::string> words = {
        "journalctl", "--follow", "--merge", "--since=now", "--output=json", "--unit=" + unit};
    std::string machine;
    if (std::getline(std::ifstream("/etc/machine-id"), machine)) words.push_back("_MACHINE_ID=" + machine);
    return words;
}

}  // namespace

LogFollower::LogFollower(asio::io_context& io, const Options& options, quipu::Emitter& own)
    : options_(options), traces_(own), pause_(io), journal_(io) {
    if (options.log.empty() && options.journal.empty()) return;
    lines_ = own.counter("relay/logLines", "lines read of chasquid's log");
    unknown_lines_ = own.counter("relay/unknownLogLines", "lines of chasquid's log that have another form");
    rotations_ = own.counter("relay/logRotations", "times that chasquid's log was begun anew");
    state_ = StateText(own.text("relay/logState", "how the reading of chasquid's log goes"));
}

awaitable<void> LogFollower::run() {
    if (!options_.journal.empty()) {
        co_await follow_journal();
    } else if (!options_.log.empty()) {
        co_await follow_file();
    }
}

void LogFollower::stop() {
    is_stopped_ = true;
    pause_.cancel();
    boost::system::error_code ignored;
    journal_.close(ignored);
    traces_.end_all();
}

void LogFollower::take(std::string_view line, quipu::TraceTime written) {
    lines_.add();
    const std::optional<LogLine> parsed = parse_log_line(line);
    if (!parsed) return unknown_lines_.add();
    const quipu::TraceTime when = parsed->time_ns ? clock_.wall_time(*parsed->time_ns, written) : written;
    traces_.take(parsed->text, when, Clock::now());
}

void LogFollower::expire() {
    const auto now = Clock::now();
    if (now < next_expiry_) return;
    next_expiry_ = now + expiry_interval;
    traces_.expire(now);
}

awaitable<void> LogFollower::follow_file() {
    LogTail tail(options_.log);
    std::uint64_t rotations = 0;
    while (!is_stopped_) {
        const bool has_more = tail.look([this](std::string_view line) { take(line, quipu::TraceTime::clock::now()); });
        expire();
        rotations_.add(tail.rotations() - std::exchange(rotations, tail.rotations()));
        if (tail.error().empty()) {
            state_.tell("following the log " + options_.log);
        } else {
            state_.tell("cannot read the log " + options_.log + ": " + tail.error() + "; trying again");
        }
        pause_.expires_after(has_more ? Clock::duration(0) : Clock::duration(look_interval));
        co_await pause_.async_wait(as_result);
    }
}

awaitable<void> LogFollower::follow_journal() {
    while (!is_stopped_) {
        const std::string why = co_await read_journal();
        if (is_stopped_) break;
        state_.tell("cannot follow the journal of " + options_.journal + ": " + why + "; trying again");
        pause_.expires_after(journal_pause);
        co_await pause_.async_wait(as_result);
        expire();
    }
}

// Until journalctl ends. Why it did.
awaitable<std::string> LogFollower::read_journal() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) co_return std::string(std::strerror(errno));
    pid_t pid = 0;
    // What it complains of stands in our log.
    const int error = mailside::start_child(journal_command(options_.journal), -1, ends[1], pid, STDERR_FILENO);
    ::close(ends[1]);
    journal_.assign(ends[0]);
    if (error != 0) {
        journal_.close();
        co_return "journalctl does not run: " + std::string(std::strerror(error));
    }
    const mailside::Child child(pid);
    state_.tell("following the journal of " + options_.journal);
    std::string input;
    std::array<char, 64 * 1024> bytes;
    for (;;) {
        pause_.expires_after(expiry_interval);
        pause_.async_wait([this](boost::system::error_code ec) {
            boost::system::error_code ignored;
            if (!ec) journal_.cancel(ignored);  // so that silence does not keep traces open
        });
        auto [ec, size] = co_await journal_.async_read_some(asio::buffer(bytes), as_result);
        if (is_stopped_) co_return std::string();
        expire();
        if (ec == asio::error::operation_aborted) continue;
        if (ec) break;
        input.append(bytes.data(), size);
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = input.find('\n', begin)) != std::string::npos; begin = end + 1) {
            take_journal_entry(std::string_view(input).substr(begin, end - begin));
        }
        input.erase(0, begin);
        if (input.size() > max_entry_bytes) input.clear();
    }
    boost::system::error_code ignored;
    journal_.close(ignored);
    co_return std::string("journalctl has ended");
}

void LogFollower::take_journal_entry(std::string_view json) {
    JournalEntry entry;
    if (!parse_journal_entry(json, entry)) {
        lines_.add();
        return unknown_lines_.add();
    }
    const quipu::TraceTime written =
        entry.time_us > 0 ? quipu::TraceTime(std::chrono::microseconds(entry.time_us)) : quipu::TraceTime::clock::now();
    take(entry.message, written);
}

bool parse_journal_entry(std::string_view text, JournalEntry& out) {
    namespace json = boost::json;
    json::error_code ec;
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    const json::value value = json::parse({text.data(), text.size()}, ec, {}, options);
    if (ec || !value.is_object()) return false;
    const json::value* message = value.get_object().if_contains("MESSAGE");
    if (!message) return false;
    out = {};
    if (message->is_string()) {
        out.message.assign(message->get_string().data(), message->get_string().size());
    } else if (message->is_array()) {
        // What is not UTF-8 comes as the numbers of its bytes.
        for (const json::value& byte : message->get_array()) {
            if (!byte.is_int64()) return false;
            out.message += static_cast<char>(byte.get_int64());
        }
    } else {
        return false;
    }
    if (const json::value* time = value.get_object().if_contains("__REALTIME_TIMESTAMP"); time && time->is_string()) {
        const json::string& digits = time->get_string();
        std::from_chars(digits.data(), digits.data() + digits.size(), out.time_us);
    }
    return true;
}

}  // namespace relay
