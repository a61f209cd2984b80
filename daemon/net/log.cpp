#include "daemon/net/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace quipu {

namespace {

constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 7> levels = {{
    {"trace", spdlog::level::trace},
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warning", spdlog::level::warn},
    {"error", spdlog::level::err},
    {"critical", spdlog::level::critical},
    {"off", spdlog::level::off},
}};

int priority(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug: return LOG_DEBUG;
        case spdlog::level::info: return LOG_INFO;
        case spdlog::level::warn: return LOG_WARNING;
        case spdlog::level::err: return LOG_ERR;
        case spdlog::level::critical: return LOG_CRIT;
        case spdlog::level::off:
        case spdlog::level::n_levels: break;
    }
    return LOG_INFO;
}

// "<6>", as journald takes it off the line's front: sd-daemon(3).
class JournalPriority : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& out) override {
        const std::array<char, 3> text = {'<', static_cast<char>('0' + priority(message.level)), '>'};
        out.append(text.data(), text.data() + text.size());
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JournalPriority>();
    }
};

constexpr std::size_t max_quoted_bytes = 200;
constexpr std::int64_t window_ns = 60'000'000'000;

}  // namespace

bool is_journal(int fd, const char* journal_stream) {
    if (!journal_stream) return false;
    struct stat stream = {};
    if (::fstat(fd, &stream) != 0) return false;
    return std::to_string(stream.st_dev) + ":" + std::to_string(stream.st_ino) == journal_stream;
}

bool set_up_log(std::string_view level) {
    for (const auto& [name, value] : levels) {
        if (name != level) continue;
        auto logger = std::make_shared<spdlog::logger>("quipud", std::make_shared<spdlog::sinks::stderr_sink_st>());
        auto formatter = std::make_unique<spdlog::pattern_formatter>();
        const char* const journal_stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe)
        const bool is_to_journal = is_journal(STDERR_FILENO, journal_stream);
        formatter->add_flag<JournalPriority>('J');
        formatter->set_pattern(is_to_journal ? "%J%v" : "%Y-%m-%dT%H:%M:%S.%e%z [%l] %v");
        logger->set_formatter(std::move(formatter));
        logger->set_level(value);
        logger->flush_on(spdlog::level::trace);
        spdlog::set_default_logger(std::move(logger));
        return true;
    }
    return false;
}

std::string in_quotes(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, max_quoted_bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    if (text.size() > max_quoted_bytes) out += "...";
    return out += '"';
}

bool LogBrake::admit(Now now, std::uint64_t& held_back) {
    if (now.steady_ns - window_steady_ns_ >= window_ns) {
        window_steady_ns_ = now.steady_ns;
        in_window_ = 0;
    }
    if (in_window_ >= lines_per_minute_) {
        ++held_back_;
        ++all_held_back_.total;
        return false;
    }
    ++in_window_;
    held_back = std::exchange(held_back_, 0);
    return true;
}

}  // namespace quipu
